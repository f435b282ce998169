"""Fixtures of the proof tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab

from gitctl.sandbox import ControlPlane


@pytest.fixture
def lab(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Lab:
    """A lab in a namespace of its own, in which its state lies too."""
    return Lab(control_plane, namespace, f"project/dev/app-{secrets.token_hex(3)}", tmp_path / "home")


@pytest.fixture(scope="module")
def module_kind(control_plane: ControlPlane) -> Iterator[Kind]:
    """A kind of this module alone."""
    kind = Kind(control_plane)
    yield kind
    kind.drop()


@pytest.fixture
def kind(module_kind: Kind) -> Iterator[Kind]:
    """The module's kind; policies of a test are removed after it."""
    yield module_kind
    module_kind.rest()
