"""A sync again and again: `sync --interval`, for a pod or a service manager. Each round fetches and reads everything anew."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.error import print_error
from gitctl.cli.show.report import show_runs
from gitctl.config.duration import format_duration
from gitctl.errors import ErrorId, ExitCode, GitctlError, Interrupted, Locked, Terminated, UsageError
from gitctl.model.quantity import counted

if TYPE_CHECKING:
    from gitctl.cli.show.report import Ran
    from gitctl.workflow.sync import AppRun

STOPPED = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
"""The exit codes of a round that was cut off."""


def repeat(session: Session, every: float, run: Callable[[], Ran], *, heartbeat: Path | None = None) -> int:
    """Call `run` every `every` seconds until Ctrl-C or SIGTERM, whatever a round's errors; one line for a round in which nothing was
    to do. `heartbeat` is touched before each round. The result is 0, or the exit code of a round that was cut off.

    Raises UsageError for an interval under a second, and whatever UsageError a round raises: that would never get better.
    """
    if every < 1:
        raise UsageError("--interval is at least 1s", id=ErrorId.ARGUMENT_INVALID, hint="such as --interval 1m")
    code, number = 0, 0
    with session.graceful():
        while not session.cancel.requested():
            number += 1
            beat(heartbeat)
            code = _round(session, run, f"round {number}", every)
            sys.stdout.flush()
            session.cancel.sleep(every)
    return code if code in STOPPED else ExitCode.DONE


def beat(file: Path | None) -> None:
    """Say that we are alive. Raises UsageError."""
    try:
        if file:
            file.touch()
    except OSError as fault:
        raise UsageError(
            f"--heartbeat {file} cannot be written: {fault.strerror}",
            id=ErrorId.ARGUMENT_INVALID,
            hint="name a file in a folder that is there",
        ) from None


def _round(session: Session, run: Callable[[], Ran], name: str, every: float) -> int:
    """One round; its exit code."""
    again = f"; again in {format_duration(every)}"
    try:
        runs = run()
    except (UsageError, Interrupted, Terminated):
        raise
    except GitctlError as error:
        print_error(error)
        session.say(f"{name}: failed{again}")
        return ExitCode.DONE
    calm = calmly(runs)
    code = ExitCode.DONE if calm and session.flags.output is Output.TEXT else show_runs(session, runs)
    if code not in STOPPED:
        session.say(f"{name}: {calm or told(code)}{again}")
    return code


def calmly(runs: Ran) -> str:
    """What there is to say of a round in which nothing was to do; "" when there was. A lock held by another is part of the plan."""
    done = [run for _, some in runs for run in some]
    if any(_is_news(run) for run in done):
        return ""
    locked = [r.error.message for r in done if r.error]
    rest = len(done) - len(locked)
    revisions = ", ".join(dict.fromkeys(stage.parts.revision.short for stage, _ in runs))
    return "; ".join(([f"{counted(rest, 'app')} in sync at {revisions}"] if rest else []) + locked)


def _is_news(run: AppRun) -> bool:
    if run.error:
        return not isinstance(run.error, Locked)
    return run.result is None or bool(run.result.outcomes)


def told(code: int) -> str:
    """How a round ended."""
    return "done" if code == ExitCode.DONE else f"exit code {int(code)}"
