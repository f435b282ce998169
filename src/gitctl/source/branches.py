"""The branch that a publisher writes to: where its tip is kept, which work tree has it, where it is pushed to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, Refused, SourceError
from gitctl.source.checkout import repository
from gitctl.source.git import Git
from gitctl.source.mirror import Mirror
from gitctl.source.names import Remote, parse_remote
from gitctl.source.transport import Transport, transport_to


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a push goes: the remote as git is to be told (name or URL), checked, and the full name of the branch there."""

    remote: Remote
    called: str
    ref: str
    transport: Transport


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch to commit to. `tip_ref` holds its tip; `keep_ref` takes the new commit; `root` is the work tree that has it
    checked out, None when none has."""

    git: Git
    name: str
    repo: str
    tip_ref: str
    keep_ref: str
    root: Path | None
    destination: Callable[[], Destination]


def local_branch(root: Path, name: str) -> Branch:
    """The branch `name` of a checkout, or the one that is checked out. Raises SourceError, Refused."""
    from gitctl.source.upstream import current_branch, upstream_of

    git = repository(root)
    current = current_branch(root)
    name = name or current
    if not name:
        raise SourceError(
            "HEAD is detached: there is no branch to commit to", id=ErrorId.DETACHED_HEAD, hint="git switch BRANCH", where=git.where
        )
    ref = f"refs/heads/{name}"

    def destination() -> Destination:
        found = upstream_of(root, name)
        if found is None:
            raise SourceError(
                f"the branch {name} has no upstream to push to",
                id=ErrorId.NO_UPSTREAM,
                hint=f"git push --set-upstream origin {name}",
                where=git.where,
            )
        remote = parse_remote(found.url, base=root)
        return Destination(remote, found.remote, found.ref, transport_to(remote, git))

    _refuse_busy(git, root, ref)
    return Branch(git, name, str(root), ref, ref, root if name == current else None, destination)


def _refuse_busy(git: Git, root: Path, ref: str) -> None:
    """No commit below an unfinished merge, nor under the feet of another work tree."""
    if git.try_text("rev-parse", "--verify", "--quiet", "MERGE_HEAD"):
        raise Refused(
            "a merge is not finished", id=ErrorId.MERGE_UNFINISHED, hint="git merge --continue, or git merge --abort", where=git.where
        )
    place = git.try_text("for-each-ref", "--format=%(worktreepath)", ref)
    if place and Path(place).resolve() != root.resolve():
        raise Refused(f"the branch is checked out in {place}", id=ErrorId.BRANCH_CHECKED_OUT, hint="run the command there", where=git.where)


def mirrored_branch(mirror: Mirror, name: str) -> Branch:
    """The branch `name` of a mirrored remote, or its default branch. Raises SourceError."""
    git = mirror.git
    name = name.removeprefix("refs/heads/") or git.try_text("symbolic-ref", "--short", "HEAD")
    tip = f"refs/heads/{name}"
    if not git.try_text("rev-parse", "--verify", "--quiet", tip):
        raise SourceError(
            f"{name!r} is no branch of {mirror.url}: there is nothing to commit to",
            id=ErrorId.BRANCH_UNKNOWN,
            hint="source.ref must name a branch",
        )
    return Branch(
        git,
        name,
        mirror.url,
        tip,
        f"refs/gitctl/publish/{name}",
        None,
        lambda: Destination(mirror.remote, mirror.remote.url, tip, mirror.transport),
    )
