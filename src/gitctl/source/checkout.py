"""The user's own checkout: where its root is, what is not committed."""

from __future__ import annotations

from pathlib import Path

from gitctl.errors import ErrorId, SourceError
from gitctl.source.git import Git


def find_root(path: Path) -> Path | None:
    """The root of the work tree that holds the folder `path`, spelt as `path` is; None outside of Git. Raises SourceError, ToolMissing."""
    start = path.absolute()
    if not any((folder / ".git").exists() for folder in (start.resolve(), *start.resolve().parents)):
        return None
    git = Git(start)
    done = git.run("rev-parse", "--show-toplevel")
    if done.code == 0:
        top = Path(done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n"))
        return next((folder for folder in (start, *start.parents) if folder.resolve() == top), top)
    if "must be run in a work tree" in done.stderr or "not a git repository" in done.stderr or "safe.bareRepository" in done.stderr:
        return None
    raise git.failure("the repository cannot be read", done)


def dirty_paths(git: Git, *paths: str) -> tuple[str, ...]:
    """Paths that differ from HEAD or are new and not ignored, of the whole work tree or below `paths`; submodules left out."""
    done = git.run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all", "--", *paths)
    if done.code:
        raise git.failure("the state of the work tree cannot be read", done)
    lines = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return tuple(line[3:] for line in lines if line)


def repository_of(folder: Path, *, hint: str = "run it in one, or use -C") -> Git:
    """The repository whose work tree holds a folder. Raises SourceError, with this `hint`, when there is none."""
    root = find_root(folder)
    if root is None:
        raise SourceError(f"{folder} is not in a Git repository", id=ErrorId.NOT_A_REPOSITORY, hint=hint)
    return Git(root)


def repository(root: Path) -> Git:
    """The repository of a work tree. Raises SourceError when there is none."""
    repository_of(root, hint="run `git init` and commit, or add --worktree")
    return Git(root)
