"""`sync --interval` on the real API server: rounds, a lock held elsewhere, errors that pass, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fixtures.project import Project, config_map

from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask, create
from gitctl.target.kubernetes.owner import object_name

PATIENCE = 90.0


def until(true: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait until something is true; generous: other tests keep the machine busy."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.05)


@contextmanager
def running(project: Project, log: Path, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """`gitctl sync -e dev --interval 1s`, its output in a file."""
    argv = [sys.executable, "-m", "gitctl", "sync", "-e", "dev", "--interval", "1s", *args]
    with log.open("wb") as out, subprocess.Popen(argv, cwd=project.repo.path, stdout=out, stderr=out, env=dict(os.environ)) as child:
        try:
            yield child
        finally:
            child.kill()


def test_rounds_go_on_over_news_errors_and_locks_until_sigterm(project: Project, control_plane: ControlPlane, tmp_path: Path) -> None:
    log, beat = tmp_path / "log", tmp_path / "beat"
    project.write("web", config_map("settings", a="1"))
    project.commit()

    def logged(text: str) -> Callable[[], bool]:
        return lambda: text in log.read_text()

    with running(project, log, "--heartbeat", str(beat)) as child:
        until(logged("1 app in sync at "), log.read_text)
        first = beat.stat().st_mtime_ns
        project.write("web", config_map("settings", a="2"))
        project.commit("news")
        until(logged("1 updated, healthy (record 2)"), log.read_text)
        assert beat.stat().st_mtime_ns > first
        # An error of the project is said, and ends with its cause.
        project.repo.write("apps/web/all.yaml", "kind: [")
        project.commit("broken")
        until(logged("exit code 3; again in 1s"), log.read_text)
        # Another one holds the lock: the standby of two.
        lease = lease_of(control_plane, project)
        project.write("web", config_map("settings", a="3"))
        project.commit("mended")
        until(logged("is locked: held by other@elsewhere"), log.read_text)
        assert (project.live("configmap", "settings") or {})["data"] == {"a": "2"}
        ask(control_plane, "DELETE", lease)
        until(logged("1 updated, healthy (record 3)"), log.read_text)
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0, log.read_text()
    lines = log.read_text().splitlines()
    assert len([line for line in lines if "in sync at" in line]) >= 1
    assert not [line for line in lines if "Traceback" in line]


def lease_of(plane: ControlPlane, project: Project) -> str:
    """Somebody else takes the app's lock; its path."""
    folder = "/apis/coordination.k8s.io/v1/namespaces/gitctl-system/leases"
    name = object_name(f"{project.name}/dev/web", "gitctl")
    until(lambda: ask(plane, "GET", f"{folder}/{name}").code == 404, lambda: "the lease stays")
    spec = {"holderIdentity": "other@elsewhere:1", "leaseDurationSeconds": 60}
    create(plane, folder, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": spec})
    return f"{folder}/{name}"


def test_what_makes_no_sense_is_refused_at_once(project: Project) -> None:
    assert "at least 1s" in project.run("sync", "--interval", "0s", code=2).stderr
    assert "--dry-run is done once" in project.run("sync", "--interval", "1m", "--dry-run", code=2).stderr
    assert "--heartbeat is for --interval" in project.run("sync", "--heartbeat", "x", code=2).stderr
