"""PinnedCommits: single commits of other repositories, without their history, in the cache folder. Once here, no network is asked.

Each has a bare repository of its own: what cannot be had whole is removed whole, and what nobody uses any more makes room for others.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gitctl.errors import ErrorId, GitctlError, InputError, SourceError
from gitctl.limits import Limits, no_memory
from gitctl.process import Finished
from gitctl.protocols import Tree
from gitctl.redact import strip_url
from gitctl.source.git import Git
from gitctl.source.leastused import MOST_BYTES, lock_of, make_room
from gitctl.source.lock import locked
from gitctl.source.names import Remote, parse_remote
from gitctl.source.resolve import find_commit
from gitctl.source.token import with_known_trust
from gitctl.source.transport import failure, transport_to
from gitctl.source.tree import CommitTree

FETCH_SECONDS = 300.0
LIMITS = Limits(output=1 << 20)
"""Of git and its helpers while they fetch: a server may send without end."""
# One pack, however few objects there are: the limit of a file is then that of all that comes.
_ONE_PACK = ("-c", "fetch.unpackLimit=1")
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--depth=1", "--end-of-options")
_NO_COMMIT = re.compile(r"not our ref|unadvertised object|couldn't find remote ref|did not send all necessary", re.IGNORECASE)


class PinnedCommits:
    """Implements `protocols.Bases`. `root` is the checkout whose remotes may have the token of the environment, `known` the URL of the
    project's source. Git checks that what it gets has the id that was asked for. `limits` bound one fetch, `most_bytes` all that is
    kept and not in use."""

    def __init__(
        self,
        root: Path,
        *,
        cache: Path,
        say: Callable[[str], None],
        known: str = "",
        timeout: float = FETCH_SECONDS,
        limits: Limits = LIMITS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._root = root
        self._home = cache / "bases"
        self._say = say
        self._known = known
        self._timeout = timeout
        self._limits = limits
        self._most_bytes = most_bytes
        self._trees: dict[tuple[str, str], Tree] = {}

    def tree(self, url: str, commit: str) -> Tree:
        """The files of a commit. Raises SourceError when it is not here and cannot be had, InputError when it is too large."""
        if (url, commit) not in self._trees:
            remote = with_known_trust(parse_remote(url, base=self._root), self._root, known=self._known)
            self._trees[url, commit] = self._kept(remote, commit)
        return self._trees[url, commit]

    def _kept(self, remote: Remote, commit: str) -> Tree:
        folder, shown = self._folder_of(remote, commit), strip_url(remote.url)
        self._have(folder, remote, commit)
        git = Git(folder, bare=True, heal=partial(self._have, folder, remote, commit, anew=True))
        found = find_commit(git, commit, repo=shown)
        if found is None:
            raise _absent(shown, commit)
        return CommitTree(git, found)

    def _folder_of(self, remote: Remote, commit: str) -> Path:
        return self._home / f"{hashlib.sha256(f'{remote.url} {commit}'.encode()).hexdigest()[:20]}.git"

    def _have(self, folder: Path, remote: Remote, commit: str, *, anew: bool = False) -> None:
        """A copy that is broken, or was left half made, is thrown away: all of it can be fetched again."""
        shown = strip_url(remote.url)
        try:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(lock_of(folder), timeout=self._timeout):
                fetching = anew or not _holds(folder, commit)
                if fetching:
                    self._say(f"fetching {shown} at {commit[:12]}")
                    self._fetch(folder, remote, commit)
                os.utime(folder)
        except OSError as fault:
            raise SourceError(
                f"the copy of {shown} cannot be written: {fault.strerror or fault}",
                id=ErrorId.CACHE_UNWRITABLE,
                hint="make room there, or name another folder: GITCTL_CACHE_DIR",
            ) from None
        if fetching:
            make_room(self._home, most=self._most_bytes)

    def _fetch(self, folder: Path, remote: Remote, commit: str) -> None:
        """Whole, or nothing of it stays."""
        shutil.rmtree(folder, ignore_errors=True)
        try:
            done = self._fetched(folder, remote, commit)
            if done.code:
                raise self._failure(folder, remote, commit, done)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _fetched(self, folder: Path, remote: Remote, commit: str) -> Finished:
        format_ = "sha256" if len(commit) == 64 else "sha1"
        Git(self._home).out("init", "--quiet", "--bare", "--template=", f"--object-format={format_}", str(folder))
        transport = transport_to(remote)
        git = Git(folder, bare=True, secret=transport.secret, limits=self._limits)
        most = self._limits.output
        try:
            return git.run(*_ONE_PACK, *_FETCH, remote.url, commit, env=transport.env, timeout=self._timeout, most_output=most)
        except InputError:
            raise _too_large(remote, f"says more than {most >> 20} MiB", commit) from None

    def _failure(self, folder: Path, remote: Remote, commit: str, done: Finished) -> GitctlError:
        """A program that wants to write beyond the limit is ended by a signal, and the file is as long as it may be."""
        ours = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("remote:"))
        if any(path.stat().st_size >= self._limits.file for path in folder.rglob("*")):
            return _too_large(remote, f"sends more than {self._limits.file >> 20} MiB", commit)
        if no_memory(ours):
            return _too_large(remote, f"needs more than {self._limits.memory >> 20} MiB of memory", commit)
        return _absent(strip_url(remote.url), commit) if _NO_COMMIT.search(done.stderr) else failure(remote, done)


def _holds(folder: Path, commit: str) -> bool:
    return folder.is_dir() and Git(folder, bare=True).try_text("cat-file", "-t", commit) == "commit"


def _too_large(remote: Remote, what: str, commit: str) -> InputError:
    return InputError(
        f"the repository {strip_url(remote.url)} {what} for the commit {commit[:12]}",
        id=ErrorId.REPOSITORY_TOO_LARGE,
        hint="copy what is needed into the repository, or pin a commit that is smaller",
    )


def _absent(shown: str, commit: str) -> SourceError:
    return SourceError(
        f"the repository {shown} has no commit {commit}",
        id=ErrorId.REVISION_UNKNOWN,
        hint=f"was it rewritten? pin one that is there: git ls-remote {shown}",
    )
