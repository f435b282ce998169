"""The API server restarts in mid-run, and etcd is gone for ten seconds: on a control plane of these tests alone, long version only."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fixtures.figures import Figure
from tests.reliability.kills import uninterrupted
from tests.reliability.own_plane import own_plane, until_ready
from tests.reliability.stage import Stage
from tests.servers.fault_proxy import Call, FaultProxy

from gitctl import sandbox
from gitctl.model.record import RecordResult
from gitctl.sandbox import ControlPlane, Part, daemon

pytestmark = [pytest.mark.cluster, pytest.mark.torture, pytest.mark.xdist_group("sandbox")]

NAME = "outage"
ETCD_AWAY = 10.0
POINTS = (3, 24, 34, 38, 47, 58, 68)
"""Requests: discovery, dry-runs, the open record, the first wave, a watch, a delete, the closed record."""


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool) -> Iterator[ControlPlane]:
    """A control plane of this test alone."""
    with own_plane(NAME, tmp_path, monkeypatch, long=long) as started:
        yield started


def restart(plane: ControlPlane) -> None:
    """The API server dies, and comes back in some seconds."""
    process = daemon.running(plane.files, Part.API_SERVER)
    assert process
    process.signal(signal.SIGKILL)

    def start() -> None:
        while process.alive():  # a part that still runs is not started
            time.sleep(0.05)
        sandbox.start_part(NAME, Part.API_SERVER)

    threading.Thread(target=start).start()


def take_etcd_away(plane: ControlPlane) -> None:
    """etcd answers nothing for ten seconds."""
    process = daemon.running(plane.files, Part.ETCD)
    assert process
    process.signal(signal.SIGSTOP)
    threading.Timer(ETCD_AWAY, process.signal, (signal.SIGCONT,)).start()


@pytest.mark.parametrize("outage", [restart, take_etcd_away])
def test_what_is_behind_the_api_goes_and_comes_back(
    plane: ControlPlane, tmp_path: Path, outage: Callable[[ControlPlane], None], figure: Figure
) -> None:
    whole = uninterrupted(plane, tmp_path)
    for point in POINTS:
        stage = Stage(plane, tmp_path)
        stage.first()
        stage.second()
        with FaultProxy(plane, stage.place) as proxy:
            proxy.on(Call(lambda: outage(plane)), at=point)
            done = stage.run("sync", kubeconfig=proxy.kubeconfig)
        figure("outages", 1)
        until_ready(plane)
        # A run that waits no longer says so: what failed is told, what is open is closed by the next one.
        assert done.code in (0, 6, 8, 9), f"{outage.__name__} at request {point}: exit {done.code}\n{done.stdout}\n{done.stderr}"
        print(f"{outage.__name__} at request {point}: exit {done.code} {done.stderr if done.code else ''}")
        if done.code:
            stage.run("sync").expect()
        picture = stage.picture()
        left = [r.result for r in stage.state().records if r.result in (RecordResult.OPEN, RecordResult.FAILED)]
        assert left == [], (outage.__name__, point)
        for part in ("live", "inventory", "acknowledged", "deletions"):
            assert picture[part] == whole.picture[part], (outage.__name__, point)
        stage.drop()
