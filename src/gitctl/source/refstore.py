"""The two stores of refs: the user's own repository with its remote, and a mirror whose remote alone counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from gitctl.errors import ErrorId, Refused, SourceError
from gitctl.refs import LOCK_REFS, RefMove
from gitctl.source.checkout import repository
from gitctl.source.commit import require_identity
from gitctl.source.commits import Commits
from gitctl.source.leases import Link, move_here, move_there, moved
from gitctl.source.mirror import FETCH_SECONDS, Mirror
from gitctl.source.names import parse_remote
from gitctl.source.transport import Unreachable, failure, transport_to

_QUIET_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")


class CheckoutRefs(Commits):
    """The refs of a checkout's repository. With `push` its remote is written first; else moves stay here until `publish`."""

    def __init__(self, root: Path, *, push: bool) -> None:
        super().__init__(repository(root), str(root))
        self._root = root
        self._push = push
        # What the last looks found: here, at the remote, and what counts.
        self._here: dict[str, str] = {}
        self._there: dict[str, str] = {}
        self._counts: dict[str, str] = {}
        self._away = ""

    @cached_property
    def _link(self) -> Link | None:
        """The remote `origin`, else the only one. Raises SourceError for a URL that gitctl does not use."""
        names = self.git.text("remote").split()
        name = "origin" if "origin" in names else names[0] if len(names) == 1 else ""
        if not name:
            return None
        remote = parse_remote(self.git.text("config", "--get", f"remote.{name}.url"), base=self._root)
        return Link(remote, name, transport_to(remote, self.git))

    @property
    def shared(self) -> bool:
        """See Refs."""
        return self._push

    @property
    def warnings(self) -> tuple[str, ...]:
        """See Refs."""
        return (f"{self._away}: its branch is taken as it was last seen here",) if self._away else ()

    def tips(self, *refs: str, merged: bool = True) -> Mapping[str, str]:
        """See Refs. Without `push`, a remote that gives no answer is a warning."""
        looks_there = merged or self._push
        here, there = self.here(refs), self._asked(refs) if looks_there else {}
        self._bring(here, there)
        if merged:
            found = {ref: self._newer(here.get(ref, ""), there.get(ref, "")) for ref in sorted({*here, *there})}
            self._require_one_line([ref for ref, sha in found.items() if not sha])
        else:
            found = there if self._push else here
        for known, now in ((self._here, here), (self._counts, found), *([(self._there, there)] if looks_there else [])):
            _replace(known, refs, now)
        return found

    def _asked(self, refs: Collection[str]) -> dict[str, str]:
        try:
            link = self._link
        except SourceError as unusable:
            if self._push:
                raise
            self._away = unusable.message
            return {}
        if link is None:
            if self._push:
                hint = "git remote add origin URL, or leave --push out"
                message = "there is no remote `origin` to push to, nor a single other one"
                raise SourceError(message, id=ErrorId.NO_REMOTE, hint=hint, where=self.where)
            return {}
        patterns = [f"{ref}*" if ref.endswith("/") else ref for ref in refs]
        call = ("ls-remote", "--quiet", "--end-of-options", link.called, *patterns)
        done = self.git.run(*call, env=link.transport.env, timeout=FETCH_SECONDS)
        if done.code:
            error = failure(link.remote, done)
            if self._push or not isinstance(error, Unreachable):
                raise error
            self._away = error.message
            return {}
        rows = (line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines())
        # A pattern of ls-remote also fits the ends of longer names.
        return {ref: sha for sha, ref in rows if _is_among(ref, refs)}

    def _bring(self, here: Mapping[str, str], there: Mapping[str, str]) -> None:
        """Fetch the commits that only the remote has. No ref of this repository changes."""
        lacking = [ref for ref, sha in there.items() if here.get(ref) != sha and self.git.run("cat-file", "-e", f"{sha}^{{commit}}").code]
        link = self._link if lacking else None
        if link is None:
            return
        done = self.git.run(*_QUIET_FETCH, "--end-of-options", link.called, *lacking, env=link.transport.env, timeout=FETCH_SECONDS)
        if done.code:
            raise failure(link.remote, done)

    def _newer(self, here: str, there: str) -> str:
        """The commit that holds the other one, "" when neither does."""
        if not (here and there) or here == there:
            return here or there
        return there if self._is_ancestor(here, there) else here if self._is_ancestor(there, here) else ""

    def _require_one_line(self, diverged: Sequence[str]) -> None:
        if diverged:
            url = self._link.url if self._link else ""
            raise SourceError(
                f"what is here was never pushed, and {url} has moved on meanwhile: {diverged[0].removeprefix('refs/heads/')}",
                id=ErrorId.BRANCH_DIVERGED,
                details=[f"git update-ref -d {ref}" for ref in diverged],
                hint="these commands give up what is here, so that the remote counts; then run the command again",
                where=self.where,
            )

    def _is_ancestor(self, old: str, new: str) -> bool:
        return self.git.run("merge-base", "--is-ancestor", old, new).code == 0

    def require_writable(self, ref: str) -> None:
        """See Refs."""
        require_identity(self.git)
        place = self.git.try_text("for-each-ref", "--format=%(worktreepath)", ref)
        if place or self.git.try_text("symbolic-ref", "--quiet", "HEAD") == ref:
            name = ref.removeprefix("refs/heads/")
            message = f"the branch {name} is checked out in {place or self.where}"
            raise Refused(message, id=ErrorId.BRANCH_CHECKED_OUT, hint="switch to another branch there: git switch -")

    def move(self, moves: Sequence[RefMove]) -> None:
        """See Refs. After a push the refs here follow as well as they can: the next look takes the newer of both."""
        if any(self._counts.get(m.ref, "") != m.old for m in moves):
            raise moved(moves, self.where)
        if self._push and self._link is not None:
            move_there(self.git, self._link, [replace(m, old=self._there.get(m.ref, "")) for m in moves])
            self._there.update({m.ref: m.new for m in moves})
            self._follow([m for m in moves if not m.ref.startswith(LOCK_REFS)])
        else:
            here = [replace(m, old=self._here.get(m.ref, "")) for m in moves]
            # What is to go and is at the remote only stays there until somebody pushes.
            move_here(self.git, [m for m in here if m.old or m.new])
            self._here.update({m.ref: m.new for m in moves})
        self._counts.update({m.ref: m.new for m in moves})

    def _follow(self, moves: Sequence[RefMove]) -> None:
        for move in moves:
            old = self._here.get(move.ref, "")
            call = (move.ref, move.new, old or "0" * len(move.new)) if move.new else ("-d", move.ref, old)
            if (move.new or old) and self.git.run("update-ref", *call).code == 0:
                self._here[move.ref] = move.new

    def publish(self) -> tuple[str, ...]:
        """See Refs."""
        link = self._link if self._push else None
        if link is None:
            return ()
        ahead = [RefMove(ref, self._there.get(ref, ""), sha) for ref, sha in self._here.items() if sha and self._is_ahead(ref, sha)]
        if not ahead:
            return ()
        move_there(self.git, link, ahead)
        self._there.update({m.ref: m.new for m in ahead})
        return tuple(m.ref for m in ahead)

    def _is_ahead(self, ref: str, here: str) -> bool:
        there = self._there.get(ref, "")
        return here != there and (not there or self._is_ancestor(there, here))


