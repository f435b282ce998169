"""When it is whose turn: times are numbers here, so nobody waits."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.model.manifest import ObjectRef
from gitctl.protocols import Stir
from gitctl.workflow.agenda import CALM, CAP, FREE, QUIET, SOON, Agenda, Due

WEB, API = ("main", "p/dev/web"), ("main", "p/dev/api")
EVERY = 60.0


def stir(name: str = "a", *, owner: str = WEB[1], by: str = "kubectl-edit", first: bool = False) -> Stir:
    """A change."""
    return Stir(owner, ObjectRef("", "ConfigMap", "n", name), by, first=first)


def fight(agenda: Agenda, rounds: int, *, now: float = 0.0, one: Stir | None = None) -> float:
    """Somebody changes an object at once each time; the time after so many rounds."""
    for _ in range(rounds):
        agenda.stirred("main", one or stir(), now)
        now = agenda.next()
        assert agenda.take(now)
    return now


def test_what_moved_is_due_at_once_and_only_once() -> None:
    agenda = Agenda(EVERY)
    agenda.moved([WEB, API], 5.0)
    assert agenda.take(5.0) == (Due(WEB), Due(API))
    assert agenda.take(5.0) == ()
    assert agenda.next() == float("inf")


def test_changes_that_are_made_together_are_one_round_of_their_app_alone() -> None:
    agenda = Agenda(EVERY)
    agenda.stirred("main", stir("a"), 0.0)
    agenda.stirred("main", stir("b"), QUIET / 2)
    assert agenda.take(QUIET / 2) == ()
    assert agenda.next() == QUIET
    assert agenda.take(QUIET) == (Due(WEB, (stir("a"), stir("b"))),)


def test_an_object_that_is_changed_again_and_again_waits_longer_each_time() -> None:
    agenda, now = Agenda(EVERY), 0.0
    turns = []
    for _ in range(FREE + 9):
        now = fight(agenda, 1, now=now)
        turns.append(now)
    gaps = [round(after - before, 6) for before, after in itertools.pairwise(turns)]
    assert gaps[: FREE - 1] == [QUIET] * (FREE - 1)
    assert gaps[FREE - 1 :] == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, CAP]


def test_who_fights_is_said_once_for_each_time_that_it_is_held_back() -> None:
    agenda = Agenda(EVERY)
    now = fight(agenda, FREE)
    slowed = agenda.stirred("main", stir(by="other"), now + 1)
    assert slowed is not None
    assert (slowed.stir.by, slowed.rounds, slowed.wait) == ("other", FREE, 1.0)
    assert slowed.during == pytest.approx(1 + QUIET * (FREE - 1))
    assert agenda.stirred("main", stir(by="other"), now + 1.5) is None


def test_it_holds_up_neither_other_objects_nor_other_apps() -> None:
    agenda = Agenda(EVERY)
    now = fight(agenda, FREE + 4)
    agenda.stirred("main", stir(), now)
    agenda.stirred("main", stir("b"), now)
    agenda.stirred("main", stir("c", owner=API[1]), now)
    assert agenda.next() == now + QUIET
    assert {due.key for due in agenda.take(now + QUIET)} == {WEB, API}


def test_left_in_peace_it_begins_anew() -> None:
    agenda = Agenda(EVERY)
    now = fight(agenda, FREE)
    later = now + 2.0 + CALM + 1
    assert agenda.stirred("main", stir(), later) is None
    assert agenda.next() == later + QUIET


def test_a_first_look_is_no_fight() -> None:
    agenda = Agenda(EVERY)
    fight(agenda, FREE * 3, one=stir(first=True))
    assert agenda.stirred("main", stir(), 0.0) is None


def test_a_round_that_failed_is_tried_again_soon_and_less_and_less_or_after_the_interval() -> None:
    agenda = Agenda(EVERY)
    for wait in (SOON, 2 * SOON, 4 * SOON, 8 * SOON, 16 * SOON, EVERY, EVERY):
        agenda.ended(WEB, 0.0, well=False, soon=True)
        assert agenda.next() == wait
        agenda.take(wait)
    agenda.ended(WEB, 0.0, well=True)
    assert agenda.next() == float("inf")
    agenda.ended(WEB, 0.0, well=False)
    assert agenda.next() == EVERY


def test_an_app_that_left_is_forgotten() -> None:
    agenda = Agenda(EVERY)
    agenda.moved([WEB, API], 0.0)
    agenda.keep([API])
    assert agenda.take(0.0) == (Due(API),)


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.sampled_from("abc")), max_size=60))
def test_no_change_is_forgotten_and_no_round_is_without_a_change(steps: list[tuple[float, str]]) -> None:
    agenda, now, told, dealt = Agenda(EVERY), 0.0, [], []
    for wait, name in steps:
        now += wait
        dealt += [s.ref.name for due in agenda.take(now) for s in due.stirs]
        agenda.stirred("main", stir(name), now)
        told.append(name)
    end = agenda.take(now + CAP + QUIET)
    dealt += [s.ref.name for due in end for s in due.stirs]
    assert set(dealt) == set(told)
    assert agenda.next() == float("inf")
