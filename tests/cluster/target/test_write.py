"""Writing to the real API server: creates, updates, replacements, deletes, and everything that must not be deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.cluster.target.bench import Bench, configmap, deployment, secret
from tests.fixtures.commands import Runner
from tests.servers.fault_proxy import Call, FaultProxy

from gitctl.model.change import Action, Change
from gitctl.model.outcome import OutcomeResult


def test_a_create_does_not_take_over_what_appeared_meanwhile(bench: Bench, kubectl: Runner) -> None:
    planned = bench.one(configmap(a="1"))
    kubectl("create", "cm", "web", "-n", bench.namespace, "--from-literal=a=theirs")
    outcome = bench.apply(planned)
    assert outcome.result is OutcomeResult.FAILED
    assert ".data.a by kubectl-create" in outcome.error
    assert (bench.look(configmap()) or {})["data"] == {"a": "theirs"}


def test_an_update_does_not_touch_a_namesake(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap(a="1"))
    planned = bench.one(configmap(a="2"))
    kubectl("delete", "cm", "web", "-n", bench.namespace)
    assert bench.apply(planned).code == 409
    assert bench.look(configmap()) is None
    kubectl("create", "cm", "web", "-n", bench.namespace, "--from-literal=b=theirs")
    assert bench.apply(planned).code == 409
    assert (bench.look(configmap()) or {})["data"] == {"b": "theirs"}


def test_a_refused_create_says_why(bench: Bench) -> None:
    outcome = bench.apply(bench.one(deployment(replicas=-1)))
    assert (outcome.result, outcome.code) == (OutcomeResult.FAILED, 422)
    assert "spec.replicas" in outcome.error


@pytest.mark.parametrize("value", [12345678, ["hunter2"], "hunter2!"], ids=str)
def test_a_refused_secret_shows_no_value(bench: Bench, value: object) -> None:
    body = secret()
    body["data"]["password"] = value
    outcome = bench.apply(bench.one(body))
    assert outcome.result is OutcomeResult.FAILED
    assert str(outcome.code) in outcome.error
    assert "12345678" not in outcome.error
    assert "hunter2" not in outcome.error


def test_a_pod_in_a_new_namespace_waits_for_its_account(bench: Bench, new_namespace: Callable[[], str], kubectl: Runner) -> None:
    name = new_namespace()
    kubectl("delete", "serviceaccount", "default", "-n", name)  # its controller makes it again in a moment
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": name},
        "spec": {"containers": [{"name": "c", "image": "a"}]},
    }
    assert bench.apply(bench.one(pod)).error == ""


def test_a_replacement_is_a_new_object(bench: Bench) -> None:
    (before,) = bench.sync({**configmap(a="1"), "immutable": True})
    found = bench.one({**configmap(a="2"), "immutable": True})
    outcome = bench.apply(found, action=Action.REPLACE)
    assert outcome.error == ""
    assert outcome.live is not None
    assert outcome.live["metadata"]["uid"] != before["metadata"]["uid"]
    assert outcome.live["data"] == {"a": "2"}


def test_what_is_being_deleted_is_waited_for_and_made_anew(bench: Bench, kubectl: Runner) -> None:
    body = configmap()
    body["metadata"]["finalizers"] = ["example.com/hold"]
    (before,) = bench.sync(body)
    kubectl("delete", "cm", "web", "-n", bench.namespace, "--wait=false")
    found = bench.one(configmap())
    assert found.deleting
    assert found.merged is None
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    outcome = bench.apply(found)
    assert outcome.live is not None
    assert outcome.live["metadata"]["uid"] != before["metadata"]["uid"]


def test_adoption_survives_a_change_in_between(open_bench: Callable[..., Bench], kubectl: Runner, fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    kubectl("create", "cm", "web", "-n", bench.namespace, "--from-literal=a=1", "--from-literal=old=2")
    found = bench.one(configmap(a="1"), adopt=True)
    fault_proxy.on(Call(lambda: kubectl("label", "cm/web", "-n", bench.namespace, "x=y")), method="PATCH", path="/configmaps/web")
    outcome = bench.apply(found, action=Action.ADOPT)
    assert outcome.error == ""
    assert outcome.live is not None
    assert outcome.live["data"] == {"a": "1"}


def test_apply_without_a_comparison_is_a_failure(bench: Bench) -> None:
    ref = bench.manifest(configmap()).ref
    assert bench.target.apply(Change(ref, Action.UPDATE), owner=bench.owner, force=False).result is OutcomeResult.FAILED


def test_a_delete_of_ours(bench: Bench) -> None:
    (live,) = bench.sync(configmap())
    assert bench.prune(live).result is OutcomeResult.DELETED
    assert bench.look(configmap()) is None
    assert bench.prune(live).result is OutcomeResult.DELETED


def test_a_delete_is_asked_of_the_live_object(bench: Bench, kubectl: Runner) -> None:
    (live,) = bench.sync(configmap())

    def refused(change: str, *args: str) -> str:
        kubectl(change, "cm/web", "-n", bench.namespace, *args)
        outcome = bench.prune(live)
        assert outcome.result is OutcomeResult.FAILED
        assert bench.look(configmap()) is not None
        return outcome.error

    assert "belongs to other/dev/app" in refused("annotate", "--overwrite", "gitctl.dev/owner=other/dev/app")
    kubectl("annotate", "cm/web", "-n", bench.namespace, "--overwrite", f"gitctl.dev/owner={bench.owner}")
    assert "gitctl.dev/prune: disabled" in refused("annotate", "gitctl.dev/prune=disabled")
    kubectl("annotate", "cm/web", "-n", bench.namespace, "gitctl.dev/prune-")
    assert "helm.sh/resource-policy: keep" in refused("annotate", "helm.sh/resource-policy=keep")
    kubectl("annotate", "cm/web", "-n", bench.namespace, "helm.sh/resource-policy-")
    assert "sync-options" in refused("annotate", "argocd.argoproj.io/sync-options=Prune=false")
    kubectl("annotate", "cm/web", "-n", bench.namespace, "argocd.argoproj.io/sync-options-")
    assert "uid" in bench.prune(live, uid="another").error
    assert "belongs to" in bench.prune(live, owner="else/dev/app").error
    kubectl(
        "patch", "cm", "web", "-n", bench.namespace, "--type=json", "-p", '[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]'
    )
    assert "no applied fields" in bench.prune(live).error
    assert bench.look(configmap()) is not None


def test_an_object_of_the_apps_former_name_is_deleted_when_the_plan_saw_it(bench: Bench) -> None:
    (live,) = bench.sync(configmap())
    assert "belongs to" in bench.prune({**live, "metadata": {**live["metadata"], "annotations": {}}}, owner="project/dev/renamed").error
    assert "belongs to" in bench.prune(live, owner="project/prod/renamed").error
    assert bench.prune(live, owner="project/dev/renamed").result is OutcomeResult.DELETED


def test_a_delete_takes_no_object_that_was_made_anew(bench: Bench, kubectl: Runner) -> None:
    (live,) = bench.sync(configmap())
    kubectl("delete", "cm", "web", "-n", bench.namespace)
    (again,) = bench.sync(configmap())
    assert bench.prune(live).result is OutcomeResult.FAILED
    assert bench.look(configmap()) is not None
    assert bench.prune(again).result is OutcomeResult.DELETED


def test_every_delete_carries_uid_and_policy(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    import json

    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    (live,) = bench.sync(configmap())
    bench.prune(live)
    sent = [json.loads(r.body) for r in fault_proxy.requests if r.method == "DELETE"]
    assert [(s["propagationPolicy"], s["preconditions"]["uid"]) for s in sent] == [("Background", live["metadata"]["uid"])]


def test_a_job_takes_its_pods_with_it(bench: Bench, kubectl: Runner) -> None:
    spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a"}]}}}
    (live,) = bench.sync({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": spec})
    kubectl("wait", "job/once", "-n", bench.namespace, "--for=jsonpath={.status.active}=1", "--timeout=30s")
    assert bench.prune(live).result is OutcomeResult.DELETED
    kubectl("wait", "pods", "--all", "-n", bench.namespace, "--for=delete", "--timeout=30s", code=None)
    assert kubectl("get", "pods", "-n", bench.namespace, "-o", "name").stdout == ""


def test_a_right_that_is_missing_is_named(bench: Bench, open_bench: Callable[..., Bench]) -> None:
    stranger = open_bench(impersonate="stranger")
    planned = bench.one(configmap())
    outcome = stranger.apply(replace(planned))
    assert outcome.code == 403
    assert "stranger" in outcome.error
    assert "patch" in outcome.error
