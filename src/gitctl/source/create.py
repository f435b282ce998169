"""A repository that is not there yet."""

from __future__ import annotations

from pathlib import Path

from gitctl.errors import ErrorId, SourceError
from gitctl.model.revision import Revision
from gitctl.source.checkout import find_root
from gitctl.source.git import Git

FIRST_BRANCH = "main"


def check_place(root: Path) -> None:
    """Raise SourceError for a folder inside another repository: the project file belongs at a repository's root."""
    there = next((folder for folder in (root, *root.parents) if folder.is_dir()), root)
    found = find_root(there)
    if found is not None and found.resolve() != root.resolve():
        raise SourceError(
            f"{root} is inside the repository {found}",
            id=ErrorId.INSIDE_REPOSITORY,
            hint=f"bootstrap {found} itself, or a folder outside of it",
        )


def init_repository(root: Path) -> None:
    """Make the folder and a repository in it, unless there is one. Raises SourceError."""
    root.mkdir(parents=True, exist_ok=True)
    if find_root(root) is None:
        Git(root).out("init", "--quiet", f"--initial-branch={FIRST_BRANCH}")


def tip(root: Path) -> Revision:
    """What HEAD names; a revision without a sha where nothing is committed yet."""
    sha = Git(root).try_text("rev-parse", "--verify", "--quiet", "HEAD")
    return Revision(repo=str(root), sha=sha, name="HEAD")
