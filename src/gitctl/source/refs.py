"""The names of branches and tags that a repository has, for shells to complete. Nothing is fetched."""

from __future__ import annotations

from pathlib import Path

from gitctl.source.checkout import find_root, repository


def ref_names(folder: Path) -> tuple[str, ...]:
    """HEAD, branches, remote branches and tags, the newest first; () outside a repository."""
    root = find_root(folder)
    if root is None:
        return ()
    listed = repository(root).try_text(
        "for-each-ref", "--sort=-creatordate", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"
    )
    return tuple(dict.fromkeys(("HEAD", *listed.split())))
