"""Finding the record that a rollback goes to."""

from __future__ import annotations

from collections.abc import Callable

from gitctl.errors import ErrorId, InputError, Refused
from gitctl.model.health import HealthState
from gitctl.model.record import Record, RecordResult, RecordVerb
from gitctl.model.state import AppState

_WELL = frozenset({HealthState.HEALTHY.value, HealthState.SUSPENDED.value})

_UNFINISHED = frozenset({RecordResult.OPEN, RecordResult.PARTIAL, RecordResult.INTERRUPTED, RecordResult.FAILED})


def is_good(record: Record) -> bool:
    """Did this run apply the whole app, and was it healthy then?"""
    return record.result is RecordResult.SUCCEEDED and record.health in _WELL and not record.partial


def rollback_record(state: AppState, *, to: str = "", resolve: Callable[[str], str]) -> Record:
    """The record to go back to: `to` is a number, or a revision that `resolve` turns into a SHA; "" chooses.

    The choice is the newest good record whose render differs from the current one and that no rollback has left behind.
    Raises Refused when there is none, InputError for an unknown record.
    """
    if not state.records:
        raise Refused(f"{state.owner} was never synced", id=ErrorId.NEVER_SYNCED, hint="there is nothing to go back to")
    return _named(state, to, resolve) if to else _chosen(state)


def _chosen(state: AppState) -> Record:
    current = left_behind(state).render_digest
    for record in reversed(state.records):
        if is_good(record) and record.render_digest != current and not _was_left(record, state):
            return record
    raise Refused(
        f"{state.owner} has no earlier record that was healthy and differs from what runs now",
        id=ErrorId.NO_HEALTHY_RECORD,
        hint="`gitctl history` lists the records; name one with --to",
    )


def left_behind(state: AppState) -> Record:
    """The record that a rollback leaves: the newest, or what that was to leave where it is a rollback that did not end."""
    by_number = {r.number: r for r in state.records}
    record = state.records[-1]
    while record.verb is RecordVerb.ROLLBACK and record.result in _UNFINISHED and record.rolled_back_from in by_number:
        record = by_number[record.rolled_back_from]
    return record


def _was_left(record: Record, state: AppState) -> bool:
    """Did a rollback leave this record behind, or a later one with the same render? Applying that again later forgives it."""
    numbers = {r.rolled_back_from for r in state.records}
    left = [r for r in state.records if r.number in numbers]
    return record.number in numbers or any(record.render_digest == r.render_digest and record.number < r.number for r in left)


def _named(state: AppState, to: str, resolve: Callable[[str], str]) -> Record:
    by_number = {str(r.number): r for r in state.records}
    if to in by_number:
        return _whole(by_number[to])
    if to.isdecimal() and len(to) < 4:
        raise InputError(f"{state.owner} has no record {to}", id=ErrorId.RECORD_UNKNOWN, hint=f"records: {', '.join(by_number)}")
    sha = resolve(to)
    for record in reversed(state.records):
        if record.revision.removesuffix("-dirty") == sha and not record.partial:
            return _whole(record)
    raise InputError(
        f"{state.owner} has no record of revision {to} ({sha[:8]})", id=ErrorId.RECORD_UNKNOWN, hint="`gitctl history` lists the records"
    )


def _whole(record: Record) -> Record:
    if record.revision.endswith("-dirty") or not record.revision:
        raise Refused(
            f"record {record.number} was made from uncommitted files", id=ErrorId.RECORD_UNCOMMITTED, hint="choose a record with a commit"
        )
    return record
