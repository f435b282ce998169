"""A name → the commit that it means."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gitctl.errors import ErrorId, SourceError, did_you_mean
from gitctl.model.revision import Revision
from gitctl.process import Finished
from gitctl.source.git import Git
from gitctl.source.names import check_name, is_full_sha

_AMBIGUOUS = re.compile(r"refname '[^']*' is ambiguous")
_SHORT = re.compile(r"short (object ID|SHA1) [0-9a-f]+ is ambiguous")
_LONGEST = 1 << 20
"""Bytes of a commit's author and subject that are read."""
FORMAT = "--format=%H%x00%an <%ae>%x00%ct%x00%s"
"""One commit, as `commit_of` reads it."""


def find_commit(git: Git, name: str, *, repo: str) -> Revision | None:
    """The commit, or None when the repository does not know the name. Raises SourceError for names that mean two things,
    InputError for a commit that has more to say than is read."""
    check_name(name)
    done = git.run("log", "-1", FORMAT, "--end-of-options", name, "--", most_output=_LONGEST)
    if done.code or not done.stdout:
        _check_failure(git, name, done)
        return None
    if _AMBIGUOUS.search(done.stderr) and not is_full_sha(name):
        hint = "say refs/heads/NAME, refs/tags/NAME or the whole id"
        raise SourceError(f"{name!r} means more than one thing", id=ErrorId.REVISION_AMBIGUOUS, hint=hint, where=git.where)
    return commit_of(done.stdout, name=name, repo=repo)


def commit_of(line: bytes, *, name: str, repo: str) -> Revision:
    """What `git log` printed in `FORMAT`."""
    sha, author, seconds, subject = line.decode("utf-8", "replace").rstrip("\n").split("\0")
    return Revision(
        repo=repo, sha=sha, name=name, author=author, subject=subject, committed_at=datetime.fromtimestamp(int(seconds), tz=UTC)
    )


def _check_failure(git: Git, name: str, done: Finished) -> None:
    """Broken and forbidden repositories are no unknown revisions."""
    if _SHORT.search(done.stderr):
        raise git.failure(
            f"the short commit id {name!r} fits more than one object", done, hint="write more of its digits", id=ErrorId.REVISION_AMBIGUOUS
        )
    if "dubious ownership" in done.stderr or "not a git repository" in done.stderr:
        raise git.failure("the repository cannot be read", done)


def unknown(git: Git, name: str) -> SourceError:
    """The error for a name that nothing in the repository has: near names, and what a shallow clone lacks."""
    if name.endswith(("@{upstream}", "@{u}", "@{push}")) or name.lower().startswith("@{u"):
        return SourceError(
            f"{name!r}: the branch has no upstream",
            id=ErrorId.NO_UPSTREAM,
            hint="git branch --set-upstream-to=origin/BRANCH",
            where=git.where,
        )
    known = branches_and_tags(git)
    if not known and name.startswith(("HEAD", "@")):
        return SourceError("the repository has no commit yet", id=ErrorId.NO_COMMITS, hint="commit something first", where=git.where)
    hint = next((f"did you mean {ref!r}?" for ref in known if ref.endswith(f"/{name}")), "") or did_you_mean(name, known, what="known")
    if git.try_text("rev-parse", "--is-shallow-repository") == "true":
        hint = f"{hint}; " if hint else ""
        hint += "this clone is shallow: `git fetch --unshallow`, or in CI fetch the whole history (fetch-depth: 0)"
    return SourceError(f"unknown revision {name!r}", id=ErrorId.REVISION_UNKNOWN, hint=hint, where=git.where)


def branches_and_tags(git: Git) -> tuple[str, ...]:
    """Short names of all branches, remote branches and tags."""
    listed = git.try_text("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes", "refs/tags").splitlines()
    return tuple(ref.split("/", 2)[2] for ref in listed if ref.count("/") >= 2 and not ref.endswith("/HEAD"))
