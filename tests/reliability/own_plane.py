"""A control plane of one test alone, whose parts may be stopped: with `make torture` only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitctl import sandbox
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ready


@contextmanager
def own_plane(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, long: bool) -> Iterator[ControlPlane]:
    """Start it, with its state in a folder of the test; take it away afterwards. Skips the test where not the long version is asked for."""
    if not long:
        pytest.skip("starts control planes: with make torture")
    monkeypatch.setenv("GITCTL_STATE_DIR", str(folder / "state"))
    yield sandbox.up(name)
    sandbox.down(name, purge=True)


def until_ready(plane: ControlPlane) -> None:
    """A busy machine takes its time for a start."""
    end = time.monotonic() + 120
    while not ready(plane):
        assert time.monotonic() < end
        time.sleep(0.2)
