"""Where a rollback goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, Refused
from gitctl.history.find import is_good, left_behind, rollback_record
from gitctl.model.record import Record, RecordResult, RecordVerb
from gitctl.model.state import AppState

GOOD, BAD = RecordResult.SUCCEEDED, RecordResult.UNHEALTHY


def record(number: int, render: str, result: RecordResult = GOOD, **more: Any) -> Record:
    sha = f"{number:040x}"
    fields = {"health": "healthy" if result is GOOD else "failed", "revision": sha} | more
    return Record(
        number=number,
        verb=RecordVerb.SYNC,
        result=result,
        revision_name="main",
        repo="r",
        subject="s",
        author="a",
        actor="me",
        started="t",
        render_digest=render,
        **fields,
    )


def chosen(*records: Record, to: str = "") -> int:
    return rollback_record(AppState("shop/prod/web", records=records), to=to, resolve=lambda name: name).number


def test_a_bad_release_goes_back_to_the_last_good_one() -> None:
    assert chosen(record(1, "a"), record(2, "b"), record(3, "c", BAD)) == 2


def test_a_rollback_that_did_not_end_is_tried_again_and_one_that_was_no_help_goes_on() -> None:
    before = (record(1, "a"), record(2, "b"), record(3, "c", BAD))
    back = replace(record(4, "b", RecordResult.PARTIAL), verb=RecordVerb.ROLLBACK, rollback_to=2, rolled_back_from=3)
    again = replace(
        back, number=5, result=RecordResult.INTERRUPTED, rolled_back_from=left_behind(AppState("o", records=(*before, back))).number
    )
    assert chosen(*before, back) == 2
    assert chosen(*before, back, again) == 2
    assert chosen(*before, replace(back, result=BAD)) == 1


def test_the_same_render_is_no_way_back() -> None:
    assert chosen(record(1, "a"), record(2, "b"), record(3, "b")) == 1


@pytest.mark.parametrize(
    "bad",
    [
        record(2, "b", BAD),
        record(2, "b", RecordResult.INTERRUPTED),
        record(2, "b", RecordResult.PARTIAL),
        record(2, "b", RecordResult.OPEN),
        record(2, "b", partial=True),
        record(2, "b", health="failed"),
        record(2, "b", health=""),
    ],
)
def test_only_a_whole_and_healthy_run_is_a_way_back(bad: Record) -> None:
    assert not is_good(bad)
    assert chosen(record(1, "a"), bad, record(3, "c", BAD)) == 1


def test_suspended_on_purpose_is_well() -> None:
    assert chosen(record(1, "a"), record(2, "b", health="suspended"), record(3, "c")) == 2


def test_a_second_rollback_does_not_return_to_what_the_first_one_left() -> None:
    records = [record(1, "a"), record(2, "b"), record(3, "c"), record(4, "b", rolled_back_from=3)]
    assert chosen(*records) == 1


def test_nor_to_an_earlier_run_of_the_same_render() -> None:
    records = [record(1, "a"), record(2, "b"), record(3, "b"), record(4, "a", rolled_back_from=3)]
    with raises(ErrorId.NO_HEALTHY_RECORD):
        chosen(*records)


def test_what_was_left_and_applied_again_later_is_good_again() -> None:
    records = [record(1, "a"), record(2, "b"), record(3, "a", rolled_back_from=2), record(4, "b"), record(5, "c", BAD)]
    assert chosen(*records) == 4


def test_nothing_to_go_back_to_is_refused() -> None:
    with raises(ErrorId.NEVER_SYNCED):
        chosen()
    for records in ((record(1, "a"),), (record(1, "a", BAD), record(2, "b", BAD))):
        with raises(ErrorId.NO_HEALTHY_RECORD):
            chosen(*records)


def test_a_record_is_named_by_number_or_revision() -> None:
    records = [record(1, "a"), record(2, "b", BAD), record(3, "c")]
    assert chosen(*records, to="2") == 2
    assert chosen(*records, to=f"{1:040x}") == 1


def test_the_newest_whole_record_of_a_revision_is_meant() -> None:
    records = [record(1, "a"), record(2, "a", revision=f"{1:040x}"), record(3, "a", revision=f"{1:040x}", partial=True)]
    assert chosen(*records, to=f"{1:040x}") == 2


@pytest.mark.parametrize("to", ["9", "f" * 40])
def test_an_unknown_record_is_an_error(to: str) -> None:
    with raises(ErrorId.RECORD_UNKNOWN):
        chosen(record(1, "a"), record(2, "b"), to=to)


def test_uncommitted_files_cannot_be_restored() -> None:
    with raises(ErrorId.RECORD_UNCOMMITTED):
        chosen(record(1, "a", revision="a" * 40 + "-dirty"), record(2, "b"), to="1")


results = st.sampled_from([GOOD, BAD, RecordResult.INTERRUPTED])


@given(st.lists(st.tuples(st.sampled_from("abc"), results, st.integers(0, 6)), min_size=1, max_size=7))
def test_the_choice_is_good_and_differs_from_what_runs(rows: list[tuple[str, RecordResult, int]]) -> None:
    records = [record(n, d, r, rolled_back_from=left if left < n else 0) for n, (d, r, left) in enumerate(rows, 1)]
    try:
        found = rollback_record(AppState("o", records=tuple(records)), resolve=str)
    except Refused:
        return
    assert is_good(found)
    assert found.render_digest != records[-1].render_digest
    assert found.number not in {r.rolled_back_from for r in records}
