"""GitPublisher: commits on top of a branch's tip, and pushes. Nothing is forced, no history is rewritten."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from gitctl.errors import ErrorId, Refused, SourceError
from gitctl.model.revision import Revision
from gitctl.process import Finished
from gitctl.redact import strip_url
from gitctl.source.branches import Branch, Destination, local_branch, mirrored_branch
from gitctl.source.checkout import dirty_paths
from gitctl.source.commit import write_commit
from gitctl.source.git import Git
from gitctl.source.mirror import Mirror
from gitctl.source.objects import check_path
from gitctl.source.resolve import find_commit
from gitctl.source.transport import Unreachable, failure

PUSH_SECONDS = 120.0


class GitPublisher:
    """A `protocols.Publisher` for one branch of one repository."""

    def __init__(self, find: Callable[[], Branch]) -> None:
        self._find = find

    @cached_property
    def branch(self) -> Branch:
        """The branch. Raises SourceError when there is none to commit to."""
        return self._find()

    @property
    def must_push(self) -> bool:
        """Is the branch one of a mirror, where nobody looks? Raises SourceError."""
        return self.branch.keep_ref != self.branch.tip_ref

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: Revision, executable: Collection[str] = ()) -> Revision:
        """One commit on top of `parent` (sha "" for a first commit) that writes (None: removes) files; `parent` when that changes nothing.

        New files named in `executable` may be run.
        Raises SourceError when the branch has moved, Refused when a file has uncommitted changes.
        """
        branch = self.branch
        tip = branch.git.try_text("rev-parse", "--verify", "--quiet", branch.tip_ref)
        if tip != parent.sha:
            moved = f"the branch {branch.name} is at {tip[:8] or 'no commit'}, not at {parent.short}"
            raise SourceError(moved, id=ErrorId.BRANCH_MOVED, hint="run the command again", where=branch.repo)
        for path in files:
            check_path(path)
        sha, written = write_commit(branch.git, files, message, parent=parent.sha, executable=executable)
        if sha == parent.sha:
            return parent
        if branch.root:
            _refuse_dirty(branch.git, branch.root, written)
        _move(branch, sha, parent.sha, message)
        if branch.root:
            _update_files(branch.git, written, sha)
        made = find_commit(branch.git, sha, repo=branch.repo)
        assert made is not None
        return replace(made, name=branch.name)

    def push(self, revision: Revision) -> None:
        """Push a commit of the branch to its upstream. Raises SourceError; the commit then stays where it is."""
        branch, there = self.branch, self.branch.destination()
        call = ("push", "--porcelain", "--no-verify", "--no-signed", "--end-of-options", there.called, f"{revision.sha}:{there.ref}")
        done = branch.git.run(*call, env=there.transport.env, timeout=PUSH_SECONDS)
        if done.code == 0:
            if branch.keep_ref != branch.tip_ref:
                branch.git.out("update-ref", branch.tip_ref, revision.sha)
            return
        raise _push_failure(branch, there, done)


def checkout_publisher(root: Path, *, branch: str = "") -> GitPublisher:
    """A publisher for a checkout: to `branch`, or the one that is checked out."""
    return GitPublisher(lambda: local_branch(root, branch))


def mirror_publisher(mirror: Mirror, *, branch: str = "") -> GitPublisher:
    """A publisher for a mirrored remote: to `branch`, or the remote's default branch. Nobody sees a commit before it is pushed."""
    return GitPublisher(lambda: mirrored_branch(mirror, branch))


def _move(branch: Branch, new: str, old: str, message: str) -> None:
    """The branch points to the new commit, if it has not moved since: compare and swap by git."""
    expected = (old or "0" * len(new),) if branch.keep_ref == branch.tip_ref else ()
    subject = message.partition("\n")[0][:200]
    done = branch.git.run("update-ref", "-m", f"gitctl: {subject}", branch.keep_ref, new, *expected)
    if done.code:
        raise branch.git.failure(
            f"the branch {branch.name} moved while the commit was made", done, hint="run the command again", id=ErrorId.BRANCH_MOVED
        )


def _push_failure(branch: Branch, there: Destination, done: Finished) -> SourceError:
    said = done.stdout.decode("utf-8", "replace") + done.stderr
    url = strip_url(there.remote.url)
    if "[rejected]" in said:
        hint = "git pull --rebase, then git push" if branch.root else "run the command again"
        return SourceError(f"{branch.name} at {url} has commits that are not here", id=ErrorId.PUSH_REJECTED, hint=hint)
    if "[remote rejected]" in said:
        return branch.git.failure(f"{url} does not accept the commit", done, hint="is the branch protected?", id=ErrorId.PUSH_REJECTED)
    error = failure(there.remote, done)
    return (
        Unreachable(error.message, id=error.id, hint="push again later: git push", details=error.details)
        if isinstance(error, Unreachable)
        else error
    )


def _refuse_dirty(git: Git, root: Path, files: Mapping[str, bytes | None]) -> None:
    """Refuse to lose uncommitted work: changed files, and files that Git does not know, unless they have the new content already."""
    changed = set(dirty_paths(git))
    tracked = set(git.out("ls-files", "-z").decode("utf-8", "surrogateescape").split("\0"))
    lost = [p for p, content in files.items() if (p in changed or p not in tracked) and _on_disk(root / p) not in (None, content)]
    gone = [p for p in files if p in changed and _on_disk(root / p) is None and files[p] is not None]
    if lost or gone:
        names = sorted(lost + gone)
        what = "file has" if len(names) == 1 else "files have"
        raise Refused(
            f"{len(names)} {what} uncommitted changes",
            id=ErrorId.UNCOMMITTED_CHANGES,
            hint="commit or stash them first",
            where=git.where,
            details=names[:10],
        )


def _on_disk(path: Path) -> bytes | None:
    """What stands at a path: the content, the target of a link, None for nothing."""
    try:
        return os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _update_files(git: Git, written: Mapping[str, bytes | None], sha: str) -> None:
    """Work tree and index follow, for the written paths alone: whatever else is staged or changed stays."""
    tracked = set(git.out("ls-files", "-z").decode("utf-8", "surrogateescape").split("\0"))
    paths = [path for path, content in written.items() if content is not None or (path in tracked and not _replaced(path, written))]
    stdin = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    call = ("restore", f"--source={sha}", "--staged", "--worktree", "--pathspec-from-file=-", "--pathspec-file-nul")
    done = git.run(*call, stdin=stdin)
    if done.code:
        hint = f"git restore --source={sha[:8]} --staged --worktree -- PATH"
        raise git.failure(f"committed as {sha[:8]}, but the work tree could not follow", done, hint=hint)


def _replaced(path: str, written: Mapping[str, bytes | None]) -> bool:
    """Has one of the folders above become a file? Git removes what was in it by itself."""
    parts = path.split("/")
    return any(written.get("/".join(parts[:n])) is not None for n in range(1, len(parts)))
