"""Pace: how many requests may be under way: fewer when the server says that it has too many, slowly more again when it takes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gitctl.parallel import Gate

FEWEST = 2


class Pace:
    """Halves at each 429 (priority and fairness, or an overloaded server), and grows by one after as many answers as are under way.

    So it comes to what the server takes, as TCP comes to what a network takes (additive increase, multiplicative decrease; Chiu and
    Jain, 1989). Answers to requests that were sent before the last cut say nothing new.
    """

    def __init__(self, most: int) -> None:
        """`most` may be under way when nothing is wrong, and at the start."""
        self._most = most
        self._gate = Gate(most)
        self._taken = 0
        self._cuts = 0

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return self._gate.limit

    @contextmanager
    def turn(self) -> Iterator[int]:
        """Wait for a turn, and have it. What it gives is for `note`."""
        with self._gate:
            yield self._cuts

    def note(self, status: int, turn: int) -> None:
        """Learn from an answer (0: there was none) to the request of a turn. Callers hold a lock."""
        if status == 429 and turn == self._cuts:
            self._cuts += 1
            self._taken = 0
            self._gate.limit = max(FEWEST, self._gate.limit // 2)
        elif 0 < status < 429:
            self._taken += 1
            if self._taken >= self._gate.limit < self._most:
                self._taken = 0
                self._gate.limit += 1