def _replace(known: dict[str, str], refs: Collection[str], now: Mapping[str, str]) -> None:
    """What was known of these refs gives way to what they are now."""
    for ref in [ref for ref in known if _is_among(ref, refs)]:
        del known[ref]
    known.update(now)


def _is_among(ref: str, refs: Collection[str]) -> bool:
    return ref in refs or any(ref.startswith(name) for name in refs if name.endswith("/"))


class MirrorRefs(Commits):
    """The refs of a remote, read through its mirror. Nobody sees a commit in a mirror: every move is a push."""

    shared = True

    def __init__(self, mirror: Mirror) -> None:
        super().__init__(mirror.git, mirror.url)
        self._mirror = mirror
        self._link = Link(mirror.remote, mirror.remote.url, mirror.transport)
        self._stale: float | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """See Refs."""
        if self._stale is None:
            return ()
        return (f"the remote {self.where} cannot be reached: its branch is taken as it was {int(self._stale)} s ago",)

    def tips(self, *refs: str, merged: bool = True) -> Mapping[str, str]:
        """See Refs."""
        del merged
        self._stale = self._mirror.update()
        return self.here(refs)

    def require_writable(self, ref: str) -> None:
        """See Refs: nobody works in a mirror."""
        del ref
        require_identity(self.git)

    def move(self, moves: Sequence[RefMove]) -> None:
        """See Refs. The mirror follows with its next fetch."""
        move_there(self.git, self._link, moves)

    def publish(self) -> tuple[str, ...]:
        """See Refs: nothing is ever left behind."""
        return ()
