"""Mirror: a bare copy of a remote in the cache folder, brought up to date at the start of a command."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitctl.errors import ErrorId, SourceError
from gitctl.process import Finished
from gitctl.redact import strip_url
from gitctl.source.git import CORRUPT, Git
from gitctl.source.lock import locked
from gitctl.source.names import Remote
from gitctl.source.transport import Unreachable, failure, transport_to

FETCH_SECONDS = 120.0
CLONE_SECONDS = 900.0
ATTEMPTS = 3

_STAMP = "gitctl-fetched"
_LATE = -1000
# What gitctl keeps about rendered branches comes along: it costs no second connection.
_FETCHED = ("heads", "tags", "gitctl/state", "gitctl/lock")
_REFS = tuple(f"+refs/{kind}/*:refs/{kind}/*" for kind in _FETCHED)
_FETCH = ("fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")


class _MayPass(Exception):
    """A failure of the network that is worth another try."""

    def __init__(self, done: Finished) -> None:
        self.done = done


class Mirror:
    """One remote in the cache. `git` reads it; a broken mirror is made anew when reading finds that out."""

    def __init__(self, remote: Remote, *, cache: Path, timeout: float = FETCH_SECONDS) -> None:
        self.remote = remote
        self.url = strip_url(remote.url)
        self.transport = transport_to(remote)
        self._timeout = timeout
        self._home = cache / "git"
        name = hashlib.sha256(remote.url.encode()).hexdigest()[:20]
        self.folder = self._home / f"{name}.git"
        self._lock = self._home / f"{name}.lock"
        self.git = Git(self.folder, bare=True, secret=self.transport.secret, heal=self.rebuild)
        # For use while the lock is held: healing would wait for it for ever.
        self._plain = Git(self.folder, bare=True, secret=self.transport.secret)

    def update(self) -> float | None:
        """Fetch all branches and tags. None when the mirror is up to date, else its age in seconds because the remote gave no
        answer. Raises SourceError when there is nothing cached either, or the remote refuses."""
        began = time.time()
        with self._held():
            if not self.folder.is_dir():
                self._clone()
            elif self._fetched_at() < began:  # else another process fetched while we waited for it
                return self._refresh()
        return None

    def rebuild(self) -> None:
        """Throw the mirror away and fetch everything again. Raises SourceError; the broken mirror then stays."""
        with self._held():
            self._clone()

    def fetch_commit(self, sha: str) -> bool:
        """Ask the remote for one commit that no branch holds any more. False when it does not give it."""
        with self._held():
            return self._fetch(self._plain, sha).code == 0

    def _refresh(self) -> float | None:
        """HEAD follows the remote's only when it points nowhere any more: asking for it costs another connection."""
        done = self._fetch_retrying()
        if done.code and CORRUPT.search(done.stderr):
            self._clone()
        elif done.code:
            error = failure(self.remote, done)
            if isinstance(error, Unreachable):
                return max(0.0, time.time() - self._fetched_at())
            raise error
        if not self._plain.try_text("rev-parse", "--verify", "--quiet", "HEAD"):
            self._point_head(self._plain)
        self._stamp(self.folder)
        return None

    def _fetch_retrying(self) -> Finished:
        done = self._fetch(self._plain, "--prune", *_REFS)
        if not self._may_pass(done):
            return done
        import stamina

        again = stamina.retry(on=_MayPass, attempts=ATTEMPTS - 1, wait_initial=0.3, wait_max=3, timeout=self._timeout)
        try:
            return again(self._fetch_or_raise)()
        except _MayPass as last:
            return last.done

    def _fetch_or_raise(self) -> Finished:
        done = self._fetch(self._plain, "--prune", *_REFS)
        if self._may_pass(done):
            raise _MayPass(done)
        return done

    def _may_pass(self, done: Finished) -> bool:
        """Running out of time is not tried again: it has taken long enough."""
        if done.code in (0, _LATE) or self.remote.scheme == "file" or CORRUPT.search(done.stderr):
            return False
        return isinstance(failure(self.remote, done), Unreachable)

    def _fetch(self, git: Git, *what: str, timeout: float = 0.0) -> Finished:
        flags = tuple(arg for arg in what if arg.startswith("--"))
        call = (*_FETCH, *flags, "--end-of-options", self.remote.url, *what[len(flags) :])
        try:
            return git.run(*call, env=self.transport.env, timeout=timeout or self._timeout)
        except SourceError as late:
            return Finished(_LATE, b"", late.message)

    def _clone(self) -> None:
        """Into a new folder that takes the old one's place in one step, so that readers never see half of it."""
        new = Path(tempfile.mkdtemp(prefix="new-", dir=self._home))
        try:
            git = Git(new, bare=True, secret=self.transport.secret)
            Git(self._home).out("init", "--quiet", "--bare", "--template=", str(new))
            done = self._fetch(git, *_REFS, timeout=CLONE_SECONDS)
            if done.code:
                raise failure(self.remote, done)
            self._point_head(git)
            self._stamp(new)
            if self.folder.exists():
                shutil.rmtree(self.folder)
            new.rename(self.folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _point_head(self, git: Git) -> None:
        """HEAD becomes the remote's default branch, where it says which that is."""
        asked = ("ls-remote", "--symref", "--end-of-options", self.remote.url, "HEAD")
        done = git.run(*asked, env=self.transport.env, timeout=self._timeout)
        first = done.stdout.decode("utf-8", "replace").partition("\t")[0]
        if done.code == 0 and first.startswith("ref: refs/heads/"):
            git.out("symbolic-ref", "HEAD", first.removeprefix("ref: "))

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Raises SourceError, also for a cache that cannot be written: without a mirror there is nothing to read."""
        try:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._home.chmod(0o700)
            with locked(self._lock, timeout=CLONE_SECONDS):
                yield
        except OSError as fault:
            raise SourceError(
                f"the mirror of {self.url} cannot be written: {fault.strerror or fault}",
                id=ErrorId.CACHE_UNWRITABLE,
                where=str(self._home),
                hint="make room there, or name another folder: GITCTL_CACHE_DIR",
            ) from None

    def _fetched_at(self) -> float:
        try:
            return float((self.folder / _STAMP).read_text())
        except (OSError, ValueError):
            return 0.0

    def _stamp(self, folder: Path) -> None:
        (folder / _STAMP).write_text(f"{time.time():.3f}\n")
