"""Which hosts get the token of the environment. A URL that stands in the repository is no reason to send it there: whoever can propose
a change could name a host of their own (CVE-2026-40161 in Tekton)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from gitctl.errors import GitctlError
from gitctl.source.git import Git
from gitctl.source.names import Remote, parse_remote
from gitctl.source.transport import HOST_VARIABLE, TOKEN_VARIABLE


def with_trust(remote: Remote, root: Path, *, known: str = "") -> Remote:
    """The remote, marked when it may not have the token: its host is neither the one in GITCTL_GIT_HOST nor, without that, one of the
    checkout's own remotes. Where the checkout has none (or there is none, as for the agent), the host of the URL `known` decides."""
    if remote.scheme not in ("https", "http") or remote.password or not os.environ.get(TOKEN_VARIABLE):
        return remote
    named = os.environ.get(HOST_VARIABLE, "").strip().lower()
    hosts = {named} if named else _hosts(root) or {_host(known or remote.url, root)}
    return replace(remote, withheld=remote.host.lower() not in hosts)


def with_known_trust(remote: Remote, root: Path, *, known: str) -> Remote:
    """The same for a URL that stands in a kustomization: it never vouches for itself, so without `known` no host may have the token."""
    if known or os.environ.get(HOST_VARIABLE, "").strip() or _hosts(root):
        return with_trust(remote, root, known=known)
    return replace(remote, withheld=True)


def _hosts(root: Path) -> set[str]:
    """From the checkout's configuration, which no commit can change."""
    lines = Git(root).try_text("config", "--local", "--get-regexp", r"^remote\..*\.url$").splitlines() if root.is_dir() else []
    return {host for line in lines if (host := _host(line.partition(" ")[2], root))}


def _host(url: str, root: Path) -> str:
    try:
        return parse_remote(url, base=root).host.lower()
    except GitctlError:
        return ""
