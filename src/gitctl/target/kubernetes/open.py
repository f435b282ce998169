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
    own: bool = True,
    insecure: bool = False,
    timeout: float | None = None,
    accounts: Mapping[str, str] | None = None,
    cache: Path,
) -> KubernetesTarget:
    """The target of a cluster. Empty settings fall back to the cluster's own, then to what kubectl would use.

    Without `own` the kubeconfig comes with the repository; `insecure` allows a server whose certificate is not checked.
    `timeout` is the limit of one request in seconds (None: 30, 0: none); `accounts` are service accounts by owner id, as the target has
    them. Errors come with the first use: ConfigError, Unreachable, Unauthenticated, Refused (not the pinned cluster).
    """
    pinned = bool(cluster.uid)
    login = Login(kubeconfig or cluster.kubeconfig, context or cluster.context, impersonate, groups, own, insecure, pinned)
    return KubernetesTarget(cluster, open_client(login, timeout=timeout), accounts=accounts, cache=cache)


def open_client(login: Login, *, timeout: float | None = None) -> Client:
    """The way to a cluster for what is no target's business. `timeout` as in `open_target`."""
    return Client(login, timeout=REQUEST_SECONDS if timeout is None else timeout)
