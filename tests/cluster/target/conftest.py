"""Fixtures of the target's tests: a target on the control plane, and a bench on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cluster.target.bench import Bench

from gitctl.model.app import Cluster
from gitctl.sandbox import ControlPlane
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.target import KubernetesTarget

OpenTarget = Callable[..., KubernetesTarget]


@pytest.fixture
def owner() -> str:
    """An owner id of this test alone."""
    return f"project/dev/app-{secrets.token_hex(3)}"


@pytest.fixture
def client(control_plane: ControlPlane) -> Client:
    """A client of the control plane."""
    return Client(Login(str(control_plane.kubeconfig), control_plane.context), timeout=30)


@pytest.fixture
def open_bench(control_plane: ControlPlane, namespace: str, owner: str, tmp_path: Path) -> Callable[..., Bench]:
    """`open_bench(kubeconfig=…, impersonate=…, state_namespace=…, uid=…) -> Bench`."""

    def make(*, kubeconfig: Path | None = None, impersonate: str = "", state_namespace: str = "", uid: str = "") -> Bench:
        login = Login(str(kubeconfig or control_plane.kubeconfig), control_plane.context, impersonate)
        own = Client(login, timeout=30)
        cluster = Cluster("test", control_plane.context, uid=uid, state_namespace=state_namespace or namespace)
        return Bench(KubernetesTarget(cluster, own, cache=tmp_path / "cache"), own, owner, namespace)

    return make


@pytest.fixture
def bench(open_bench: Callable[..., Bench]) -> Bench:
    """A bench with all rights."""
    return open_bench()
