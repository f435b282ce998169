"""The first look after a first sync: proven at once where the rules are old by their own times, and not where they are new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.cluster.proof.kinds import CRDS, Kind
from tests.cluster.proof.lab import Lab
from tests.cluster.proof.test_still import CLAIM
from tests.cluster.target.bench import configmap, deployment

from gitctl.model.change import Proof
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.written import written

GRANULAR: Json = {"map": {"type": "object", "additionalProperties": {"type": "string"}}}


def first_look(lab: Lab, act: Callable[[], None], *bodies: Json) -> list[Proof]:
    """Sync and look at once. Anew, with other names, when another test's policy came to see all kinds meanwhile."""
    for attempt in range(20):
        named = [{**body, "metadata": {**body["metadata"], "name": f"first-{attempt}"}} for body in bodies]
        before = lab.epochs(*named)
        act()
        lab.sync(*named)
        found = lab.proofs(*named)
        guarded = [s.epoch.guarded for c in lab.look(*named) if (s := _scene(lab, c.ref, c.desired.api_version))]
        if lab.epochs(*named) == before and not any(guarded):
            assert not any(map(lab.would_change, named))
            return found
    raise AssertionError("the rules did not keep still")


def _scene(lab: Lab, ref: object, api_version: str):  # type: ignore[no-untyped-def]
    target = lab.last.target
    resource = target._catalogue.resource(ref, api_version)  # type: ignore[arg-type]
    return target._proofs.scene(lab.owner, ref, resource)  # type: ignore[arg-type]


def test_a_built_in_kind_is_proven_at_once(lab: Lab) -> None:
    """Nothing that it is judged by can have changed a moment ago. A value that the server spelled is another matter."""
    limited = deployment()
    limited["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1000m"}}
    assert first_look(lab, lambda: None, configmap(), deployment()) == [Proof.CERTIFICATE] * 2
    assert first_look(lab, lambda: None, limited) == [Proof.SERVER]


def test_a_definition_that_is_new_counts_from_a_minute_on(lab: Lab, kind: Kind) -> None:
    kind.redefine(spec=GRANULAR)
    assert first_look(lab, lambda: None, kind.thing(text="a", map={"a": "b"})) == [Proof.SERVER]
    lab.later(61)
    assert first_look(lab, lambda: None, kind.thing(text="b", map={"a": "b"})) == [Proof.CERTIFICATE]


def test_a_limit_that_is_new_counts_from_a_minute_on(lab: Lab) -> None:
    claim = {**CLAIM, "spec": {**CLAIM["spec"], "resources": {"requests": {"storage": "1Gi"}}}}
    assert first_look(lab, lambda: None, claim) == [Proof.CERTIFICATE]
    limits = {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "5Gi"}}]}
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "most"}, "spec": limits}
    lab.send("POST", f"/api/v1/namespaces/{lab.namespace}/limitranges", body)
    assert first_look(lab, lambda: None, claim) == [Proof.SERVER]


def test_taking_something_out_of_a_definition_leaves_a_time(lab: Lab, kind: Kind) -> None:
    """A write that only removes fields leaves none; but the versions of a definition, and the limits of a LimitRange, are one value."""
    kind.redefine(spec={**GRANULAR, "more": {"type": "string", "default": "x"}})
    path = f"{CRDS}/things.{kind.group}"
    old = {"managedFields": [{**e, "time": "2020-01-01T00:00:00Z"} for e in lab.send("GET", path)["metadata"]["managedFields"]]}
    lab.send("PATCH", path, {"metadata": old}, content="application/merge-patch+json")
    kind.redefine(spec=GRANULAR)
    found = lab.send("GET", path)
    assert (
        datetime.fromtimestamp(written({"metadata": {**found["metadata"], "creationTimestamp": "2020-01-01T00:00:00Z"}}) or 0, UTC).year
        > 2020
    )
