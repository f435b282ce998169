"""The lock: a ref per app that is moved by compare and swap. Who holds it stands in its commit.

The rules are those of the lease in a cluster: a holder that is a dead process of this machine is taken over at once, one that has not
renewed for 60 s by the clock of the waiting side too. What is more: the lock moves in the same step as whatever is written, so a run
that lost it cannot write, however long it was stopped in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

from gitctl.errors import ErrorId, GitctlError, Interrupted, Locked, StateMoved
from gitctl.model.lock import Holding
from gitctl.model.outcome import Event, EventKind
from gitctl.parallel import Deadline, mutex
from gitctl.protocols import Cancel, Emit
from gitctl.refs import RefMove, Refs
from gitctl.target.holder import Holder, boottime, this_run
from gitctl.target.life import TTL, Sight, watched
from gitctl.target.silence import Silence

RENEW = 15.0
SAFE = 50.0
_POLL = 1.0
_TRIES = 5
_FILE = "holder.json"


class RefLock:
    """The lock of one app, in this run's hands or on the way there."""

    def __init__(self, refs: Refs, ref: str, owner: str, *, notes: FilePath) -> None:
        self._refs = refs
        self._ref = ref
        self._owner = owner
        self._me = this_run()
        self._since = _now()
        self._silence = Silence(notes, f"{refs.where}\n{ref}")
        self._mutex = mutex()
        self._sha = ""
        self._renewals = 0
        self._renewed = float("-inf")
        self._asked = float("-inf")

    def check(self) -> None:
        """Raise Locked when the lock is lost, or may be. Renews it from time to time."""
        with self._mutex:
            quiet = boottime() - self._renewed
            if quiet > SAFE:
                raise self._lost(f"it was not renewed for {SAFE:g} s")
            if quiet > RENEW and not self._swap(self._sha):
                raise self._lost("another run has it")

    def fence(self) -> RefMove:
        """A renewal as a move that goes along with others: all of them fail when the lock is not ours any more."""
        with self._mutex:
            self._asked = boottime()
            return RefMove(self._ref, self._sha, self._renewal())

    def fenced(self, move: RefMove) -> None:
        """The move was made."""
        with self._mutex:
            self._sha, self._renewed = move.new, self._asked

    def require_ours(self) -> None:
        """Raise Locked when another run has the lock by now."""
        now = self._tip()
        if now != self._sha:
            by = self._note(now).get("identity")
            raise self._lost(f"it was taken by {by}" if by else "it was taken away (gitctl unlock ends so)")

    def _lost(self, why: str) -> Locked:
        message = f"the lock of {self._owner} is lost: {why}"
        return Locked(message, id=ErrorId.LOCK_LOST, hint="nothing was committed; run the command again")

    @contextmanager
    def held(self, *, timeout: float, emit: Emit, cancel: Cancel | None) -> Iterator[RefLock]:
        """Hold it. Raises Locked after `timeout` seconds (0: at once), Interrupted, SourceError."""
        self._acquire(Deadline(timeout), emit, cancel)
        with self._given_back():
            yield self

    @contextmanager
    def _given_back(self) -> Iterator[None]:
        try:
            yield
        finally:
            # Where that fails, the lock ends by its own silence.
            with suppress(GitctlError):
                self._refs.move([RefMove(self._ref, self._sha, "")])

    def holding(self, *, seconds: float, cancel: Cancel | None) -> Holding | None:
        """Who holds it, None when nobody does; looks for at most `seconds`. Raises SourceError."""
        return watched(lambda: self._sight(self._tip()), self._silence, self._me, seconds=seconds, cancel=cancel)

    @contextmanager
    def evicting(self, found: Holding) -> Iterator[RefLock]:
        """Take it from the holder that was found, and hold it. That run cannot write from now on. Raises Locked, SourceError."""
        self._take_from(found.holder)
        with self._given_back():
            yield self

    def _take_from(self, identity: str) -> None:
        for _ in range(_TRIES):
            sha = self._tip()
            if sha and _holder(self._note(sha)).identity != identity:
                break
            if self._swap(sha):
                return
        raise self._refused(self._note(self._tip()))

    def _tip(self) -> str:
        return self._refs.tips(self._ref, merged=False).get(self._ref, "")

    def _sight(self, sha: str) -> Sight | None:
        note = self._note(sha)
        return Sight(_holder(note), sha, str(note.get("since") or ""), str(note.get("renewed") or "")) if sha else None

    def _acquire(self, deadline: Deadline, emit: Emit, cancel: Cancel | None) -> None:
        said = False
        while True:
            sha = self._tip()
            note = self._note(sha)
            if self._is_free(sha, note) and self._swap(sha):
                return
            if deadline.left() <= 0:
                raise self._refused(note)
            if not said:
                emit(Event(EventKind.WAITING, f"waiting for the lock: {_held_by(note)}"))
                said = True
            deadline.sleep(_POLL)
            if cancel is not None and cancel.requested():
                raise Interrupted(f"interrupted while waiting for the lock of {self._owner}")

    def _refused(self, note: dict[str, Any]) -> Locked:
        return Locked(
            f"{self._owner} is locked: {_held_by(note)}",
            hint=f"wait for it (--lock-timeout 5m), or try again: a holder that is silent for {TTL:g} s is taken over",
        )

    def _is_free(self, sha: str, note: dict[str, Any]) -> bool:
        return not sha or _holder(note).is_dead(self._me) or self._silence.seconds(sha) >= TTL

    def _note(self, sha: str) -> dict[str, Any]:
        """What the lock's commit says. A commit that says nothing, or that is not here yet, is somebody all the same."""
        try:
            found = json.loads(self._refs.files(sha, (_FILE,))[_FILE]) if sha else {}
        except (GitctlError, KeyError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _swap(self, before: str) -> bool:
        """Put our name in the place of what stood there; False when another run was faster."""
        at, sha = boottime(), self._renewal()
        try:
            self._refs.move([RefMove(self._ref, before, sha)])
        except StateMoved:
            return False
        self._sha, self._renewed = sha, at
        return True

    def _renewal(self) -> str:
        """A commit with our name; no ref names it yet. Counted, so that it is another one whatever the clock says."""
        self._renewals += 1
        about = {"since": self._since, "renewed": _now(), "renewals": self._renewals, **asdict(self._me)}
        note = json.dumps(about, indent=1).encode()
        return self._refs.note({_FILE: note}, f"{self._owner} is locked by {self._me.identity}\n", parent="")


def _holder(note: dict[str, Any]) -> Holder:
    text = {key: str(note.get(key, "")) for key in ("identity", "host", "boot", "pids", "started")}
    pid = note.get("pid")
    number = pid if isinstance(pid, int) and pid > 0 else 0
    return Holder(text["identity"], text["host"], text["boot"] if number else "", text["pids"], number, text["started"])


def _held_by(note: dict[str, Any]) -> str:
    return f"held by {note.get('identity') or 'another run'} since {note.get('since') or 'now'}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
