"""Fixtures of the tests that apply and wait for real: the target's bench, and runs on it."""

from __future__ import annotations

import pytest
from tests.cluster.apply.rig import Rig
from tests.cluster.target.bench import Bench
from tests.cluster.target.conftest import bench, client, open_bench, owner  # noqa: F401


@pytest.fixture
def rig(bench: Bench) -> Rig:  # noqa: F811
    """Plans made by hand, carried out on the control plane."""
    return Rig(bench)
