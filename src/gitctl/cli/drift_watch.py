"""`drift-check --watch`: each drift when it appears, and when it is gone."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitctl.cli.forms import Output
from gitctl.cli.rounds import Rounds, key_of
from gitctl.cli.session import Session
from gitctl.cli.show.drift import code_of
from gitctl.cli.show.drift_news import show_note
from gitctl.cli.show.error import print_error
from gitctl.errors import ErrorId, ExitCode, GitctlError, UsageError, exit_code_of
from gitctl.model.quantity import counted
from gitctl.parallel import Deadline
from gitctl.protocols import Followable
from gitctl.workflow.agenda import Due, Key
from gitctl.workflow.drift import DriftLook, DriftRun, drift_apps
from gitctl.workflow.drift_news import DriftNews, is_busy
from gitctl.workflow.keeping import Done, Keeping

if TYPE_CHECKING:
    from gitctl.cli.open import Stage

SHORTEST = 2.0


def watch_drift(session: Session, rounds: Rounds, look: DriftLook, *, every: float, seconds: float | None) -> int:
    """Tell drift until Ctrl-C or SIGTERM, or until `seconds` are over. Everything is looked at anew every `every` seconds.

    The result is 130 or 143; at the end of `seconds` 1 when drift was seen, also when it is gone, else what cannot be known now (5, 6).
    Raises UsageError.
    """
    if session.flags.output not in (Output.TEXT, Output.JSON):
        form = session.flags.output.value
        raise UsageError(f"--watch prints no -o {form}", id=ErrorId.OUTPUT_FORM, hint="text, or json for one event a line")
    if every < SHORTEST:
        hint = f"at least {SHORTEST:g}s: changes are seen at once, this is for what cannot be watched"
        raise UsageError("--interval is too short", id=ErrorId.ARGUMENT_INVALID, hint=hint)
    looks = _Looks(session, rounds, look)
    ends = Deadline() if seconds is None else Deadline(seconds)
    with session.graceful(writes=False):
        Keeping(looks, every=every, cancel=session.cancel, say=session.say, beat=lambda: None, ends=ends).run()
    return 128 + session.signal if session.signal else looks.code


class _Looks:
    """The rounds of a drift-check."""

    def __init__(self, session: Session, rounds: Rounds, look: DriftLook) -> None:
        self._session = session
        self._rounds = rounds
        self._look = look
        self._news = DriftNews()
        self._codes: dict[Key, ExitCode] = {}
        self._told = 0

    @property
    def code(self) -> ExitCode:
        """The gravest of what was seen at any time, and of what cannot be known now."""
        seen = ExitCode.DIFFERENT if self._news.seen else ExitCode.DONE
        return max([seen, *self._codes.values()])

    def poll(self) -> Collection[Key]:
        """See Work. Everything is due: the one that was missed is found then."""
        self._rounds.poll()
        return self.keys()

    def keys(self) -> Collection[Key]:
        """See Work."""
        return self._rounds.keys()

    def target(self, place: str) -> Followable | None:
        """See Work."""
        return self._rounds.target(place)

    def carry_out(self, due: Sequence[Due]) -> Iterator[Done]:
        """See Work."""
        try:
            stages = self._rounds.stages(due)
        except GitctlError as error:
            print_error(error)
            self._codes |= {one.key: exit_code_of(error) for one in due}
            yield from (Done(one.key, well=False, soon=True) for one in due)
            return
        for stage in stages:
            for run in drift_apps(stage.apps, stage.parts, self._look):
                yield self._heard(stage, run)
        self._tell_beginning()

    def _heard(self, stage: Stage, run: DriftRun) -> Done:
        now, key = datetime.now(UTC), key_of(stage, run.app.owner)
        busy = is_busy(run, now)
        for note in self._news.heard(key, run, time.monotonic(), busy=busy):
            show_note(self._session, stage, run.app, note, now)
        self._codes[key] = code_of(run)
        objects = None
        if run.state is not None:
            request = self._look.request
            objects = [(e.ref, e.api_version) for e in run.state.inventory if request.looks_at(e.ref)]
            self._told += len(objects) if self._told >= 0 else 0
        return Done(key, objects, well=run.error is None and not busy, soon=True)

    def _tell_beginning(self) -> None:
        if self._told > 0:
            self._session.say(f"watching {counted(self._told, 'object')} of {counted(len(self._codes), 'app')}")
        self._told = -1
