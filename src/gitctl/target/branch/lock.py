"""The lock: a ref per app that is moved by compare and swap. Who holds it stands in its commit.

The rules are those of the lease in a cluster: a holder that is a dead process of this machine is taken over at once, one that has not
renewed for 60 s by the clock of the waiting side too.
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
from gitctl.model.outcome import Event, EventKind
from gitctl.parallel import Deadline, mutex
from gitctl.protocols import Cancel, Emit
from gitctl.refs import RefMove, Refs
from gitctl.target.holder import Holder, boottime, this_run
from gitctl.target.silence import Silence

TTL = 60.0
RENEW = 15.0
SAFE = 50.0
_POLL = 1.0
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

    def check(self) -> None:
        """Raise Locked when the lock is lost, or may be. Renews it from time to time."""
        with self._mutex:
            quiet = boottime() - self._renewed
            if quiet > SAFE:
                raise self._lost(f"it was not renewed for {SAFE:g} s")
            if quiet > RENEW and not self._swap(self._sha):
                raise self._lost("another run has it")

    def _lost(self, why: str) -> Locked:
        message = f"the lock of {self._owner} is lost: {why}"
        return Locked(message, id=ErrorId.LOCK_LOST, hint="nothing was committed; run the command again")

    @contextmanager
    def held(self, *, timeout: float, emit: Emit, cancel: Cancel | None) -> Iterator[RefLock]:
        """Hold it. Raises Locked after `timeout` seconds (0: at once), Interrupted, SourceError."""
        self._acquire(Deadline(timeout), emit, cancel)
        try:
            yield self
        finally:
            # Where that fails, the lock ends by its own silence.
            with suppress(GitctlError):
                self._refs.move([RefMove(self._ref, self._sha, "")])

    def _acquire(self, deadline: Deadline, emit: Emit, cancel: Cancel | None) -> None:
        said = False
        while True:
            sha = self._refs.tips(self._ref, merged=False).get(self._ref, "")
            note = self._note(sha)
            if self._is_free(sha, note) and self._swap(sha):
                return
            if deadline.left() <= 0:
                raise Locked(
                    f"{self._owner} is locked: {_held_by(note)}",
                    hint=f"wait for it (--lock-timeout 5m), or try again: a holder that is silent for {TTL:g} s is taken over",
                )
            if not said:
                emit(Event(EventKind.WAITING, f"waiting for the lock: {_held_by(note)}"))
                said = True
            deadline.sleep(_POLL)
            if cancel is not None and cancel.requested():
                raise Interrupted(f"interrupted while waiting for the lock of {self._owner}")

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
        at = boottime()
        # Counted, so that a renewal is another commit whatever the clock says.
        self._renewals += 1
        about = {"since": self._since, "renewed": _now(), "renewals": self._renewals, **asdict(self._me)}
        note = json.dumps(about, indent=1).encode()
        sha = self._refs.note({_FILE: note}, f"{self._owner} is locked by {self._me.identity}\n", parent="")
        try:
            self._refs.move([RefMove(self._ref, before, sha)])
        except StateMoved:
            return False
        self._sha, self._renewed = sha, at
        return True


def _holder(note: dict[str, Any]) -> Holder:
    text = {key: str(note.get(key, "")) for key in ("identity", "host", "boot", "pids", "started")}
    pid = note.get("pid")
    number = pid if isinstance(pid, int) and pid > 0 else 0
    return Holder(text["identity"], text["host"], text["boot"] if number else "", text["pids"], number, text["started"])


def _held_by(note: dict[str, Any]) -> str:
    return f"held by {note.get('identity') or 'another run'} since {note.get('since') or 'now'}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
