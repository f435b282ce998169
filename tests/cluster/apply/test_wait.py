"""Waiting on the control plane: real controllers, simulated pods."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.cluster.apply.rig import Rig, job, simulated
from tests.cluster.target.bench import Bench, configmap
from tests.servers.fault_proxy import FaultProxy, Reset

from gitctl.model.health import HealthState


def test_a_deployment_gets_healthy(rig: Rig) -> None:
    web = simulated("", replicas=2)
    rig.apply([web, configmap()])
    began = time.monotonic()
    health = rig.wait(web, configmap(), seconds=60)
    assert [(h.health.state.value, h.health.message) for h in health] == [("healthy", "2 of 2 replicas ready"), ("healthy", "")]
    assert time.monotonic() - began < 30
    assert len(rig.said("healthy")) == 2


def test_a_deployment_that_is_never_ready_names_the_condition_at_the_end_of_time(rig: Rig) -> None:
    web = simulated("never-ready")
    rig.apply([web])
    health = rig.wait(web, seconds=6)[0]
    assert health.health.state is HealthState.PROGRESSING
    assert "0 of 1 replicas" in health.health.message
    assert "Available=False (MinimumReplicasUnavailable)" in health.health.message
    assert any("0 of 1 replicas" in text for text in rig.said("waiting"))


def test_a_deployment_past_its_deadline_ends_the_wait_with_events_and_logs(rig: Rig) -> None:
    web = simulated("fail", deadline=2)
    rig.apply([web])
    began = time.monotonic()
    health = rig.wait(web, seconds=90)[0]
    assert (health.health.state, health.health.rule) == (HealthState.FAILED, "workload/Deployment")
    assert health.health.message.startswith("Progressing=False (ProgressDeadlineExceeded)")
    assert 5 <= time.monotonic() - began < 60
    assert any("BackOff" in event for event in health.events)
    assert health.logs


def test_a_deployment_recovers_when_its_template_does(rig: Rig) -> None:
    bad = simulated("fail", deadline=2)
    rig.apply([bad])
    assert rig.wait(bad, seconds=60)[0].health.state is HealthState.FAILED
    good = simulated("", deadline=60)
    rig.apply([good])
    assert rig.wait(good, seconds=60)[0].health.state is HealthState.HEALTHY


def test_a_job_that_finishes(rig: Rig) -> None:
    rig.apply([job("finish")])
    assert rig.wait(job("finish"), seconds=60)[0].health.message == "1 of 1 pods succeeded"


def test_a_job_that_its_ttl_removes_is_done(rig: Rig) -> None:
    body, other = job("finish", ttl=0), simulated("never-ready")
    rig.apply([body, other])
    done = rig.wait(body, other, seconds=12)[0]
    assert done.health.state is HealthState.HEALTHY
    assert done.health.message.endswith("removed after it finished")


def test_a_job_that_fails_ends_the_wait_at_once(rig: Rig) -> None:
    rig.apply([job("fail")])
    health = rig.wait(job("fail"), seconds=90)[0]
    assert health.health.state is HealthState.FAILED
    assert "BackoffLimitExceeded" in health.health.message
    assert health.logs


def test_watches_that_break_are_taken_up_again(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    rig = Rig(open_bench(kubeconfig=fault_proxy.kubeconfig))
    web = simulated("", replicas=2)
    web["spec"]["minReadySeconds"] = 3  # else it may be healthy before anybody looks
    fault_proxy.on(Reset(), query="watch=true", times=1)
    rig.apply([web])
    assert rig.wait(web, seconds=60)[0].health.state is HealthState.HEALTHY
    asked = [r.query for r in fault_proxy.requests if r.method == "GET" and r.path.endswith("/deployments")]
    assert ["watch=true" in query for query in asked][:3] == [False, True, False]
