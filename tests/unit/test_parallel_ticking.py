"""Items from a background thread, and ticks in silence."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gitctl.parallel import ticking


def slow(*pauses: float) -> Iterator[int]:
    """A number after each pause."""
    for number, pause in enumerate(pauses):
        time.sleep(pause)
        yield number


def test_items_in_order_and_ticks_between() -> None:
    got = list(ticking(slow(0, 0.3, 0), every=0.1))
    assert [item for item in got if item is not None] == [0, 1, 2]
    assert got[0] == 0
    assert None in got[1 : got.index(1)]


def test_what_the_items_raise_is_raised() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    items = ticking(broken(), every=1)
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_once_the_caller_stops_no_more_items_are_fetched() -> None:
    fetched: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            fetched.append(len(fetched))
            yield fetched[-1]
            time.sleep(0.05)

    items = ticking(endless(), every=1)
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    time.sleep(0.2)
    assert len(fetched) <= 3
