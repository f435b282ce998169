"""From look to look: what is told, and what is held back while a run is under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gitctl.errors import Unreachable
from gitctl.model.app import App
from gitctl.model.change import FieldChange, FieldKind, FieldOwner
from gitctl.model.drift import AppDrift, DriftedField, DriftVerdict, ObjectDrift
from gitctl.model.manifest import ObjectRef
from gitctl.model.record import Record, RecordResult, RecordVerb
from gitctl.model.state import AppState
from gitctl.workflow.drift import DriftRun
from gitctl.workflow.drift_news import DriftEvent, DriftNews, DriftNote, is_busy, is_explained

KEY = ("main", "p/dev/web")
APP = App(name="web", project="p", env="dev", path="apps/web", namespace="n", wait_seconds=300.0)
NOON = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def drifted(name: str = "a", *, found: str = "2", by: str | None = "kubectl-edit") -> ObjectDrift:
    """A ConfigMap with a value that is not the wanted one."""
    change = FieldChange(("data", "a"), FieldKind.CHANGED, found, "1")
    owner = FieldOwner(by, "Update") if by else None
    return ObjectDrift(ObjectRef("", "ConfigMap", "n", name), DriftVerdict.DRIFTED, (DriftedField(change, owner),))


def plain(verdict: DriftVerdict, name: str = "a") -> ObjectDrift:
    """An object with a verdict and no fields."""
    return replace(drifted(name), verdict=verdict, fields=())


def run(*objects: ObjectDrift) -> DriftRun:
    """A look."""
    return DriftRun(APP, AppDrift("web", KEY[1], "1" * 40, objects))


def heard(news: DriftNews, look: DriftRun, now: float = 0.0, *, busy: bool = False) -> list[DriftNote]:
    """What is told of a look."""
    return list(news.heard(KEY, look, now, busy=busy))


def names(notes: list[DriftNote]) -> list[tuple[str, str]]:
    """Events and objects."""
    return [(note.event.value, note.found.ref.name if note.found else "") for note in notes]


def test_each_drift_is_told_once_and_its_end_with_its_age() -> None:
    news = DriftNews()
    assert names(heard(news, run(drifted("a"), drifted("b")), 10.0)) == [("appeared", "a"), ("appeared", "b")]
    assert heard(news, run(drifted("a"), drifted("b")), 11.0) == []
    assert names(heard(news, run(drifted("a", found="3"), drifted("b")), 12.0)) == [("changed", "a")]
    (end,) = heard(news, run(drifted("b"), plain(DriftVerdict.IN_SYNC)), 15.0)
    assert (end.event, end.seconds) == (DriftEvent.GONE, 5.0)
    assert news.seen == 2


def test_an_app_that_cannot_be_looked_at_is_told_once_and_hides_nothing_that_was_known() -> None:
    news = DriftNews()
    heard(news, run(drifted()))
    broken = DriftRun(APP, error=Unreachable("away"))
    assert [n.event for n in heard(news, broken)] == [DriftEvent.FAILED]
    assert heard(news, broken) == []
    assert [n.event for n in heard(news, run(drifted()))] == [DriftEvent.RECOVERED]


def test_what_cannot_be_known_is_told_and_is_no_drift() -> None:
    news = DriftNews()
    assert names(heard(news, run(plain(DriftVerdict.UNKNOWN)))) == [("appeared", "a")]
    assert news.seen == 0


def test_while_a_run_is_under_way_only_what_it_does_not_explain_is_told() -> None:
    news, looks = DriftNews(), run(drifted("a", by="gitctl"), drifted("b"), plain(DriftVerdict.INCOMPLETE, "c"))
    assert names(heard(news, looks, busy=True)) == [("appeared", "b")]
    assert names(heard(news, looks, busy=False)) == [("appeared", "a"), ("appeared", "c")]


def test_of_an_object_that_both_changed_only_what_people_did_is_told_meanwhile() -> None:
    news, both = DriftNews(), drifted("a")
    both = replace(both, fields=(*both.fields, *drifted(by="gitctl").fields, *drifted(by=None).fields))
    (note,) = heard(news, run(both), busy=True)
    assert note.found is not None
    assert [f.owner and f.owner.manager for f in note.found.fields] == ["kubectl-edit"]
    (note,) = heard(news, run(both))
    assert note.event is DriftEvent.CHANGED


def test_what_was_told_before_the_run_is_not_gone_because_of_it() -> None:
    news = DriftNews()
    heard(news, run(drifted("a", by="gitctl")))
    assert heard(news, run(drifted("a", by="gitctl")), busy=True) == []


@pytest.mark.parametrize(
    ("found", "explained"),
    [
        (drifted(by="gitctl"), True),
        (drifted(by=None), True),
        (drifted(by="kubectl-edit"), False),
        (plain(DriftVerdict.MISSING), True),
        (plain(DriftVerdict.UNAVAILABLE), True),
        (plain(DriftVerdict.UNKNOWN), False),
    ],
)
def test_what_a_run_may_be_the_cause_of(found: ObjectDrift, explained: bool) -> None:
    assert is_explained(found) is explained


@pytest.mark.parametrize(
    ("result", "age", "busy"),
    [(RecordResult.OPEN, 10, True), (RecordResult.OPEN, 419, True), (RecordResult.OPEN, 421, False), (RecordResult.SUCCEEDED, 10, False)],
)
def test_a_record_that_is_open_for_longer_than_a_run_may_take_is_a_dead_one(result: RecordResult, age: int, busy: bool) -> None:
    record = Record(1, RecordVerb.SYNC, result, "1" * 40, "main", "", "", "", "", "2026-01-01T12:00:00Z")
    state = AppState(KEY[1], records=(record,))
    assert is_busy(replace(run(), state=state), NOON + timedelta(seconds=age)) is busy
    assert not is_busy(run(), NOON)
