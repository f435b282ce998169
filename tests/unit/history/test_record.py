"""The life of a record."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.history.test_find import record

from gitctl.history.find import is_good
from gitctl.history.record import KEPT, KEPT_GOOD, close_record, mark_interrupted, open_record, retained
from gitctl.model.record import Record, RecordResult
from gitctl.model.state import AppState

STATE = AppState("shop/prod/web", records=(record(1, "a"),), extra={"later": 1})


def test_open_then_close() -> None:
    opened = open_record(STATE, record(2, "b", RecordResult.OPEN))
    assert [r.result for r in opened.records] == [RecordResult.SUCCEEDED, RecordResult.OPEN]
    closed = close_record(opened, record(2, "b", RecordResult.PARTIAL, finished="t2"))
    assert [(r.number, r.result, r.finished) for r in closed.records] == [(1, RecordResult.SUCCEEDED, ""), (2, RecordResult.PARTIAL, "t2")]
    assert closed.extra == STATE.extra


def test_a_record_left_open_is_marked_and_says_when() -> None:
    opened = open_record(STATE, record(2, "b", RecordResult.OPEN))
    marked = mark_interrupted(opened, at="2026-01-01T00:00:00Z")
    assert marked.records[0] == STATE.records[0]
    assert (marked.records[1].result, marked.records[1].finished) == (RecordResult.INTERRUPTED, "2026-01-01T00:00:00Z")
    assert marked.records[1].message
    assert mark_interrupted(marked, at="later") == marked


def test_what_the_run_said_is_kept() -> None:
    opened = open_record(STATE, replace(record(2, "b", RecordResult.OPEN), message="half way"))
    assert mark_interrupted(opened, at="t").records[1].message == "half way"


@given(st.lists(st.booleans(), max_size=3 * KEPT))
def test_retention_is_bounded_and_keeps_ways_back(goods: list[bool]) -> None:
    records: tuple[Record, ...] = tuple(
        record(n, str(n), RecordResult.SUCCEEDED if good else RecordResult.FAILED) for n, good in enumerate(goods, 1)
    )
    kept = retained(records)
    assert len(kept) <= KEPT + KEPT_GOOD
    assert kept[-KEPT:] == records[-KEPT:]
    assert [r for r in kept if is_good(r)][-KEPT_GOOD:] == [r for r in records if is_good(r)][-KEPT_GOOD:]
    assert list(kept) == sorted(kept, key=lambda r: r.number)
