"""Unlock: look at who holds an app's lock, and take it away from a run that will not give it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gitctl.errors import ErrorId, Refused
from gitctl.history.record import mark_interrupted
from gitctl.model.app import App
from gitctl.model.lock import Holding, Life
from gitctl.model.record import Record, RecordResult
from gitctl.model.state import AppState
from gitctl.workflow.parts import Parts
from gitctl.workflow.states import recorded

WATCH = 20.0
"""Seconds for which a holder is watched: one that lives renews every 15 s."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An app's lock: who holds it (None: nobody), and the record that this run has open, if any."""

    app: App
    holding: Holding | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What became of it. `record` is the one that was marked as interrupted."""

    seen: Seen
    evicted: bool = False
    declined: bool = False
    record: Record | None = None


Confirm = Callable[[Seen], bool]


def unlock(app: App, parts: Parts, *, evict_running: bool, confirm: Confirm) -> Unlocked:
    """Take the lock away from its holder, mark the record that it has open, and leave the lock free.

    Raises Refused while the holder lives, unless `evict_running`; Locked when another run has the lock by now; ClusterError.
    """
    seen = look(app, parts, seconds=0.0 if evict_running else WATCH)
    if seen.holding is None:
        return Unlocked(seen)
    if not evict_running:
        _require_lifeless(app, seen.holding)
    if not confirm(seen):
        return Unlocked(seen, declined=True)
    with parts.target.evict(app.owner, seen.holding, emit=parts.emit) as lock:
        lock.check()
        return Unlocked(seen, evicted=True, record=_marked(app, parts, seen.holding))


def look(app: App, parts: Parts, *, seconds: float) -> Seen:
    """Who holds the lock, and what that run is doing; watches for at most `seconds` whether it lives. Writes nothing."""
    holding = parts.target.holding(app.owner, seconds=seconds, cancel=parts.cancel)
    return Seen(app, holding, _open_record(recorded(app, parts)[1]) if holding else None)


def _open_record(state: AppState) -> Record | None:
    return next((r for r in reversed(state.records) if r.result is RecordResult.OPEN), None)


def _require_lifeless(app: App, holding: Holding) -> None:
    if holding.life is not Life.ALIVE:
        return
    stop = f"end the process {holding.pid} on this machine" if holding.here else f"end that run on {holding.host or 'its machine'}"
    why = "its process is there" if holding.here else "it renews the lock"
    raise Refused(
        f"{app.name}: {holding.holder} lives: {why}",
        id=ErrorId.HOLDER_ALIVE,
        hint=f"wait for it, or {stop}; --dangerous-evict-running takes the lock from it all the same",
    )


def _marked(app: App, parts: Parts, holding: Holding) -> Record | None:
    """The open record, marked; None when there is none. Its run may have closed it meanwhile."""
    there, state = recorded(app, parts)
    record = _open_record(state)
    if record is None:
        return None
    why = f"{holding.holder} was evicted by {parts.actor} (gitctl unlock)"
    marked = mark_interrupted(replace(state, owner=there.owner), at=parts.timestamp(), why=why)
    stored = parts.target.write_state(marked)
    return next(r for r in stored.records if r.number == record.number)
