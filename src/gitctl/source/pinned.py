"""PinnedCommits: single commits of other repositories, without their history, in the cache folder. Once here, no network is asked."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gitctl.errors import ErrorId, SourceError
from gitctl.process import Finished
from gitctl.protocols import Tree
from gitctl.redact import strip_url
from gitctl.source.git import CORRUPT, Git
from gitctl.source.lock import locked
from gitctl.source.names import Remote, parse_remote
from gitctl.source.resolve import find_commit
from gitctl.source.token import with_known_trust
from gitctl.source.transport import failure, transport_to
from gitctl.source.tree import CommitTree

FETCH_SECONDS = 300.0
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--depth=1", "--end-of-options")
_NO_COMMIT = re.compile(r"not our ref|unadvertised object|couldn't find remote ref|did not send all necessary", re.IGNORECASE)


class PinnedCommits:
    """Implements `protocols.Bases`. `root` is the checkout whose remotes may have the token of the environment, `known` the URL of the
    project's source; one bare repository an address. Git checks that what it gets has the id that was asked for."""

    def __init__(self, root: Path, *, cache: Path, say: Callable[[str], None], known: str = "", timeout: float = FETCH_SECONDS) -> None:
        self._root = root
        self._home = cache / "bases"
        self._say = say
        self._known = known
        self._timeout = timeout
        self._trees: dict[tuple[str, str], Tree] = {}

    def tree(self, url: str, commit: str) -> Tree:
        """The files of a commit. Raises SourceError when it is not here and cannot be had."""
        if (url, commit) not in self._trees:
            remote = with_known_trust(parse_remote(url, base=self._root), self._root, known=self._known)
            self._trees[url, commit] = self._kept(remote, commit)
        return self._trees[url, commit]

    def _kept(self, remote: Remote, commit: str) -> Tree:
        folder, shown = self._folder_of(remote), strip_url(remote.url)
        self._have(folder, remote, commit)
        git = Git(folder, bare=True, heal=partial(self._have, folder, remote, commit, anew=True))
        found = find_commit(git, commit, repo=shown)
        if found is None:
            raise _absent(shown, commit)
        return CommitTree(git, found)

    def _folder_of(self, remote: Remote) -> Path:
        return self._home / f"{hashlib.sha256(remote.url.encode()).hexdigest()[:20]}.git"

    def _have(self, folder: Path, remote: Remote, commit: str, *, anew: bool = False) -> None:
        """A copy that is broken is thrown away: all of it can be fetched again."""
        git, shown = Git(folder, bare=True), strip_url(remote.url)
        try:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(folder.with_suffix(".lock"), timeout=self._timeout):
                if anew:
                    shutil.rmtree(folder, ignore_errors=True)
                if not (folder.is_dir() and git.try_text("cat-file", "-t", commit) == "commit"):
                    self._say(f"fetching {shown} at {commit[:12]}")
                    self._fetch(git, remote, commit)
        except OSError as fault:
            raise SourceError(
                f"the copy of {shown} cannot be written: {fault.strerror or fault}",
                id=ErrorId.CACHE_UNWRITABLE,
                hint="make room there, or name another folder: GITCTL_CACHE_DIR",
            ) from None

    def _fetch(self, git: Git, remote: Remote, commit: str) -> None:
        done = self._fetched(git, remote, commit)
        if done.code and CORRUPT.search(done.stderr):
            shutil.rmtree(git.folder, ignore_errors=True)
            done = self._fetched(git, remote, commit)
        if done.code:
            raise _absent(strip_url(remote.url), commit) if _NO_COMMIT.search(done.stderr) else failure(remote, done)

    def _fetched(self, git: Git, remote: Remote, commit: str) -> Finished:
        if not git.folder.is_dir():
            format_ = "sha256" if len(commit) == 64 else "sha1"
            Git(self._home).out("init", "--quiet", "--bare", "--template=", f"--object-format={format_}", str(git.folder))
        transport = transport_to(remote)
        fetching = Git(git.folder, bare=True, secret=transport.secret)
        return fetching.run(*_FETCH, remote.url, commit, env=transport.env, timeout=self._timeout)


def _absent(shown: str, commit: str) -> SourceError:
    return SourceError(
        f"the repository {shown} has no commit {commit}",
        id=ErrorId.REVISION_UNKNOWN,
        hint=f"was it rewritten? pin one that is there: git ls-remote {shown}",
    )
