"""Kyverno and Gatekeeper: their webhooks do as their policies say. Neither runs here: small definitions of the same groups and kinds are
made, and a webhook of the test stands for theirs. What is shown is that their policies are part of the epoch."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from tests.cluster.proof.kinds import CRDS, Kind
from tests.cluster.proof.lab import Lab
from tests.cluster.proof.test_webhook import hook, in_force

from gitctl.model.change import Proof
from gitctl.model.manifest import Json
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask, create
from gitctl.target.kubernetes.exchange import Request

__all__ = ["hook"]

# The kinds of the engines are there once: one worker makes them and takes them away.
pytestmark = pytest.mark.xdist_group("engines")

MERGE = "application/merge-patch+json"
ENGINES = {
    "kyverno": ("kyverno.io", "ClusterPolicy", "clusterpolicies"),
    "kyverno-cel": ("policies.kyverno.io", "MutatingPolicy", "mutatingpolicies"),
    "gatekeeper-template": ("templates.gatekeeper.sh", "ConstraintTemplate", "constrainttemplates"),
    "gatekeeper-constraint": ("constraints.gatekeeper.sh", "K8sRequiredLabels", "k8srequiredlabels"),
    "gatekeeper-mutation": ("mutations.gatekeeper.sh", "Assign", "assign"),
    "gatekeeper-config": ("config.gatekeeper.sh", "Config", "configs"),
}


def definition(group: str, kind: str, plural: str) -> Json:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Cluster", "names": names, "versions": [version]},
    }


@pytest.fixture(scope="module")
def engines(control_plane: ControlPlane) -> Iterator[None]:
    """The kinds of both engines."""
    for engine in ENGINES.values():
        create(control_plane, CRDS, definition(*engine))
    yield
    for group, _, plural in ENGINES.values():
        ask(control_plane, "DELETE", f"{CRDS}/{plural}.{group}")


def sent(lab: Lab, kind: Kind, method: str, path: str, body: Json | None = None, *, content: str = "application/json") -> None:
    """A request that succeeds, at the latest in a while: beside new definitions a server now and then answers with a 404 page."""
    kind.wait(lambda: lab.client.send(Request(method, path, (), body, content=content)).ok)


@pytest.mark.usefixtures("engines", "hook")
def test_a_policy_of_an_engine_is_part_of_the_epoch_where_its_webhook_looks(lab: Lab, kind: Kind) -> None:
    for group, _, _ in ENGINES.values():
        kind.wait(lambda group=group: ask(lab.plane, "GET", f"/apis/{group}/v1").code == 200)  # type: ignore[misc]
    in_force(lab, kind)
    body, name = kind.thing(), f"proof-{secrets.token_hex(3)}"
    for group, what, plural in ENGINES.values():
        path = f"/apis/{group}/v1/{plural}"
        before = lab.epochs(body)
        sent(lab, kind, "POST", path, {"apiVersion": f"{group}/v1", "kind": what, "metadata": {"name": name}, "spec": {"a": 1}})
        made = lab.epochs(body)
        sent(lab, kind, "PATCH", f"{path}/{name}", {"spec": {"a": 2}}, content=MERGE)
        edited = lab.epochs(body)
        sent(lab, kind, "DELETE", f"{path}/{name}")
        assert len({*before, *made, *edited}) == 3, group
    lab.warm(body)
    group, what, plural = ENGINES["kyverno"]
    sent(
        lab, kind, "POST", f"/apis/{group}/v1/{plural}", {"apiVersion": f"{group}/v1", "kind": what, "metadata": {"name": name}, "spec": {}}
    )
    assert lab.proofs(body) == [Proof.SERVER]
    sent(lab, kind, "DELETE", f"/apis/{group}/v1/{plural}/{name}")


@pytest.mark.usefixtures("engines")
def test_where_no_webhook_looks_they_do_not_count(lab: Lab, kind: Kind) -> None:
    group, what, plural = ENGINES["kyverno"]
    kind.wait(lambda: ask(lab.plane, "GET", f"/apis/{group}/v1").code == 200)
    before, name = lab.epochs(kind.thing()), f"proof-{secrets.token_hex(3)}"
    sent(
        lab, kind, "POST", f"/apis/{group}/v1/{plural}", {"apiVersion": f"{group}/v1", "kind": what, "metadata": {"name": name}, "spec": {}}
    )
    assert lab.epochs(kind.thing()) == before
    sent(lab, kind, "DELETE", f"/apis/{group}/v1/{plural}/{name}")
