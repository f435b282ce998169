"""What pods do on the sandbox: the annotation gitctl.dev/simulate, judged by the real controllers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.fixtures.commands import Runner

Get = Callable[[str], dict[str, Any]]


@pytest.fixture
def get(kubectl: Runner, namespace: str) -> Get:
    """`get("deployment/x")`: an object of the test's namespace."""
    return lambda what: dict(kubectl("get", what, "-n", namespace, "-o", "json").json())


def eventually(look: Callable[[], dict[str, Any]], wanted: Callable[[dict[str, Any]], object], *, limit: float = 40) -> dict[str, Any]:
    """The object once it is as wanted; the test fails after `limit` seconds and shows it."""
    end = time.monotonic() + limit
    while not wanted(found := look()):
        assert time.monotonic() < end, json.dumps(found.get("status", found), indent=1)
        time.sleep(0.2)
    return found


@pytest.fixture
def apply(kubectl: Runner, namespace: str) -> Callable[..., None]:
    """Send objects to the test's namespace."""

    def call(*objects: dict[str, Any]) -> None:
        kubectl("apply", "-n", namespace, "-f", "-", stdin="\n---\n".join(json.dumps(one) for one in objects))

    return call


def template(behaviour: str, **spec: Any) -> dict[str, Any]:
    """A pod's template that simulates."""
    annotations = {"gitctl.dev/simulate": behaviour} if behaviour else {}
    return {
        "metadata": {"labels": {"app": "x"}, "annotations": annotations},
        "spec": {"containers": [{"name": "web", "image": "web:1"}, {"name": "side", "image": "side:1"}], **spec},
    }


def deployment(behaviour: str) -> dict[str, Any]:
    """A Deployment that gives up after three seconds."""
    spec = {"replicas": 2, "progressDeadlineSeconds": 3, "selector": {"matchLabels": {"app": "x"}}, "template": template(behaviour)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}


