"""What others do to objects on the real API server: what leaves "in sync" as it is, and what must not."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from tests.cluster.proof.lab import Lab
from tests.cluster.target.bench import configmap, deployment, secret

from gitctl.model.certificate import Verify
from gitctl.model.change import Comparison, Proof
from gitctl.model.manifest import Json

MERGE = "application/merge-patch+json"
CORE, APPS = "/api/v1/namespaces/{}", "/apis/apps/v1/namespaces/{}"

RICH = deployment("rich", replicas=0)
RICH["spec"]["template"]["spec"]["containers"] = [
    {
        "name": "web",
        "image": "nginx:1",
        "ports": [{"containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}],
        "env": [
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},  # apiVersion is filled in, in an atomic whole
            {"name": "A", "value": "1"},
        ],
        "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}},  # spelled anew by the server
        "readinessProbe": {"httpGet": {"port": 80}},
    }
]
SERVICE: Json = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}, {"port": 81, "name": "b", "protocol": "UDP"}]},
}
SERVICE["spec"]["ports"][0]["name"] = "a"
CLAIM: Json = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "web"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}},
}
POLICY: Json = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "web", "finalizers": ["example.com/a", "example.com/b"]},
    "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}, {"port": "web"}]}]},
}
SCALER: Json = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "web"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nothing"},
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
    },
}


def test_what_the_server_fills_in_or_spells_anew_is_proven(lab: Lab) -> None:
    bodies = (configmap(), secret(), deployment(), RICH, SERVICE, CLAIM, POLICY, SCALER)
    lab.warm(*bodies)
    assert {c.proof for c in lab.look(*bodies)} == {Proof.CERTIFICATE}
    assert [c.merged for c in lab.look(*bodies)] == [lab.live(b) for b in bodies]
    for body in bodies:
        assert not lab.would_change(body)


def patch(lab: Lab, path: str, body: Any, *, manager: str = "operator", content: str = MERGE) -> None:
    lab.send("PATCH", path, body, content=content, query=f"fieldManager={manager}")


def to(lab: Lab, body: Json) -> str:
    """The path of an object."""
    root = f"/apis/{body['apiVersion']}" if "/" in body["apiVersion"] else f"/api/{body['apiVersion']}"
    plural = {"NetworkPolicy": "networkpolicies"}.get(body["kind"], body["kind"].lower() + "s")
    return f"{root}/namespaces/{lab.namespace}/{plural}/{body['metadata']['name']}"


def happen(lab: Lab, act: Callable[[], None], *bodies: Json) -> tuple[Comparison, ...]:
    """Prove, act, look. Again when somebody changed the rules for all meanwhile: another test's policy."""
    while True:
        lab.warm(*bodies)
        before = lab.epochs(*bodies)
        act()
        found = lab.look(*bodies)
        if lab.epochs(*bodies) == before:
            return found


def with_values(body: Json, **values: Any) -> Json:
    """A copy with other data."""
    changed = copy.deepcopy(body)
    changed["data"] = {**body["data"], **values}
    return changed


def test_fields_of_others_leave_it_proven(lab: Lab) -> None:
    """A controller's annotation, a restart, a scale where Git names no replicas, a status, an item of a list with keys."""
    free = deployment("free")
    del free["spec"]["replicas"]

    def act() -> None:
        patch(lab, to(lab, configmap()), {"metadata": {"annotations": {"example.com/seen": "1"}}, "data": {"theirs": "1"}})
        restart = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
        patch(lab, to(lab, free), restart, manager="kubectl-rollout")
        patch(lab, to(lab, free) + "/scale", {"spec": {"replicas": 0}}, manager="scaler")
        patch(lab, to(lab, SCALER) + "/status", {"status": {"currentReplicas": 1, "desiredReplicas": 1}}, manager="controller")

    found = happen(lab, act, configmap(), free, SCALER)
    assert [c.proof for c in found] == [Proof.CERTIFICATE] * 3
    assert not any(map(lab.would_change, (configmap(), free, SCALER)))


def named(body: Json, name: str) -> Json:
    return {**copy.deepcopy(body), "metadata": {**copy.deepcopy(body["metadata"]), "name": name}}


def back_and_forth(lab: Lab, body: Json) -> None:
    for value in ("2", "1"):
        patch(lab, to(lab, body), {"data": {"a": value}})


ACTS: dict[str, tuple[Json, Callable[[Lab, Json], None]]] = {
    "value-changed": (configmap(), lambda lab, b: patch(lab, to(lab, b), {"data": {"a": "2"}})),
    "value-gone": (configmap(), lambda lab, b: patch(lab, to(lab, b), {"data": {"a": None}})),
    "changed-and-changed-back": (configmap(), back_and_forth),
    "managers-reset": (configmap(), lambda lab, b: patch(lab, to(lab, b), {"metadata": {"managedFields": [{}]}})),
    "scaled": (deployment(), lambda lab, b: patch(lab, to(lab, b) + "/scale", {"spec": {"replicas": 1}})),
    "finalizer-gone": (POLICY, lambda lab, b: patch(lab, to(lab, b), {"metadata": {"finalizers": ["example.com/b"]}})),
    "finalizers-in-another-order": (
        POLICY,
        lambda lab, b: patch(lab, to(lab, b), {"metadata": {"finalizers": ["example.com/b", "example.com/a"]}}),
    ),
    "secret-changed": (secret(), lambda lab, b: patch(lab, to(lab, b), {"data": {"p": "b3RoZXI="}})),
}


