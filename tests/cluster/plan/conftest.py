"""Fixtures of planning against the real API server."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from tests.cluster.target.bench import Bench

from gitctl.model.app import Cluster
from gitctl.sandbox import ControlPlane
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.target import KubernetesTarget


@pytest.fixture
def bench(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Bench:
    """A bench of an owner of its own."""
    client = Client(Login(str(control_plane.kubeconfig), control_plane.context), timeout=30)
    cluster = Cluster("test", control_plane.context, state_namespace=namespace)
    owner = f"shop/prod/web-{secrets.token_hex(3)}"
    return Bench(KubernetesTarget(cluster, client, cache=tmp_path / "cache"), client, owner, namespace)
