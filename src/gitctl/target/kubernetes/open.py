"""Open a cluster as a target. Cheap: no file is read and nothing is imported before the first use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gitctl.model.app import Cluster
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.target import KubernetesTarget

REQUEST_SECONDS = 30.0


def open_target(
    cluster: Cluster,
    *,
    kubeconfig: str = "",
    context: str = "",
    impersonate: str = "",
    groups: tuple[str, ...] = (),
    timeout: float | None = None,
    accounts: Mapping[str, str] | None = None,
    cache: Path,
) -> KubernetesTarget:
    """The target of a cluster. Empty settings fall back to the cluster's own, then to what kubectl would use.

    `timeout` is the limit of one request in seconds (None: 30, 0: none); `accounts` are service accounts by owner id, as the target has
    them. Errors come with the first use: ConfigError, Unreachable, Unauthenticated, Refused (not the pinned cluster).
    """
    login = Login(kubeconfig or cluster.kubeconfig, context or cluster.context, impersonate, groups, pinned=bool(cluster.uid))
    client = Client(login, timeout=REQUEST_SECONDS if timeout is None else timeout)
    return KubernetesTarget(cluster, client, accounts=accounts, cache=cache)
