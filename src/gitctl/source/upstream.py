"""Branch and upstream of a checkout, as its configuration says. The only place that opens GitPython, which takes 200 ms to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git import Repo


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a branch is pushed to: the remote's name, its URL as configured, the full name of the branch there."""

    remote: str
    url: str
    ref: str


def current_branch(root: Path) -> str:
    """The branch that is checked out, with or without a commit; "" for a detached HEAD."""
    with _opened(root) as repo:
        return "" if repo.head.is_detached else repo.active_branch.name


def upstream_of(root: Path, branch: str) -> Upstream | None:
    """The upstream of a branch, None when it has none, or one in the same repository."""
    with _opened(root) as repo:
        settings = repo.config_reader()
        section = f'branch "{branch}"'
        remote = str(settings.get_value(section, "remote", "")) if settings.has_section(section) else ""
        ref = str(settings.get_value(section, "merge", "")) if remote else ""
        urls = {r.name: next(iter(r.urls), "") for r in repo.remotes}
    return Upstream(remote, urls[remote], ref) if ref and remote in urls else None


def nearest_remote(root: Path) -> Upstream | None:
    """The remote to ask for commits that are not here: that of the branch, else origin, else the only one."""
    branch = current_branch(root)
    own = upstream_of(root, branch) if branch else None
    if own is not None:
        return own
    with _opened(root) as repo:
        urls = {r.name: next(iter(r.urls), "") for r in repo.remotes}
    name = "origin" if "origin" in urls else next(iter(urls), "") if len(urls) == 1 else ""
    return Upstream(name, urls[name], "") if name else None


def _opened(root: Path) -> Repo:
    from git import Repo

    return Repo(root)
