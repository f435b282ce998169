"""Drift news: from look to look, what drift is new, other than before, or gone. Pure: times are arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gitctl.errors import GitctlError
from gitctl.model.drift import DriftedField, DriftVerdict, ObjectDrift
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import ObjectRef
from gitctl.model.record import RecordResult
from gitctl.workflow.agenda import Key
from gitctl.workflow.drift import DriftRun

_OVERTIME = 120.0
"""Seconds beyond the app's own `wait` after which a run that is still open is taken for a dead one."""


class DriftEvent(StrEnum):
    """What happened: to an object (the first three), or to the looks at an app."""

    APPEARED = "appeared"
    CHANGED = "changed"
    GONE = "gone"
    FAILED = "failed"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class DriftNote:
    """One event. `found` is the object as it is now (GONE: as it was); `seconds` since it appeared; `error` of FAILED."""

    event: DriftEvent
    found: ObjectDrift | None = None
    seconds: float = 0.0
    error: GitctlError | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    found: ObjectDrift
    since: float


class DriftNews:
    """Remembers the last look at each app: what is not in sync, nothing else."""

    def __init__(self) -> None:
        self._known: dict[Key, dict[ObjectRef, _Known]] = {}
        self._errors: dict[Key, GitctlError] = {}
        self.seen = 0

    def heard(self, key: Key, run: DriftRun, now: float, *, busy: bool) -> Iterator[DriftNote]:
        """What is new by this look at an app, made at `now` (seconds); `busy`: while a run of gitctl is under way there."""
        if run.error or run.drift is None:
            yield from self._failed(key, run.error)
            return
        if self._errors.pop(key, None):
            yield DriftNote(DriftEvent.RECOVERED)
        before = self._known.get(key, {})
        seen = [o for o in (*run.drift.findings, *run.drift.gaps) if not busy or o.ref in before or not is_explained(o)]
        found = {o.ref: unexplained(o) if busy and o.ref not in before else o for o in seen}
        after = {ref: self._noted(one, before.get(ref), now) for ref, one in found.items()}
        self._known[key] = after
        yield from self._differences(before, after, now)

    def _failed(self, key: Key, error: GitctlError | None) -> Iterator[DriftNote]:
        if error and (key not in self._errors or self._errors[key].message != error.message):
            self._errors[key] = error
            yield DriftNote(DriftEvent.FAILED, error=error)

    @staticmethod
    def _noted(found: ObjectDrift, before: _Known | None, now: float) -> _Known:
        return _Known(found, before.since if before else now)

    def _differences(self, before: dict[ObjectRef, _Known], after: dict[ObjectRef, _Known], now: float) -> Iterator[DriftNote]:
        for ref, one in after.items():
            if ref not in before:
                self.seen += one.found.verdict not in (DriftVerdict.UNKNOWN, DriftVerdict.UNAVAILABLE)
                yield DriftNote(DriftEvent.APPEARED, one.found)
            elif _meaning(one.found) != _meaning(before[ref].found):
                yield DriftNote(DriftEvent.CHANGED, one.found, now - one.since)
        for ref, one in before.items():
            if ref not in after:
                yield DriftNote(DriftEvent.GONE, one.found, now - one.since)


def is_busy(run: DriftRun, now: datetime) -> bool:
    """Is a run of gitctl under way in the app, as far as the state tells? One that is open for too long has died."""
    record = run.state.records[-1] if run.state and run.state.records else None
    if record is None or record.result is not RecordResult.OPEN:
        return False
    started = datetime.strptime(record.started, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (now - started).total_seconds() < run.app.wait_seconds + _OVERTIME


def is_explained(found: ObjectDrift) -> bool:
    """May a run under way be the cause? Nobody else has changed a field."""
    if found.verdict is DriftVerdict.DRIFTED:
        return all(map(_is_by_gitctl, found.fields))
    return found.verdict in (DriftVerdict.MISSING, DriftVerdict.DELETING, DriftVerdict.INCOMPLETE, DriftVerdict.UNAVAILABLE)


def unexplained(found: ObjectDrift) -> ObjectDrift:
    """The object without the fields that a run under way may have changed."""
    return replace(found, fields=tuple(f for f in found.fields if not _is_by_gitctl(f)))


def _is_by_gitctl(field: DriftedField) -> bool:
    return field.owner is None or field.owner.manager == FIELD_MANAGER


def _meaning(found: ObjectDrift) -> Any:
    fields = [(f.change.path, f.change.kind, f.change.old, f.change.new, f.owner) for f in found.fields]
    return found.verdict, found.reason, fields