def job(behaviour: str, restart: str = "Never", *, backoff: int = 0) -> dict[str, Any]:
    """A Job of one pod."""
    spec = {"backoffLimit": backoff, "template": template(behaviour, restartPolicy=restart)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": spec}


def condition(found: dict[str, Any], kind: str) -> dict[str, Any]:
    """A condition of the object, empty when it has none of that type."""
    return next((dict(c) for c in found.get("status", {}).get("conditions", []) if c["type"] == kind), {})


def pod_of(kubectl: Runner, namespace: str) -> dict[str, Any]:
    """The first pod of the workload."""
    pods = kubectl("get", "pods", "-n", namespace, "-l", "app=x", "-o", "json").json()["items"]
    return dict(pods[0]) if pods else {}


def test_a_deployment_becomes_available_by_default(apply: Callable[..., None], get: Get) -> None:
    apply(deployment(""))
    found = eventually(lambda: get("deployment/x"), lambda d: d["status"].get("availableReplicas") == 2)
    assert condition(found, "Available")["status"] == "True"


def test_a_failing_deployment_crash_loops_until_its_deadline(apply: Callable[..., None], get: Get, kubectl: Runner, namespace: str) -> None:
    apply(deployment("fail"))
    found = eventually(lambda: get("deployment/x"), lambda d: condition(d, "Progressing").get("reason") == "ProgressDeadlineExceeded")
    assert condition(found, "Available")["status"] == "False"
    pod = eventually(lambda: pod_of(kubectl, namespace), lambda p: p["status"]["containerStatuses"][0]["restartCount"] >= 2)
    status = pod["status"]["containerStatuses"][0]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert (status["lastState"]["terminated"]["exitCode"], status["lastState"]["terminated"]["reason"]) == (1, "Error")
    assert condition(pod, "Ready")["status"] == "False"
    events = kubectl("get", "events", "-n", namespace, "--field-selector", "reason=BackOff").stdout
    assert "Back-off restarting failed container" in events


def test_a_deployment_that_is_never_ready_exceeds_its_deadline_without_a_crash(
    apply: Callable[..., None], get: Get, kubectl: Runner, namespace: str
) -> None:
    apply(deployment("never-ready"))
    eventually(lambda: get("deployment/x"), lambda d: condition(d, "Progressing").get("reason") == "ProgressDeadlineExceeded")
    pod = pod_of(kubectl, namespace)
    assert pod["status"]["phase"] == "Running"
    assert [(c["ready"], c["restartCount"], *c["state"]) for c in pod["status"]["containerStatuses"]] == [(False, 0, "running")] * 2
    assert "Readiness probe failed" in kubectl("get", "events", "-n", namespace).stdout


def test_a_restarting_pod_counts_its_restarts_and_is_ready_between_them(
    apply: Callable[..., None], get: Get, kubectl: Runner, namespace: str
) -> None:
    apply(deployment("restart"))

    def restarted_and_ready(pod: dict[str, Any]) -> bool:
        counts = [c["restartCount"] for c in pod.get("status", {}).get("containerStatuses", [])]
        return bool(counts) and min(counts) >= 2 and condition(pod, "Ready")["status"] == "True"

    pod = eventually(lambda: pod_of(kubectl, namespace), restarted_and_ready)
    assert pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1
    assert "running" in pod["status"]["containerStatuses"][0]["state"]


def test_finishing_under_restart_policy_always_is_a_crash_loop_with_exit_code_0(
    apply: Callable[..., None], kubectl: Runner, namespace: str
) -> None:
    apply(deployment("finish"))
    pod = eventually(lambda: pod_of(kubectl, namespace), lambda p: p.get("status", {}).get("containerStatuses"))
    status = pod["status"]["containerStatuses"][0]
    assert (status["state"]["waiting"]["reason"], status["lastState"]["terminated"]["exitCode"]) == ("CrashLoopBackOff", 0)
    pods = kubectl("get", "pods", "-n", namespace, "-o", "name").stdout.splitlines()
    assert len(pods) == 2, "the ReplicaSet must not make pod after pod"


@pytest.mark.parametrize("behaviour", ["", "finish"])
@pytest.mark.parametrize("restart", ["Never", "OnFailure"])
def test_a_job_completes(apply: Callable[..., None], get: Get, behaviour: str, restart: str) -> None:
    apply(job(behaviour, restart))
    found = eventually(lambda: get("job/x"), lambda j: condition(j, "Complete").get("status") == "True")
    assert found["status"]["succeeded"] == 1


@pytest.mark.parametrize("restart", ["Never", "OnFailure"])
def test_a_failing_job_reaches_its_backoff_limit(apply: Callable[..., None], get: Get, restart: str) -> None:
    apply(job("fail", restart))
    found = eventually(lambda: get("job/x"), lambda j: condition(j, "Failed").get("status") == "True")
    assert condition(found, "Failed")["reason"] == "BackoffLimitExceeded"


def test_a_job_whose_pod_is_never_ready_goes_on(apply: Callable[..., None], get: Get) -> None:
    apply(job("never-ready"))
    eventually(lambda: get("job/x"), lambda j: j["status"].get("active") == 1)
    time.sleep(3)
    status = get("job/x")["status"]
    assert (status.get("active"), status.get("succeeded"), status.get("ready", 0)) == (1, None, 0)


def test_bare_pods_fail_and_succeed(apply: Callable[..., None], get: Get) -> None:
    for name, behaviour in (("good", "finish"), ("bad", "fail")):
        pod = template(behaviour, restartPolicy="Never")
        apply({"apiVersion": "v1", "kind": "Pod"} | pod | {"metadata": {"name": name, **pod["metadata"]}})
    eventually(lambda: get("pod/good"), lambda p: p["status"]["phase"] == "Succeeded")
    bad = eventually(lambda: get("pod/bad"), lambda p: p["status"]["phase"] == "Failed")
    assert bad["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 1


def test_logs_say_that_the_container_is_simulated(apply: Callable[..., None], get: Get, kubectl: Runner, namespace: str) -> None:
    apply(deployment("fail"))
    eventually(lambda: pod_of(kubectl, namespace), lambda p: p.get("status", {}).get("containerStatuses"))
    for flags in ((), ("--previous",)):
        shown = kubectl("logs", "deployment/x", "-c", "web", "-n", namespace, *flags).stdout
        assert "this container is simulated by the gitctl sandbox" in shown


def test_a_claim_is_bound_and_its_volume_goes_with_it(apply: Callable[..., None], get: Get, kubectl: Runner, namespace: str) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec})
    claim = eventually(lambda: get("pvc/data"), lambda c: c["status"]["phase"] == "Bound")
    volume = claim["spec"]["volumeName"]
    kubectl("delete", "pvc/data", "-n", namespace)
    eventually(lambda: {"left": kubectl("get", "pv", volume, code=None).code == 0}, lambda answer: not answer["left"])


def test_a_load_balancer_gets_an_address_unless_it_names_a_class(apply: Callable[..., None], get: Get) -> None:
    spec: dict[str, Any] = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    for name, extra in (("plain", {}), ("classy", {"loadBalancerClass": "example.com/none"})):
        apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec | extra})
    eventually(
        lambda: get("service/plain"), lambda s: s["status"]["loadBalancer"].get("ingress") == [{"ip": "192.0.2.10", "ipMode": "VIP"}]
    )
    assert get("service/classy")["status"]["loadBalancer"] == {}
