"""The two sources: the user's checkout, and a mirror of a remote. Both read commits the same way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from gitctl.errors import ErrorId, SourceError
from gitctl.model.blamed import Blamed
from gitctl.model.revision import Revision
from gitctl.protocols import Tree
from gitctl.source.blame import blame_file, newest_change, newest_change_of_lines
from gitctl.source.checkout import repository
from gitctl.source.git import Git
from gitctl.source.mirror import FETCH_SECONDS, Mirror
from gitctl.source.names import is_full_sha, parse_remote
from gitctl.source.resolve import find_commit, unknown
from gitctl.source.transport import failure, transport_to
from gitctl.source.tree import CommitTree
from gitctl.source.worktree import WorkTree


class LocalSource:
    """A `protocols.Source` over the checkout at `root`. Nothing is asked of Git before the first question."""

    def __init__(self, root: Path, *, default: str = "") -> None:
        self.root = root
        self.default = default or "HEAD"
        self.may_fetch = True

    @cached_property
    def git(self) -> Git:
        """The repository. Raises SourceError when `root` is not in one."""
        return repository(self.root)

    def resolve(self, name: str = "") -> Revision:
        """The commit of a name, of the default one for "". A whole commit id that is not here is fetched
        (`may_fetch`). Raises SourceError."""
        name = name or self.default
        found = find_commit(self.git, name, repo=str(self.root))
        if found is None and is_full_sha(name) and self.may_fetch and self._fetch_commit(name):
            found = find_commit(self.git, name, repo=str(self.root))
        if found is None:
            raise unknown(self.git, name)
        return found

    def tree(self, revision: Revision) -> Tree:
        """The files of a commit; those on the disk for a dirty revision."""
        return WorkTree(self.root) if revision.dirty or not revision.sha else CommitTree(self.git, revision)

    def fetch(self) -> None:
        """Bring the remote-tracking branches up to date. Raises SourceError."""
        self._fetch_from_remote(())

    def changed_paths(self, old: str, new: str, *places: str) -> tuple[str, ...]:
        """Paths that differ between two commits (ids), below `places` when there are any."""
        return changed_paths(self.git, old, new, *places)

    def blame(self, sha: str, path: str) -> Mapping[int, Blamed]:
        """Line → the commit that last changed it."""
        return blame_file(self.git, sha, path, repo=str(self.root))

    def newest_change(self, sha: str, places: Iterable[str]) -> Revision | None:
        """The newest commit, up to `sha`, that changed a file at or below `places`."""
        return newest_change(self.git, sha, places, repo=str(self.root))

    def newest_change_of_lines(self, sha: str, path: str, first: int, last: int) -> Revision | None:
        """The same for some lines of a file."""
        return newest_change_of_lines(self.git, sha, path, first, last, repo=str(self.root))

    def _fetch_commit(self, sha: str) -> bool:
        """A shallow clone stays shallow: `--depth=1` would cut a whole one."""
        shallow = self.git.try_text("rev-parse", "--is-shallow-repository") == "true"
        try:
            self._fetch_from_remote(("--depth=1",) if shallow else (), sha)
        except SourceError:
            return False
        return True

    def _fetch_from_remote(self, flags: tuple[str, ...], *refs: str) -> None:
        from gitctl.source.upstream import nearest_remote

        found = nearest_remote(self.root)
        if found is None:
            raise SourceError(
                "the repository has no remote to fetch from", id=ErrorId.NO_REMOTE, hint="git remote add origin URL", where=self.git.where
            )
        remote = parse_remote(found.url, base=self.root)
        transport = transport_to(remote, self.git)
        quiet = ("fetch", "--quiet", "--no-recurse-submodules", "--no-write-fetch-head")
        done = self.git.run(*quiet, *flags, "--end-of-options", found.remote, *refs, env=transport.env, timeout=FETCH_SECONDS)
        if done.code:
            raise failure(remote, done)


class MirrorSource:
    """A `protocols.Source` over a remote. The mirror is brought up to date once, before the first question."""

    def __init__(self, mirror: Mirror, *, default: str = "") -> None:
        self.mirror = mirror
        self.default = default or "HEAD"

    @cached_property
    def stale_seconds(self) -> float | None:
        """None when the remote answered, else the age of what is cached. Raises SourceError."""
        return self.mirror.update()

    def resolve(self, name: str = "") -> Revision:
        """The commit of a name, of the default one for "". A whole commit id names the same for ever, so it is never stale."""
        name = name or self.default
        stale, git, repo = self.stale_seconds, self.mirror.git, self.mirror.url
        found = find_commit(git, name, repo=repo)
        if found is None and is_full_sha(name) and stale is None and self.mirror.fetch_commit(name):
            found = find_commit(git, name, repo=repo)
        if found is None:
            raise unknown(git, name)
        return found if is_full_sha(name) else replace(found, stale_seconds=stale)

    def tree(self, revision: Revision) -> Tree:
        """The files of a commit."""
        return CommitTree(self.mirror.git, revision)

    def fetch(self) -> None:
        """Fetch again. Raises SourceError when the remote gives no answer."""
        stale = self.mirror.update()
        self.__dict__["stale_seconds"] = stale
        if stale is not None:
            raise SourceError(
                f"the remote {self.mirror.url} cannot be reached", id=ErrorId.REMOTE_UNREACHABLE, hint="check the network and the URL"
            )

    def changed_paths(self, old: str, new: str, *places: str) -> tuple[str, ...]:
        """Paths that differ between two commits (ids), below `places` when there are any."""
        return changed_paths(self.mirror.git, old, new, *places)

    def blame(self, sha: str, path: str) -> Mapping[int, Blamed]:
        """Line → the commit that last changed it."""
        return blame_file(self.mirror.git, sha, path, repo=self.mirror.url)

    def newest_change(self, sha: str, places: Iterable[str]) -> Revision | None:
        """The newest commit, up to `sha`, that changed a file at or below `places`."""
        return newest_change(self.mirror.git, sha, places, repo=self.mirror.url)

    def newest_change_of_lines(self, sha: str, path: str, first: int, last: int) -> Revision | None:
        """The same for some lines of a file."""
        return newest_change_of_lines(self.mirror.git, sha, path, first, last, repo=self.mirror.url)


def changed_paths(git: Git, old: str, new: str, *places: str) -> tuple[str, ...]:
    """Paths that differ between two commits (ids), renames as two paths. Raises SourceError."""
    out = git.out("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", old, new, "--", *places)
    return tuple(path for path in out.decode("utf-8", "surrogateescape").split("\0") if path)
