"""What the server's answer cannot show: fields that people add, which an apply would leave. Those are drift; controllers' are foreign."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from tests.cluster.proof.lab import Lab
from tests.cluster.proof.test_still import MERGE, happen, named, to
from tests.cluster.target.bench import configmap, deployment, secret

from gitctl.model.change import Comparison, Proof
from gitctl.model.manifest import Json

APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
ROLE: Json = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "web"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}
SIDECAR: Json = {"spec": {"template": {"spec": {"containers": [{"name": "extra", "image": "x"}]}}}}
DATA: Json = {"data": {"theirs": "1"}}
SECRET_DATA: Json = {"data": {"theirs": "MQ=="}}
AGGREGATION = {"metadata": {"annotations": {"example.com/a": "b"}}}


@dataclass(frozen=True)
class Act:
    """What `manager` does to `body`, and which paths are his additions then; () for what is not drift."""

    body: Json
    patch: Json
    manager: str
    added: tuple[str, ...] = ()
    content: str = MERGE
    below: str = ""
    query: str = field(default="")


PEOPLE = (
    "kubectl-edit",
    "kubectl-patch",
    "kubectl-set",
    "kubectl-replace",
    "kubectl-client-side-apply",
    "kubectl",
    "k9s",
    "lens",
    "freelens",
)
CONTROLLERS = ("operator", "helm", "kube-controller-manager", "kustomize-controller", "argocd-controller", "kubectl-rollout")
PARTS: dict[str, tuple[Json, Json, tuple[str, ...], str]] = {
    "data": (configmap(), DATA, ("data.theirs",), MERGE),
    "secret-data": (secret(), SECRET_DATA, ("data.theirs",), MERGE),
    "sidecar": (deployment(), SIDECAR, ("spec.template.spec.containers.[name=extra]",), STRATEGIC),
    "binary-data": (configmap(), {"binaryData": {"theirs": "MQ=="}}, ("binaryData",), MERGE),
    "scalar": (deployment(), {"spec": {"minReadySeconds": 7}}, ("spec.minReadySeconds",), MERGE),
    "finalizer": (configmap(), {"metadata": {"finalizers": ["example.com/a"]}}, (), MERGE),
    "label": (configmap(), {"metadata": {"labels": {"theirs": "1"}}}, (), MERGE),
    "annotation": (configmap(), AGGREGATION, (), MERGE),
}
ACTS: dict[str, Act] = {
    **{f"data-by-{manager}": Act(configmap(), DATA, manager, ("data.theirs",)) for manager in PEOPLE},
    **{f"data-by-{manager}": Act(configmap(), DATA, manager) for manager in CONTROLLERS},
    **{f"{name}-by-hand": Act(body, patch, "kubectl-edit", added, content) for name, (body, patch, added, content) in PARTS.items()},
    **{f"{name}-by-a-controller": Act(body, patch, "operator", (), content) for name, (body, patch, _, content) in PARTS.items()},
    "status-by-hand": Act(deployment(), {"status": {"replicas": 0, "observedGeneration": 9}}, "kubectl-edit", below="/status"),
    "scaled-by-hand": Act(
        {**deployment(), "spec": {k: v for k, v in deployment()["spec"].items() if k != "replicas"}},
        {"spec": {"replicas": 0}},
        "kubectl",
        below="/scale",
    ),
}


@pytest.fixture(scope="module")
def objects() -> dict[str, Json]:
    """One object for each act."""
    return {name: named(act.body, name) for name, act in ACTS.items()}


def do(lab: Lab, act: Act, body: Json) -> None:
    lab.send("PATCH", to(lab, body) + act.below, act.patch, content=act.content, query=f"fieldManager={act.manager}")


def paths(found: Comparison) -> tuple[str, ...]:
    return tuple(".".join(map(str, addition.path)) for addition in found.additions)


def test_what_people_add_is_drift_and_what_controllers_add_is_not(lab: Lab, objects: dict[str, Json]) -> None:
    def act() -> None:
        for name, one in ACTS.items():
            do(lab, one, objects[name])

    found = {c.ref.name: c for c in happen(lab, act, *objects.values())}
    assert {name: paths(c) for name, c in found.items()} == {name: one.added for name, one in ACTS.items()}
    for name, one in ACTS.items():
        assert (found[name].proof is Proof.SERVER) or not one.added, name
        assert not lab.would_change(objects[name]), name  # the server alone would call all of them in sync


@pytest.mark.parametrize(("manager", "added"), [("kubectl-edit", ("data.theirs",)), ("operator", ())])
def test_a_map_that_git_has_empty_hides_nobodys_keys(lab: Lab, manager: str, added: tuple[str, ...]) -> None:
    body = {**configmap(f"empty-{manager}"), "data": {}}
    (found,) = happen(lab, lambda: do(lab, Act(body, DATA, manager), body), body)
    assert paths(found) == added
    outcome = lab.last.apply(found)
    assert outcome.live is not None
    assert ("theirs" in (outcome.live.get("data") or {})) is (manager == "operator")


def test_what_a_person_applied_is_drift_until_he_leaves_it(lab: Lab) -> None:
    body = configmap("applied")
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, **DATA}
    query = "fieldManager=kubectl&force=true"

    (found,) = happen(lab, lambda: lab.send("PATCH", to(lab, body), theirs, content=APPLY, query=query) and None, body)
    assert paths(found) == ("data.theirs",)
    lab.send("PATCH", to(lab, body), {k: v for k, v in theirs.items() if k != "data"}, content=APPLY, query=query)
    assert [paths(c) for c in lab.look(body)] == [()]
    assert not lab.would_change(body)


def test_what_people_added_goes_with_the_next_sync(lab: Lab) -> None:
    body = deployment("cleaned")
    (found,) = happen(lab, lambda: do(lab, Act(body, SIDECAR, "kubectl-edit", content=STRATEGIC), body), body)
    assert found.merged is not None
    assert [c["name"] for c in found.merged["spec"]["template"]["spec"]["containers"]] == ["web"]
    outcome = lab.last.apply(found)
    assert outcome.live is not None
    assert outcome.live["spec"] == found.merged["spec"]
    assert [paths(c) for c in lab.look(body)] == [()]


def test_a_field_of_a_person_and_a_controller_stays(lab: Lab) -> None:
    """Taking it from the person would leave it all the same."""
    body = configmap("both")

    def act() -> None:
        do(lab, Act(body, DATA, "operator"), body)
        lab.send("PATCH", to(lab, body), {**body, **DATA}, content=APPLY, query="fieldManager=kubectl&force=true")

    (found,) = happen(lab, act, body)
    assert paths(found) == ()
