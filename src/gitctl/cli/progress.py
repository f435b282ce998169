"""Progress of a run on stderr: one line an event; on a terminal what is waited for is one line that is written over."""

from __future__ import annotations

import os
import shutil
import sys

from gitctl.model.outcome import Event, EventKind

_CLEAR = "\r\x1b[K"


class Progress:
    """Remembers whether a line that may be written over is on the screen."""

    def __init__(self, *, verbose: bool) -> None:
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._verbose = verbose
        self._open = False

    def line_of(self, event: Event) -> str | None:
        """The event as a whole line, None when it is to be shown as passing (`passing`) or not at all."""
        if event.kind is EventKind.WAITING and self._live:
            return None
        if event.kind is EventKind.HEALTHY and not self._verbose:
            return None
        return text_of(event)

    def passing(self, event: Event, clean: str) -> None:
        """Show what is waited for, over the line before."""
        if event.kind is EventKind.WAITING and self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(_CLEAR + clean[:width])
            sys.stderr.flush()
            self._open = True

    def settle(self) -> None:
        """Remove the passing line before anything else is written."""
        if self._open:
            sys.stderr.write(_CLEAR)
            self._open = False


def text_of(event: Event) -> str:
    """`web: apps/Deployment shop/web: applied`."""
    parts = (event.app, str(event.ref) if event.ref else "", event.message or event.kind.value)
    return ": ".join(part for part in parts if part)
