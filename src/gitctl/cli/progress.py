"""Progress of a run on stderr: live on a terminal, else one line an event; in CI with the time, in GitHub Actions in groups."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from gitctl.cli.terminal import in_ci, in_github, is_live
from gitctl.model.outcome import Event, EventKind

Say = Callable[[str], None]
Clean = Callable[[str], str]


class Progress(Protocol):
    """Shows events, and lets other lines through."""

    def event(self, event: Event) -> None:
        """Show an event. Called from several threads at a time."""
        ...

    def put(self, line: str) -> None:
        """Write a line that is clean already."""
        ...

    def close(self) -> None:
        """The run is over, or something else is about to be written."""
        ...


def progress_for(say: Say, clean: Clean, *, verbose: bool, color: bool, as_json: bool) -> Progress:
    """What fits stderr. `say` writes a line for people, `clean` is the redactor."""
    if as_json:
        return Lines(say, verbose=verbose)
    if in_github():
        return Groups(say, verbose=verbose)
    if in_ci():
        return Dated(say, verbose=verbose)
    if is_live(sys.stderr):
        from gitctl.cli.live import LiveProgress

        return LiveProgress(say, clean, verbose=verbose, color=color)
    return Lines(say, verbose=verbose)


class Lines:
    """One line an event."""

    def __init__(self, say: Say, *, verbose: bool) -> None:
        self._say = say
        self._verbose = verbose

    def event(self, event: Event) -> None:
        """Healthy objects are told with -v only."""
        if event.kind in (EventKind.PLAN, EventKind.DONE) or (event.kind is EventKind.HEALTHY and not self._verbose):
            return
        self._say(self._text(event))

    def put(self, line: str) -> None:
        """Write it."""
        sys.stderr.write(line + "\n")

    def close(self) -> None:
        """Nothing is open."""

    def _text(self, event: Event) -> str:
        return text_of(event)


class Dated(Lines):
    """One line an event, with the time: a log is read later."""

    def _text(self, event: Event) -> str:
        return f"{datetime.now(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')} {' '.join(text_of(event).split())}"


class Groups(Dated):
    """The same, each wave in a group that GitHub Actions folds. Its commands begin a line: ours do, no event's text can."""

    def __init__(self, say: Say, *, verbose: bool) -> None:
        super().__init__(say, verbose=verbose)
        self._open = ""

    def event(self, event: Event) -> None:
        """A wave opens a group, the end of the app's run closes the last one."""
        if event.kind is EventKind.WAVE:
            self._enter(f"{event.app}: {event.message}")
            return
        if event.kind is EventKind.DELETED:
            self._enter(f"{event.app}: prune")
        super().event(event)
        if event.kind is EventKind.DONE:
            self.close()

    def close(self) -> None:
        """End the group."""
        if self._open:
            self._open = ""
            sys.stderr.write("::endgroup::\n")

    def _enter(self, title: str) -> None:
        if title != self._open:
            self.close()
            self._open = title
            self._say(f"::group::{' '.join(title.split())}")


def text_of(event: Event) -> str:
    """`web: apps/Deployment shop/web: applied`."""
    parts = (event.app, str(event.ref) if event.ref else "", event.message or event.kind.value)
    return ": ".join(part for part in parts if part)
