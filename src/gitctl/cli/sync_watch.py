"""`sync --watch`: a round when Git moved, and one of an app as soon as one of its objects was changed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.cli.forms import Output
from gitctl.cli.repeat import STOPPED, beat, calmly, told
from gitctl.cli.rounds import Rounds, key_of
from gitctl.cli.session import Session
from gitctl.cli.show.error import print_error
from gitctl.cli.show.report import show_runs
from gitctl.config.duration import format_duration
from gitctl.errors import ErrorId, ExitCode, GitctlError, Interrupted, Terminated, UsageError, exit_code_of
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import OutcomeResult, SyncResult
from gitctl.protocols import Followable
from gitctl.workflow.agenda import Due, Key
from gitctl.workflow.keeping import Done, Keeping, reasons

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.cli.show.report import Ran
    from gitctl.workflow.sync import AppRun

Run = Callable[[tuple["Stage", ...]], "Ran"]
_SOON = (ExitCode.CLUSTER, ExitCode.LOCKED)


def watch_and_sync(session: Session, rounds: Rounds, run: Run, *, every: float, heartbeat: Path | None = None) -> int:
    """Sync until Ctrl-C or SIGTERM. `run` is one round of some stages; Git is asked every `every` seconds, and `heartbeat` touched then.

    The result is 0, or the exit code of a round that was cut off. Raises UsageError as `repeat` does.
    """
    if every < 1:
        raise UsageError("--interval is at least 1s", id=ErrorId.ARGUMENT_INVALID, hint="such as --interval 1m")
    work = _Syncs(session, rounds, run, every)
    with session.graceful():
        Keeping(work, every=every, cancel=session.cancel, say=session.say, beat=lambda: beat(heartbeat)).run()
    return work.code if work.code in STOPPED else ExitCode.DONE


class _Syncs:
    """The rounds of a sync."""

    def __init__(self, session: Session, rounds: Rounds, run: Run, every: float) -> None:
        self._session = session
        self._rounds = rounds
        self._run = run
        self._every = format_duration(every)
        self._number = 0
        self.code: int = ExitCode.DONE

    def poll(self) -> Collection[Key]:
        """See Work."""
        return self.keys() if self._rounds.poll() else ()

    def keys(self) -> Collection[Key]:
        """See Work."""
        return self._rounds.keys()

    def target(self, place: str) -> Followable | None:
        """See Work."""
        return self._rounds.target(place)

    def carry_out(self, due: Sequence[Due]) -> Iterator[Done]:
        """See Work. Raises UsageError, Interrupted, Terminated."""
        self._number += 1
        name = f"round {self._number}"
        for reason in reasons(due):
            self._session.say(f"{name}: {reason}")
        try:
            runs = self._run(self._rounds.stages(due))
        except (UsageError, Interrupted, Terminated):
            raise
        except GitctlError as error:
            print_error(error)
            self._session.say(f"{name}: failed; again in {self._every} at the latest")
            yield from (Done(one.key, well=False, soon=exit_code_of(error) in _SOON) for one in due)
            return
        self._show(name, runs)
        yield from (_done(stage, one) for stage, some in runs for one in some)

    def _show(self, name: str, runs: Ran) -> None:
        calm = calmly(runs)
        quiet = bool(calm) and self._session.flags.output is Output.TEXT
        self.code = ExitCode.DONE if quiet else show_runs(self._session, runs)
        if self.code not in STOPPED:
            self._session.say(f"{name}: {calm or told(self.code)}; watching, Git is asked every {self._every}")
        sys.stdout.flush()


def _done(stage: Stage, run: AppRun) -> Done:
    soon = run.error is not None and exit_code_of(run.error) in _SOON
    key = key_of(stage, run.app.owner)
    if run.result is None:
        return Done(key, well=run.error is None, soon=soon)
    return Done(key, tuple(_followed(run.result)), tuple(_seen(run.result)), run.error is None and not run.declined, soon)


def _followed(result: SyncResult) -> Iterator[tuple[ObjectRef, str]]:
    """What the app owns now."""
    plan = result.plan
    compared = (*plan.unchanged, *plan.failures, *(c.comparison for w in plan.waves for c in w.changes if c.comparison))
    yield from ((c.ref, c.desired.api_version) for c in compared)


def _seen(result: SyncResult) -> Iterator[tuple[ObjectRef, Json | None]]:
    """How the run saw or left its objects."""
    yield from ((c.ref, c.live) for c in result.plan.unchanged)
    for outcome in result.outcomes:
        if outcome.result is OutcomeResult.APPLIED and outcome.live:
            yield outcome.change.ref, outcome.live
