"""Screen: a text that is drawn over itself on a terminal; elsewhere it is printed again, with the time, whenever it says something new."""

from __future__ import annotations

import sys
from datetime import datetime

from gitctl.cli.show.width import rows
from gitctl.cli.terminal import is_live, size

_UP_AND_CLEAR = "\x1b[{}A\x1b[J"


class Screen:
    """Remembers what was drawn."""

    def __init__(self) -> None:
        self._live = is_live(sys.stdout)
        self._rows = 0
        self._last: object = None

    def draw(self, text: str, meaning: object, *, now: datetime) -> None:
        """Show a text; `meaning` is equal when nothing but ages in it differs."""
        stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        if self._live:
            self._draw_over(f"{stamp}\n{text}")
        elif self.is_new(meaning):
            sys.stdout.write(f"{stamp}\n{text}")
        sys.stdout.flush()

    def is_new(self, meaning: object) -> bool:
        """Does it mean something else than the last time?"""
        before, self._last = self._last, meaning
        return meaning != before

    def _draw_over(self, text: str) -> None:
        columns, lines = size()
        kept = text.splitlines()
        while rows("\n".join(kept), columns) > lines - 1:
            kept.pop()
        shown = "".join(f"{one}\n" for one in kept)
        sys.stdout.write((_UP_AND_CLEAR.format(self._rows) if self._rows else "") + shown)
        self._rows = rows(shown, columns)
