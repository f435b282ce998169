"""An API server that is busy, fails, cuts and lies in wait: the same final state, few requests more, and never a false verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.fixtures.figures import Figure, is_long
from tests.reliability.kills import Ending, looks_at_lock, uninterrupted
from tests.reliability.stage import Stage
from tests.servers.fault_proxy import Fault, FaultProxy
from tests.servers.weather import BROKEN, BUSY, ERRORS, SLOW, STORM, Weather

from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask

SEED = 11
SEEDS = 12
MOST = 1.2
"""Requests, as a multiple of what must be sent when a share of the answers is lost. Looks at the lock are not counted: a run that writes
for longer looks more often, once a second, whatever the weather."""

_KINDS = {"busy": BUSY, "errors": ERRORS, "broken": BROKEN, "slow": SLOW, "storm": STORM}
_SAMPLE = {"half a storm": {fault: share / 2 for fault, share in STORM.items()}}
_WEATHERS = _KINDS if is_long() else _SAMPLE


@pytest.fixture
def stage(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    """A stage with both revisions written, the first one in the cluster."""
    made = Stage(control_plane, tmp_path)
    made.first()
    made.second()
    yield made
    made.drop()


def through(stage: Stage, odds: Mapping[Fault, float], seed: int) -> tuple[int, int, Weather]:
    """Make the change in this weather; how many requests it took, and how many of them were looks at the lock."""
    weather = Weather(seed, odds, unlike=stage.name)
    with FaultProxy(stage.plane, stage.place) as proxy:
        proxy.weather(weather)
        done = stage.run("sync", kubeconfig=proxy.kubeconfig)
        assert done.code == 0, f"seed {seed}: exit {done.code}\n{done.stdout}\n{done.stderr}"
        return proxy.count(), looks_at_lock(proxy), weather


@pytest.fixture
def faultless(control_plane: ControlPlane, tmp_path: Path) -> Ending:
    """The change in fine weather."""
    return uninterrupted(control_plane, tmp_path)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(SEED, SEED + (SEEDS if is_long() else 1)))
@pytest.mark.parametrize("name", _WEATHERS)
def test_faults_change_nothing_but_the_time(stage: Stage, faultless: Ending, figure: Figure, name: str, seed: int) -> None:
    requests, looks, weather = through(stage, _WEATHERS[name], seed)
    said = f"{name}, seed {seed}: {dict(weather.drawn)} in {requests} requests ({looks}), {faultless.requests} without"
    print(said)
    figure("faults injected", weather.drawn.total())
    assert stage.picture() == faultless.picture, said
    necessary = (faultless.requests - faultless.looks) / (1 - weather.drawn.total() / requests)
    assert requests - looks <= MOST * necessary, said


@pytest.mark.torture
def test_drift_is_never_called_in_sync_and_nothing_unknown_is_pruned(stage: Stage, long: bool, figure: Figure) -> None:
    """A hand edit, and faults so many that some answers never come: drift is told, or that it cannot be told."""
    edit = {"data": {"a": "by hand"}, "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "change"}}
    ask(stage.plane, "PUT", f"/api/v1/namespaces/{stage.name}/configmaps/change", edit)
    odds = {fault: share * 2 for fault, share in (ERRORS | BROKEN).items()}
    for seed in range(SEED, SEED + (SEEDS if long else 2)):
        weather = Weather(seed, odds, unlike=stage.name)
        with FaultProxy(stage.plane, stage.place) as proxy:
            proxy.weather(weather)
            told = stage.run("drift-check", "-o", "json", "--request-timeout", "3s", kubeconfig=proxy.kubeconfig)
        figure("faults injected", weather.drawn.total())
        assert told.code in (1, 6, 8), f"seed {seed}: {told.code}\n{told.stdout}\n{told.stderr}"
        if told.code == 1:
            assert "by hand" in told.stdout, f"seed {seed}"
