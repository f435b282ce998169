"""What our fields do not tell: proven while nobody writes to the object, and asked about as soon as somebody does.

An empty text or list that the server does not keep, two versions of a kind, a field that is another's too: of each the server is shown to
change nothing while it is proven, and an unsound neighbour, where it would, is asked about.
"""

from __future__ import annotations

import copy
import secrets

import pytest
from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab
from tests.cluster.proof.test_still import SCALER, happen, named, patch, to
from tests.cluster.target.bench import deployment

from gitctl.model.change import Proof
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.still import is_unchanged

STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
LISTS: Json = {"list": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}}


def container(**fields: object) -> Json:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"][0] |= fields
    return body


EMPTY_TEXT = container(env=[{"name": "A", "value": ""}])
EMPTY_LIST = named(container(env=[]), "list")
OLD_SCALER = {**named(SCALER, "old"), "apiVersion": "autoscaling/v1"}
OLD_SCALER["spec"] = {k: v for k, v in SCALER["spec"].items() if k != "metrics"}
SHARED = named(container(resources={"limits": {"cpu": "1000m"}}), "shared")
TYPED = (EMPTY_TEXT, EMPTY_LIST, OLD_SCALER)


def changes(lab: Lab, body: Json) -> bool:
    """Would a forced apply change more than times of managers, or fail?"""
    answer = lab.dry_run(body)
    return not answer.ok or not is_unchanged(lab.live(body), answer.json())


def test_empty_texts_and_lists_and_scalers_of_the_first_version_are_proven(lab: Lab) -> None:
    found = happen(lab, lambda: None, *TYPED)
    assert [c.proof for c in found] == [Proof.CERTIFICATE] * 3
    assert not any(changes(lab, body) for body in TYPED)


def test_somebody_writes_to_what_our_fields_do_not_tell_about(lab: Lab) -> None:
    """One is changed by that, the others are not: our fields look the same in both cases."""

    def act() -> None:
        env = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": "theirs"}]}]}}}}
        patch(lab, to(lab, EMPTY_TEXT), env, content=STRATEGIC)
        patch(lab, to(lab, EMPTY_LIST), {"metadata": {"annotations": {"example.com/a": "b"}}})
        patch(lab, to(lab, OLD_SCALER), {"metadata": {"annotations": {"example.com/a": "b"}}})

    found = happen(lab, act, *TYPED)
    assert [c.proof for c in found] == [Proof.SERVER] * 3
    assert [changes(lab, body) for body in TYPED] == [True, False, False]
    assert lab.proofs(*TYPED) == [Proof.SERVER, Proof.CERTIFICATE, Proof.CERTIFICATE]


def test_a_field_that_is_anothers_too_and_is_spelled_otherwise(lab: Lab) -> None:
    """Applied by both with the same letters, it stays as it is; applied by the other as the server spells it, we would take it."""
    query = "fieldManager=kustomize-controller&force=true"
    lab.sync(SHARED)
    lab.send("PATCH", to(lab, SHARED), SHARED | {"metadata": {"name": "shared"}}, content=APPLY, query=query)
    theirs = copy.deepcopy(SHARED)
    theirs["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}}
    if lab.would_change(SHARED):
        lab.sync(SHARED)
    found = happen(lab, lambda: lab.send("PATCH", to(lab, SHARED), theirs, content=APPLY, query=query) and None, SHARED)
    assert [c.proof for c in found] == [Proof.SERVER]
    assert lab.would_change(SHARED)


@pytest.fixture
def two_versions(kind: Kind) -> Kind:
    """The kind at v1 and v1beta1, alike."""
    spec = {**LISTS, f"f{secrets.token_hex(3)}": {"type": "string"}}
    kind.redefine(spec=spec, old=spec)
    return kind


def write_old(lab: Lab, kind: Kind, **spec: object) -> None:
    body = {"apiVersion": f"{kind.group}/v1beta1", "kind": "Thing", "metadata": {"name": "web"}, "spec": spec}
    query = "fieldManager=old-controller&force=true"
    lab.send("PATCH", kind.path(lab.namespace, version="v1beta1"), body, content=APPLY, query=query)


def test_an_entry_at_another_version_is_proven_until_somebody_writes(lab: Lab, two_versions: Kind) -> None:
    kind, body = two_versions, two_versions.thing(text="a", list=["x"])
    lab.sync(body)
    write_old(lab, kind, replicas=1)
    lab.warm(body)
    assert not lab.would_change(body)
    write_old(lab, kind, replicas=2)
    assert lab.proofs(body) == [Proof.SERVER]


def test_an_empty_list_is_proven_until_somebody_takes_it_away(lab: Lab, two_versions: Kind) -> None:
    kind, body = two_versions, two_versions.thing(text="a", list=[])
    lab.warm(body)
    assert lab.live(body)["spec"]["list"] == []
    assert not lab.would_change(body)
    lab.send("PATCH", kind.path(lab.namespace), {"spec": {"list": None}}, content="application/merge-patch+json")
    assert lab.would_change(body)
    assert lab.proofs(body) == [Proof.SERVER]