def test_what_touches_our_fields_is_asked_about(lab: Lab) -> None:
    bodies = {name: named(body, name) for name, (body, _) in ACTS.items()}

    def act() -> None:
        for name, (_, touch) in ACTS.items():
            touch(lab, bodies[name])

    found = happen(lab, act, *bodies.values())
    assert {c.ref.name: c.proof for c in found} == dict.fromkeys(ACTS, Proof.SERVER)
    assert [name for name, body in bodies.items() if not lab.would_change(body)] == []


def test_people_add_things_that_an_apply_alone_would_leave(lab: Lab) -> None:
    body = deployment()
    sidecar = {"name": "extra", "image": "evil", "securityContext": {"privileged": True}}

    def act() -> None:
        pods = {"spec": {"template": {"spec": {"hostNetwork": True, "containers": [sidecar]}}}}
        patch(lab, to(lab, body), pods, manager="kubectl-edit", content="application/strategic-merge-patch+json")

    (found,) = happen(lab, act, body)
    assert found.proof is Proof.SERVER
    assert found.additions
    assert not lab.would_change(body)  # that is why the server's answer alone does not do


def test_another_git_tool_that_takes_a_field(lab: Lab) -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": "theirs"}}
    query = "fieldManager=kustomize-controller&force=true"

    def act() -> None:
        lab.send("PATCH", to(lab, configmap()), theirs, content="application/apply-patch+yaml", query=query)

    (found,) = happen(lab, act, configmap())
    assert (found.proof, [c.owner.manager for c in found.conflicts + found.taken]) == (Proof.SERVER, ["kustomize-controller"])


def test_another_applies_a_shared_field_as_the_server_spells_it(lab: Lab) -> None:
    """Nothing of ours changes. But our apply still sends `1000m`, which is not what the server holds: it takes the field from the other."""
    body, theirs = deployment(), deployment()
    for each, cpu in ((body, "1000m"), (theirs, "1")):
        each["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": cpu}}
    query = "fieldManager=kustomize-controller&force=true"

    def act() -> None:
        lab.send("PATCH", to(lab, body), theirs, content="application/apply-patch+yaml", query=query)

    (found,) = happen(lab, act, body)
    assert found.proof is Proof.SERVER
    assert lab.would_change(body)


def test_what_changed_in_git_is_asked_about(lab: Lab) -> None:
    lab.warm(configmap())
    for changed in (
        configmap(a="1", b="2"),
        {**configmap(), "data": {}},
        {**configmap(), "metadata": {"name": "web", "labels": {"x": "y"}}},
        {**configmap(), "data": {"a": "1", "b": None}},
    ):
        assert lab.proofs(changed) == [Proof.SERVER]
    assert lab.proofs(configmap()) == [Proof.CERTIFICATE]


def test_a_secret_of_texts_is_never_proven(lab: Lab) -> None:
    """Not turned into data, as a render does, a text stands where no live value is."""
    texts = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "texts"}, "type": "Opaque", "stringData": {"p": "hello"}}
    lab.sync(texts)
    for _ in range(2):
        lab.later(61)
        assert lab.proofs(texts) == [Proof.SERVER]
    patch(lab, to(lab, texts), {"data": {"p": "b3RoZXI="}})
    assert lab.proofs(texts) == [Proof.SERVER]
    assert lab.would_change(texts)


def test_what_is_being_deleted_is_never_in_sync(lab: Lab) -> None:
    held = {**configmap(), "metadata": {"name": "web", "finalizers": ["example.com/held"]}}
    lab.warm(held)
    lab.send("DELETE", to(lab, held))
    (found,) = lab.look(held)
    assert (found.proof, found.deleting, found.merged) == (Proof.NONE, True, None)
    patch(lab, to(lab, held), {"metadata": {"finalizers": None}})


def test_a_namesake_is_another_object(lab: Lab) -> None:
    lab.warm(configmap())
    lab.send("DELETE", to(lab, configmap()))
    (found,) = lab.look(configmap())
    assert (found.live, found.proof) == (None, Proof.NONE)
    lab.sync(configmap())
    assert lab.proofs(configmap()) != [Proof.NONE]
    assert lab.live(configmap())["metadata"]["uid"]


def test_all_are_asked_about_on_demand_and_a_sample_otherwise(lab: Lab) -> None:
    bodies = [configmap(f"c{n}") for n in range(4)]
    lab.warm(*bodies)
    assert set(lab.proofs(*bodies, verify=Verify.SERVER)) == {Proof.SERVER}
    assert sorted(lab.proofs(*bodies, verify=Verify.SAMPLE)) == [Proof.CERTIFICATE] * 3 + [Proof.SERVER]
    assert lab.last.target.warnings == ()


def test_a_limit_that_a_claim_does_not_keep(lab: Lab) -> None:
    """The API server's own admission: from now on the claim is too small, and each apply of it is refused."""
    lab.warm(CLAIM)
    limits = [{"type": "PersistentVolumeClaim", "min": {"storage": "2Gi"}}]
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "large"}, "spec": {"limits": limits}}
    lab.send("POST", f"/api/v1/namespaces/{lab.namespace}/limitranges", body)
    end = time.monotonic() + 30
    while not lab.would_change(CLAIM):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert lab.proofs(CLAIM) == [Proof.SERVER]
