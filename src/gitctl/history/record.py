"""The life of a record inside an app's state. Pure: state in, state out."""

from __future__ import annotations

from dataclasses import replace

from gitctl.history.find import is_good
from gitctl.model.record import Record, RecordResult
from gitctl.model.state import AppState

KEPT = 50
KEPT_GOOD = 5
"""So many good records are kept beyond `KEPT`: a long row of bad runs must not push out what can be gone back to."""


def open_record(state: AppState, record: Record) -> AppState:
    """The state with a new open record at its end."""
    return replace(state, records=retained((*state.records, record)))


def close_record(state: AppState, record: Record) -> AppState:
    """The state with the record of the same number replaced."""
    return replace(state, records=tuple(record if r.number == record.number else r for r in state.records))


def mark_interrupted(state: AppState, *, at: str, why: str = "") -> AppState:
    """The state with every record that was left open marked as interrupted; `at` (RFC 3339) is when that was noticed.

    `why`, where it is known, is added to what the run itself left word of."""
    return replace(state, records=tuple(_interrupted(r, at, why) if r.result is RecordResult.OPEN else r for r in state.records))


def _interrupted(record: Record, at: str, why: str) -> Record:
    message = "; ".join(filter(None, (record.message, why))) or "the run ended without closing its record"
    return replace(record, result=RecordResult.INTERRUPTED, finished=at, message=message)


def retained(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """The newest `KEPT` records, and the newest `KEPT_GOOD` good ones however old."""
    newest = {r.number for r in records[-KEPT:]}
    good = {r.number for r in [r for r in records if is_good(r)][-KEPT_GOOD:]}
    return tuple(r for r in records if r.number in newest | good)
