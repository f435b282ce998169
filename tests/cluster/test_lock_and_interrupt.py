"""One run at a time, and runs that end early: what they leave behind and what the next one makes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.project import Project, config_map
from tests.servers.fault_proxy import Call, Delay, FaultProxy, Reset

from gitctl.errors import ErrorId

STATE = "gitctl-system"
# More than are written at a time: when a run is stopped, some are in flight and some have not begun.
MANY = [config_map(f"m{i:02}") for i in range(60)]


class Slow:
    """`gitctl sync` in the background, its writes to the test's namespace delayed by the fault proxy."""

    def __init__(self, project: Project, proxy: FaultProxy, *args: str, seconds: float = 1.0) -> None:
        self.project = project
        self.proxy = proxy
        self._gate = threading.Event()
        self._writes: dict[str, Any] = {"method": "PATCH", "path": f"/namespaces/{project.name}/configmaps", "times": -1}
        proxy.on(Delay(seconds), **self._writes)
        argv = (sys.executable, "-m", "gitctl", "sync", "-e", "dev", *args)
        env = {**os.environ, "KUBECONFIG": str(proxy.kubeconfig)}
        self.process = subprocess.Popen(
            argv, cwd=project.repo.path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )

    def in_mid_run(self) -> Slow:
        """Wait until a real write (no dry-run) is under way."""
        end = time.monotonic() + 60
        while not any(r.method == "PATCH" and "configmaps" in r.path and "dryRun" not in r.query for r in self.proxy.requests):
            assert time.monotonic() < end
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.05)
        return self

    def held(self) -> Slow:
        """In mid-run, however slow this machine is: what is not under way yet waits until `let_go`, for 25 s at most."""
        self.in_mid_run()
        self.proxy.on(Call(lambda: self._gate.wait(25)), **self._writes)
        return self

    def let_go(self) -> None:
        """Let what is held go on."""
        self._gate.set()

    def stop(self, number: int) -> tuple[int, str, str]:
        """Send a signal; exit code, output, errors."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=90)
        self.proxy.clear()
        return self.process.returncode, out, err


@pytest.fixture
def slow(project: Project, fault_proxy: FaultProxy) -> Callable[..., Slow]:
    """`slow("--lock-timeout", "5s") -> Slow` over a committed app of 60 objects."""
    project.write("web", *MANY)
    project.commit()
    return lambda *args, **options: Slow(project, fault_proxy, *args, **options)


def records(project: Project) -> list[dict[str, Any]]:
    """The records of the app, newest first."""
    found: list[dict[str, Any]] = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"]
    return found


def applied(project: Project) -> int:
    """How many of the objects are there."""
    listed = project.kubectl("-n", project.name, "get", "configmaps", "-o", "name").stdout.split()
    return sum("/m" in name for name in listed)


def test_the_first_ctrl_c_starts_nothing_new_and_the_next_run_converges(project: Project, slow: Callable[..., Slow]) -> None:
    code, _, err = slow().in_mid_run().stop(signal.SIGINT)
    assert code == 130, err
    assert "stopping" in err
    assert f"see: gitctl explain {ErrorId.INTERRUPTED}\n" in err
    record = records(project)[0]
    assert record["result"] == "interrupted"
    assert 0 < record["counts"]["created"] < len(MANY)
    assert record["counts"]["created"] == applied(project)
    assert record["counts"]["notTried"] == len(MANY) - applied(project)
    assert project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]["state"] == "incomplete"
    project.run("sync")
    assert applied(project) == len(MANY)
    assert [r["result"] for r in records(project)] == ["succeeded", "interrupted"]
    assert project.run("drift-check").stdout == ""


def test_sigterm_does_the_same_with_its_own_exit_code(project: Project, slow: Callable[..., Slow]) -> None:
    code, _, err = slow().in_mid_run().stop(signal.SIGTERM)
    assert code == 143, err
    assert f"see: gitctl explain {ErrorId.TERMINATED}\n" in err
    assert records(project)[0]["result"] == "interrupted"


def test_a_killed_run_is_taken_over_at_once_and_marked(project: Project, slow: Callable[..., Slow]) -> None:
    assert slow().in_mid_run().stop(signal.SIGKILL)[0] == -signal.SIGKILL
    assert records(project)[0]["result"] == "open"
    began = time.monotonic()
    project.run("sync")
    assert time.monotonic() - began < 40  # the lease of somebody unknown is waited for 60 s
    assert applied(project) == len(MANY)
    assert [r["result"] for r in records(project)] == ["succeeded", "interrupted"]


def test_a_killed_run_with_nothing_left_to_apply_is_marked_too(project: Project, fault_proxy: FaultProxy) -> None:
    project.write("web", config_map("m1"))
    project.commit()
    project.run("sync")
    project.write("web", config_map("m1", a="2"))
    project.commit()
    run = Slow(project, fault_proxy, seconds=0)
    # The state is written twice: when the record is opened and when it is closed.
    for fault in (Call(run.process.kill), Reset()):
        fault_proxy.on(fault, method="PUT", path=f"/namespaces/{STATE}/secrets/", at=2)
    run.process.communicate(timeout=60)
    assert [r["result"] for r in records(project)] == ["open", "succeeded"]
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "2"}
    project.run("sync")
    assert [r["result"] for r in records(project)] == ["succeeded", "interrupted", "succeeded"]


def test_two_at_once_have_one_winner_and_the_loser_may_wait(project: Project, slow: Callable[..., Slow]) -> None:
    first = slow(seconds=2).held()
    refused = project.run("sync", code=10)
    first.let_go()
    assert "is locked: held by" in refused.stderr
    assert "--lock-timeout" in refused.stderr
    waited = project.run("sync", "--lock-timeout", "60s")
    assert "waiting for the lock: held by" in waited.stderr
    first.process.communicate(timeout=60)
    assert first.process.returncode == 0
    assert applied(project) == len(MANY)
    assert [r["result"] for r in records(project)] == ["succeeded"]


def test_waiting_for_the_lock_ends_with_ctrl_c(project: Project, slow: Callable[..., Slow]) -> None:
    hold(project)
    run = slow("--lock-timeout", "5m", seconds=0)
    end = time.monotonic() + 60
    while run.proxy.count(method="GET", path="/leases/") < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    code, _, err = run.stop(signal.SIGINT)
    assert code == 130, err
    assert applied(project) == 0
    assert records(project) == []


def hold(project: Project) -> None:
    """Somebody on another machine holds the lock of the app."""
    from gitctl.target.kubernetes.owner import object_name

    owner = f"{project.name}/dev/web"
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": object_name(owner, "gitctl"), "namespace": STATE},
        "spec": {"holderIdentity": "ada@elsewhere:1", "leaseDurationSeconds": 60, "acquireTime": now, "renewTime": now},
    }
    project.kubectl("create", "namespace", STATE, code=None)
    project.kubectl("create", "-f", "-", stdin=json.dumps(lease))


def test_the_holder_is_named_and_nothing_is_written(project: Project) -> None:
    project.write("web", config_map("m1"))
    project.commit()
    hold(project)
    told = project.run("sync", code=10).error(ErrorId.LOCKED)
    assert "ada@elsewhere:1" in told.stderr
    assert (applied(project), records(project)) == (0, [])
    project.run("diff", code=1)
    project.run("drift-check")


def test_a_state_that_moved_between_plan_and_lock_stops_the_run(project: Project, fault_proxy: FaultProxy, tmp_path: Path) -> None:
    project.write("web", config_map("m1", a="1"))
    project.commit()
    project.run("sync")
    project.write("web", config_map("m1", a="2"))
    project.commit("mine")
    other = tmp_path / "other"
    project.repo.git("clone", "--quiet", str(project.repo.path), str(other))
    (other / "apps/web/all.yaml").write_text(json.dumps(config_map("m1", a="3")))
    run = ("sync", "-e", "dev", "--worktree", "--allow-dirty")
    # Another run comes and goes while this one has its plan and is about to take the lock.
    fault_proxy.on(Call(lambda: project.gitctl(*run, cwd=other).expect(0)), method="GET", path="/leases/")
    told = project.run("sync", env={"KUBECONFIG": str(fault_proxy.kubeconfig)}, code=10).error(ErrorId.STATE_MOVED)
    assert "changed by another run" in told.stderr
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "3"}


def test_after_ctrl_c_no_other_app_begins(project: Project, fault_proxy: FaultProxy) -> None:
    project.configure({"web": {}, "zoo": {}})
    project.write("web", *MANY)
    project.write("zoo", config_map("never"))
    project.commit()
    code, _, err = Slow(project, fault_proxy).in_mid_run().stop(signal.SIGINT)
    assert code == 130
    assert "zoo: interrupted before anything was written" in err
    assert project.live("configmap", "never") is None
