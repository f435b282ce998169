"""A repository that is not there yet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gitctl.errors import ErrorId, SourceError
from gitctl.model.revision import Revision
from gitctl.source.checkout import dirty_paths, find_root
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


def delivered_branch(root: Path) -> str:
    """The branch that is delivered: the remote's default one, else the one that is checked out, else the first of a new repository."""
    if not (root / ".git").exists():
        return FIRST_BRANCH
    git = Git(root)
    remote = git.try_text("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    return remote.removeprefix("origin/") or git.try_text("symbolic-ref", "--quiet", "--short", "HEAD") or FIRST_BRANCH


def uncommitted(root: Path, folders: Iterable[str]) -> int:
    """How many files below these folders differ from what is committed; 0 outside of a repository."""
    named = tuple(folders)
    return len(dirty_paths(Git(root), *named)) if named and (root / ".git").exists() else 0
