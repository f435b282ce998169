"""How many requests are under way: fewer when the server has too many, more when it takes them, and never none."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.parallel import Gate
from gitctl.target.kubernetes.pace import FEWEST, Pace


def answered(pace: Pace, *statuses: int) -> None:
    """Requests one after the other, with these answers."""
    for status in statuses:
        with pace.turn() as turn:
            pass
        pace.note(status, turn)


def test_each_429_halves_and_as_many_answers_as_are_under_way_add_one() -> None:
    pace = Pace(16)
    answered(pace, 429)
    assert pace.limit == 8
    answered(pace, *[200] * 7)
    assert pace.limit == 8
    answered(pace, 404)
    assert pace.limit == 9
    answered(pace, 429, 429, 429, 429, 429)
    assert pace.limit == FEWEST
    answered(pace, *[200] * 1000)
    assert pace.limit == 16


def test_a_burst_of_429s_counts_once() -> None:
    pace = Pace(16)
    with pace.turn() as first, pace.turn() as second, pace.turn() as third:
        pass
    for turn in (first, second, third):
        pace.note(429, turn)
    assert pace.limit == 8


@pytest.mark.parametrize("status", [0, 500, 503])
def test_other_failures_say_nothing_about_how_many_are_too_many(status: int) -> None:
    pace = Pace(16)
    answered(pace, 429, *[status] * 100)
    assert pace.limit == 8


@given(st.lists(st.sampled_from([200, 429, 500, 0])))
def test_the_limit_stays_within_its_bounds(statuses: list[int]) -> None:
    pace = Pace(16)
    answered(pace, *statuses)
    assert FEWEST <= pace.limit <= 16


def test_a_gate_lets_no_more_in_than_it_may_and_all_in_the_end() -> None:
    gate, lock, inside, most = Gate(2), threading.Lock(), [0], [0]
    done: list[int] = []

    def work(number: int) -> None:
        with gate:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            gate.limit = 1 + number % 3
            with lock:
                inside[0] -= 1
                done.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(done) == list(range(50))
    assert most[0] <= 3


def test_those_who_are_inside_may_ask_for_more_without_waiting_for_each_other() -> None:
    """The last-moment look at the lock is a request inside of a write's turn: where all turns are writes', nobody would ever go on."""
    pace, all_inside = Pace(FEWEST), threading.Barrier(FEWEST)
    done: list[int] = []

    def write(number: int) -> None:
        with pace.turn():
            all_inside.wait(10)
            with pace.turn():
                done.append(number)

    threads = [threading.Thread(target=write, args=(number,), daemon=True) for number in range(FEWEST)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(done) == list(range(FEWEST))
    with pace.turn():
        pass


def test_a_gate_that_was_narrowed_waits_for_those_inside() -> None:
    gate = Gate(2)
    entered = threading.Event()
    with gate:
        gate.limit = 1
        late = threading.Thread(target=lambda: (gate.__enter__(), entered.set()))
        late.start()
        assert not entered.wait(0.05)
    assert entered.wait(10)
    late.join()
