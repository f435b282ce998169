"""Outcome: what happened to each change; SyncResult: the whole run; Event: what a run says while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitctl.errors import GitctlError
from gitctl.model.change import Change, Plan
from gitctl.model.health import Health
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.record import Record
from gitctl.model.restoration import Restoration


class OutcomeResult(StrEnum):
    """How one change ended."""

    APPLIED = "applied"
    DELETED = "deleted"
    FAILED = "failed"
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`live` is the server's answer to an apply (None for deletes and failures); `code` is the HTTP status of a failure.

    `halt` is the error that ended the whole run at this change: connection or lock lost, a wave that does not get healthy.
    `denied`: the user lacks a right that the change takes.
    """

    change: Change
    result: OutcomeResult
    live: Json | None = None
    error: str = ""
    code: int = 0
    seconds: float = 0.0
    halt: GitctlError | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True)
class ObjectHealth:
    """The health of one object, with what explains a bad one: events and last log lines, already redacted."""

    ref: ObjectRef
    health: Health
    events: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncResult:
    """One app's run. `record` is None when nothing was applied and nothing had to be recorded; `removed`: nothing is stored any more;
    `restoration`: how what was applied was taken back."""

    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    health: tuple[ObjectHealth, ...] = ()
    record: Record | None = None
    dry_run: bool = False
    removed: bool = False
    restoration: Restoration | None = None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Changes that the target refused."""
        return tuple(o for o in self.outcomes if o.result is OutcomeResult.FAILED)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of progress: `kind` is a closed set, `ref` is None for the run as a whole.

    `counts` are the objects of each wave, in order and by its name, and those to prune under `PRUNE`: for PLAN only.
    """

    kind: EventKind
    message: str = ""
    ref: ObjectRef | None = None
    app: str = ""
    counts: tuple[tuple[str, int], ...] = ()


PRUNE = "prune"
"""The last of an Event's `counts`."""


class EventKind(StrEnum):
    """What an event is about. PLAN begins an app's run, DONE ends it."""

    PLAN = "plan"
    DONE = "done"
    STEP = "step"
    WAVE = "wave"
    APPLIED = "applied"
    DELETED = "deleted"
    FAILED = "failed"
    WAITING = "waiting"
    HEALTHY = "healthy"
    WARNING = "warning"
