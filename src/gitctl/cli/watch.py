"""`status --watch`: look again when something changed, at the latest after the interval, until Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.screen import Screen
from gitctl.cli.show.status import Staged, status_json, status_text
from gitctl.errors import ErrorId, ExitCode, GitctlError, UsageError
from gitctl.workflow.watching import Seen, await_change

Look = Callable[[], Staged]
SHORTEST = 2.0


def watch_status(session: Session, look: Look, *, interval: float, detail: bool) -> int:
    """Show the status until Ctrl-C, which is exit code 130 as of `kubectl get --watch`. Raises UsageError; the first look's errors."""
    if session.flags.output not in (Output.TEXT, Output.JSON):
        form = session.flags.output.value
        raise UsageError(f"--watch prints no -o {form}", id=ErrorId.OUTPUT_FORM, hint="text, or json for a stream of documents")
    if interval < SHORTEST:
        hint = f"at least {SHORTEST:g}s: every look compares all objects"
        raise UsageError("--interval is too short", id=ErrorId.ARGUMENT_INVALID, hint=hint)
    screen, seen, note = Screen(), Seen(), ""
    try:
        found = look()
        while True:
            _show(session, screen, found, note, detail)
            _wait(found, seen, interval)
            found, note = _again(look, found)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _again(look: Look, before: Staged) -> tuple[Staged, str]:
    """What is seen now. A file that is being edited, or a source out of reach, does not end the watch: the last status stays."""
    try:
        return look(), ""
    except GitctlError as error:
        return before, f"note: not looked at again: {error}\n"


def _show(session: Session, screen: Screen, found: Staged, note: str, detail: bool) -> None:
    body = status_json(found)
    if session.flags.output is Output.TEXT:
        now = datetime.now(UTC)
        text = status_text(session, found, now=now, detail=detail) + session.redactor.clean(note)
        screen.draw(text, (body, note), now=now)
    elif screen.is_new(body):
        session.result("Status", body, text=str)
        sys.stdout.flush()


def _wait(found: Staged, seen: Seen, interval: float) -> None:
    """One cluster is watched; several are looked at again after the interval."""
    refs = [one.ref for _, statuses in found for status in statuses for one in status.objects]
    await_change(found[0][0].parts.target, refs if len(found) == 1 else [], seen, seconds=interval)
