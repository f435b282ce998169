"""Which failures are tried again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.target.kubernetes.retry import CAP, FIRST, LONGEST, SERVER_ERRORS, Failure, Tries, may_retry, pause


@pytest.mark.parametrize("status", [0, 429, 502, 503, 504])
def test_passing_failures_are_tried_again(status: int) -> None:
    assert may_retry(Failure(status), 50, repeatable=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422, 501])
def test_refusals_are_not(status: int) -> None:
    assert not may_retry(Failure(status), 1, repeatable=True)


def test_a_500_is_tried_a_few_times() -> None:
    assert may_retry(Failure(500), 1, repeatable=True)
    assert not may_retry(Failure(500), SERVER_ERRORS, repeatable=True)


@pytest.mark.parametrize(
    "text",
    [
        "failed to create typed patch object (ns/x; /v1, Kind=Secret): .data.p: expected string",
        ".spec.dflt: field not declared in schema",
        "failed to create typed live object",
        'duplicate entries for key [name="a"]',
    ],
)
def test_a_500_that_can_never_work_is_final(text: str) -> None:
    assert not may_retry(Failure(500, text.encode()), 1, repeatable=True)


def test_what_must_not_be_done_twice_is_tried_again_only_when_it_was_not_done() -> None:
    assert not may_retry(Failure(0), 1, repeatable=False)
    assert not may_retry(Failure(503), 1, repeatable=False)
    assert may_retry(Failure(429), 1, repeatable=False)
    assert may_retry(Failure(0, sent=False), 1, repeatable=False)


@given(st.integers(1, 60))
def test_waits_grow_with_jitter_up_to_a_cap(attempt: int) -> None:
    assert min(CAP, FIRST * 2 ** (attempt - 1)) / 2 <= pause(attempt) <= CAP


@given(st.integers(1, 5), st.integers(0, 30))
def test_the_server_may_ask_for_more(attempt: int, seconds: int) -> None:
    assert pause(attempt, str(seconds)) >= seconds


def test_what_the_server_asks_for_makes_our_own_waits_no_longer_and_uses_up_no_500() -> None:
    tries = Tries()
    for _ in range(20):
        asked = tries.pause_after(Failure(429, retry_after="1"), repeatable=True)
        assert asked is not None
        assert 1 <= asked <= 1.25
    first = tries.pause_after(Failure(500), repeatable=True)
    assert first is not None
    assert first <= FIRST
    assert tries.pause_after(Failure(0), repeatable=True)
    assert tries.pause_after(Failure(500), repeatable=True)
    assert tries.pause_after(Failure(500), repeatable=True) is None


@pytest.mark.parametrize("text", ["", "soon", "-5", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999"])
def test_a_strange_retry_after_does_not_stop_us(text: str) -> None:
    assert pause(1, text) <= LONGEST
