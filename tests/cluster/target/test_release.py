"""What carries an owner id, whatever a state says; and letting go of it."""

from __future__ import annotations

from collections.abc import Callable

from tests.cluster.target.bench import Bench, configmap, deployment, secret
from tests.fixtures.commands import Runner

from gitctl.model.change import Action, Change
from gitctl.model.manifest import Json
from gitctl.model.outcome import OutcomeResult
from gitctl.target.kubernetes.exchange import Request


def names(bench: Bench) -> list[str]:
    """What is found for the bench's owner id."""
    return [f"{e.ref.kind}/{e.ref.name}" for e in bench.target.owned(bench.owner, namespaces=[bench.namespace])]


def release(bench: Bench, live: Json, *, uid: str = "") -> OutcomeResult:
    """Let go of an object."""
    change = Change(bench.ref(live), Action.RELEASE, live=live, live_uid=uid or live["metadata"]["uid"])
    return bench.target.apply(change, owner=bench.owner, force=False).result


def test_only_what_we_applied_is_found(bench: Bench) -> None:
    bench.sync(configmap("a"), secret("b"), deployment("c"))
    copied = bench.look(configmap("a")) or {}
    marks = {key: copied["metadata"][key] for key in ("labels", "annotations")}
    body = {**configmap("copy"), "metadata": {"name": "copy", "namespace": bench.namespace, **marks}}
    assert bench.client.send(create(bench, body)).ok
    found = bench.target.owned(bench.owner, namespaces=())
    assert [f"{e.ref.group}/{e.ref.kind}/{e.ref.name}" for e in found] == ["/ConfigMap/a", "/Secret/b", "apps/Deployment/c"]
    kept = {ref: (e.uid, e.fields, e.api_version) for ref, e in bench.inventory.items()}
    assert {e.ref: (e.uid, e.fields, e.api_version) for e in found} == kept


def test_an_account_of_one_namespace_finds_what_it_may_list(bench: Bench, open_bench: Callable[..., Bench], kubectl: Runner) -> None:
    bench.sync(configmap("a"), secret("b"))
    kubectl("create", "rolebinding", "v", "-n", bench.namespace, "--clusterrole=view", "--user=viewer")
    assert names(open_bench(impersonate="viewer")) == ["ConfigMap/a"]


def test_a_released_object_keeps_what_others_own(bench: Bench, kubectl: Runner) -> None:
    (live,) = bench.sync(configmap("a", x="1"))
    patch = '{"data":{"y":"2"},"metadata":{"labels":{"team":"blue"}}}'
    kubectl("-n", bench.namespace, "patch", "configmap", "a", "--field-manager=kubectl-edit", "--type=merge", "-p", patch)
    assert release(bench, live) is OutcomeResult.APPLIED
    after = bench.look(configmap("a")) or {}
    assert (after["data"], after["metadata"]["labels"]) == ({"x": "1", "y": "2"}, {"team": "blue"})
    assert [entry["manager"] for entry in after["metadata"]["managedFields"]] == ["kubectl-edit"]
    assert names(bench) == []
    assert release(bench, after) is OutcomeResult.APPLIED


def test_what_is_another_apps_by_now_is_left_alone(bench: Bench) -> None:
    (live,) = bench.sync(configmap("a"))
    bench.owner, mine = f"{bench.owner}-other", bench.owner
    (theirs,) = bench.sync(configmap("a"))
    bench.owner = mine
    assert release(bench, live) is OutcomeResult.APPLIED
    assert release(bench, live, uid="another") is OutcomeResult.APPLIED
    now = bench.look(configmap("a")) or {}
    assert now["metadata"]["annotations"] == theirs["metadata"]["annotations"]


def create(bench: Bench, body: Json) -> Request:
    """A request that is not ours: nothing is applied by it."""
    return Request("POST", f"/api/v1/namespaces/{bench.namespace}/configmaps", body=body)
