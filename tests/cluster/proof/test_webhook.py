"""A real webhook: what it changes, what it stops changing, and what no epoch can show: the sample finds that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.cluster.proof.kinds import ADMISSION, Kind
from tests.cluster.proof.lab import Lab
from tests.servers.admission import AdmissionServer

from gitctl.model.certificate import Verify
from gitctl.model.change import Proof
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import create

MERGE = "application/merge-patch+json"


def replicas(number: int) -> list[dict[str, Any]]:
    return [{"op": "add", "path": "/spec/replicas", "value": number}]


@pytest.fixture
def hook(control_plane: ControlPlane, kind: Kind) -> Iterator[AdmissionServer]:
    """A webhook for the module's kind that sets replicas to 2."""
    with AdmissionServer(control_plane, lambda _: replicas(2)) as server:
        name = f"{kind.group}.hook"
        rule = {"apiGroups": [kind.group], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["things"]}
        webhook = {
            "name": name,
            "clientConfig": server.client_config,
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": name}}
        create(control_plane, f"{ADMISSION}/mutatingwebhookconfigurations", {**body, "webhooks": [webhook]})
        kind.made.append(f"{ADMISSION}/mutatingwebhookconfigurations/{name}")
        yield server


def in_force(lab: Lab, kind: Kind) -> None:
    lab.sync(kind.thing("probe"))
    kind.wait(lambda: lab.dry_run(kind.thing("probe")).json()["spec"].get("replicas") == 2)


def test_what_a_webhook_sets_is_part_of_the_proof(lab: Lab, kind: Kind, hook: AdmissionServer) -> None:
    in_force(lab, kind)
    lab.warm(kind.thing())
    assert lab.live(kind.thing())["spec"]["replicas"] == 2
    lab.send("PATCH", kind.path(lab.namespace), {"status": {"seen": "yes"}}, content=MERGE, query="fieldManager=x")
    lab.warm(kind.thing())
    hook.decide = lambda _: []
    lab.send("PATCH", kind.path(lab.namespace) + "/scale", {"spec": {"replicas": 1}}, content=MERGE)
    hook.decide = lambda _: replicas(2)
    assert lab.would_change(kind.thing())
    assert lab.proofs(kind.thing()) == [Proof.SERVER]


def test_an_edited_webhook_configuration_is_seen(lab: Lab, kind: Kind, hook: AdmissionServer) -> None:
    in_force(lab, kind)
    lab.warm(kind.thing())
    path = kind.made[-1]
    hook.decide = lambda _: replicas(3)
    lab.send("PATCH", path, [{"op": "replace", "path": "/webhooks/0/timeoutSeconds", "value": 7}], content="application/json-patch+json")
    assert lab.would_change(kind.thing())
    assert lab.proofs(kind.thing()) == [Proof.SERVER]


def test_a_webhook_that_thinks_otherwise_without_a_sign_is_found_by_the_sample(lab: Lab, kind: Kind, hook: AdmissionServer) -> None:
    in_force(lab, kind)
    bodies = [kind.thing(f"t{n}") for n in range(3)]
    lab.warm(*bodies)
    lab.sync(*bodies)  # now they lie in the cluster too
    hook.decide = lambda _: replicas(4)
    assert set(lab.proofs(*bodies)) == {Proof.CERTIFICATE}  # nothing shows it: that is what the sample is for
    found = lab.look(*bodies, verify=Verify.SAMPLE)
    assert {c.proof for c in found} == {Proof.SERVER}
    assert [c.merged["spec"]["replicas"] for c in found if c.merged] == [4, 4, 4]
    (alarm,) = lab.last.target.warnings
    assert "Thing" in alarm
    assert set(lab.proofs(*bodies)) == {Proof.SERVER}  # they count no more, wherever they lie
