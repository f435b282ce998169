"""Both watches while the API server is restarted, killed, and while etcd is away for ten seconds: on a control plane of their own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cluster.watch.running import Watch, until, watching
from tests.fixtures.commands import GitRepo, Result, Runner, run
from tests.fixtures.figures import Figure
from tests.fixtures.project import Project, config_map

from gitctl import sandbox
from gitctl.sandbox import ControlPlane, Part
from gitctl.sandbox.server import create
from gitctl.sandbox.stop import stop_part

pytestmark = [pytest.mark.torture, pytest.mark.cluster, pytest.mark.xdist_group("sandbox")]

AWAY = 10.0
"""Seconds without etcd."""


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool) -> Iterator[ControlPlane]:
    """A control plane that may be broken."""
    if not long:
        pytest.skip("starts a control plane of its own; the sample cuts connections: test_sync_watch.py, target/test_follow.py")
    monkeypatch.setenv("GITCTL_STATE_DIR", str(tmp_path / "state"))
    yield sandbox.up("watched")
    sandbox.down("watched", purge=True)


@pytest.fixture
def there(
    plane: ControlPlane, git_repo: Callable[..., GitRepo], gitctl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A project on it."""
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
    create(plane, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})

    def kubectl(*args: str | Path, stdin: str = "", code: int | None = 0, timeout: float = 120) -> Result:
        argv = ("kubectl", f"--kubeconfig={plane.kubeconfig}", f"--cache-dir={tmp_path / 'kubectl'}", *map(str, args))
        done = run(argv, cwd=tmp_path, stdin=stdin, timeout=timeout)
        return done if code is None else done.expect(code)

    project = Project("shop", git_repo(), gitctl, kubectl, plane.context)
    project.configure({"web": {}, "api": {}})
    project.write("web", config_map("settings", a="1"))
    project.write("api", config_map("others", a="1"))
    project.commit()
    project.run("sync")
    return project


def away(part: Part, seconds: float) -> None:
    """Stop a part, and start it again after a while."""
    stop_part("watched", part)
    time.sleep(seconds)
    sandbox.restart("watched", part)


def killed(part: Part) -> None:
    """End a part without a warning, and start it again."""
    pid = next(p.pid for p in sandbox.status("watched").parts if p.part is part)
    os.kill(pid, signal.SIGKILL)
    sandbox.restart("watched", part)


FAULTS: dict[str, Callable[[], None]] = {
    "API server restarted": lambda: away(Part.API_SERVER, 0.0),
    "API server killed": lambda: killed(Part.API_SERVER),
    "API server away for 10 s": lambda: away(Part.API_SERVER, AWAY),
    "etcd away for 10 s": lambda: away(Part.ETCD, AWAY),
}


def test_after_each_outage_edits_are_told_and_put_back_as_before(there: Project, tmp_path: Path, figure: Figure) -> None:
    folders = [tmp_path / name for name in ("sync", "drift")]
    for folder in folders:
        folder.mkdir()

    def value() -> object:
        return ((there.live("configmap", "settings") or {}).get("data") or {}).get("a")

    def edit(name: str, text: str) -> None:
        there.edit("configmap", name, {"data": {"a": text}})

    def survives(number: int, name: str, sync: Watch, drift: Watch) -> None:
        FAULTS[name]()
        until(lambda: there.kubectl("get", "--raw", "/readyz", code=None).code == 0, lambda: name)
        edit("settings", f"after {number}")
        until(lambda: value() == "1", sync.told)
        edit("others", f"after {number}")
        drift.prints(f'data.a: found "after {number}" by kubectl-edit')
        edit("others", "1")
        drift.prints("in sync again", times=number)

    with watching(there, folders[0], "sync", "web", "--interval", "10m") as sync:
        sync.logs("round 1: 1 app in sync")
        with watching(there, folders[1], "drift-check", "api", "--interval", "5m") as drift:
            drift.logs("watching 1 object of 1 app")
            for number, name in enumerate(FAULTS, 1):
                survives(number, name, sync, drift)
            assert drift.log.read_text().count("the watch is interrupted") <= 2 * len(FAULTS), drift.told()
            assert drift.end() == 143
        sync.stop()
    figure("outages watched through", len(FAULTS))
