"""Steps: one write after the other checks, and why nothing more may be written.

A run stops at the first of: Ctrl-C, the lock lost, the target lost, an object refused, a wave that does not settle. What is in flight
then ends; what was not started is an outcome too (NOT_TRIED), so that a record never misses an object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gitctl.apply.options import ApplyOptions
from gitctl.errors import GitctlError
from gitctl.model.change import Action, Change
from gitctl.model.manifest import ObjectRef
from gitctl.model.outcome import Event, EventKind, Outcome, OutcomeResult
from gitctl.parallel import map_bounded
from gitctl.protocols import Emit, Lock, Target

INTERRUPTED = "interrupted"

Write = Callable[[Change], Outcome]


def wanted(change: Change) -> tuple[ObjectRef, str]:
    """The object of a change, with the API version to look at it by."""
    if change.comparison:
        return change.ref, change.comparison.desired.api_version
    return change.ref, str((change.live or {}).get("apiVersion", ""))


@dataclass(slots=True)
class Steps:
    """A run of writes. `reason` says why nothing new starts, "" while it may; `halt` is the error behind it, if one ended the run."""

    app: str
    target: Target
    lock: Lock
    emit: Emit
    options: ApplyOptions
    reason: str = field(default="", init=False)
    halt: GitctlError | None = field(default=None, init=False)

    def apply(self, changes: Iterable[Change]) -> list[Outcome]:
        """Create and update, several at once; outcomes in the order of the changes."""
        return self._each(changes, self._apply)

    def delete(self, changes: Iterable[Change]) -> list[Outcome]:
        """Delete, several at once."""
        return self._each(changes, self._delete)

    def stop(self, reason: str, halt: GitctlError | None = None) -> None:
        """Start nothing more. The first reason stays."""
        if not self.stopped:
            self.reason, self.halt = reason, halt

    @property
    def stopped(self) -> bool:
        """May nothing new start?"""
        if not self.reason and self.options.cancel.requested():
            self.reason = INTERRUPTED
        return bool(self.reason)

    def say(self, kind: EventKind, message: str, ref: ObjectRef | None = None) -> None:
        """Report progress. Called from several threads at a time, as emitters must bear."""
        self.emit(Event(kind, message, ref, self.app))

    def not_tried(self, change: Change) -> Outcome:
        """The outcome of a change that did not start."""
        return Outcome(change, OutcomeResult.NOT_TRIED, error=self.reason, halt=self.halt)

    def _each(self, changes: Iterable[Change], write: Write) -> list[Outcome]:
        return map_bounded(lambda change: self._guarded(change, write), changes, limit=self.options.concurrency)

    def _guarded(self, change: Change, write: Write) -> Outcome:
        """A write that starts only under the lock. An error of target or lock is kept and ends the run; an object's own does not."""
        if self.stopped:
            return self.not_tried(change)
        try:
            self.lock.check()
        except GitctlError as error:
            self.stop(str(error), error)
            return self.not_tried(change)
        try:
            outcome = write(change)
        except GitctlError as error:
            self.stop(f"stopped at {change.ref}: {error}", error)
            outcome = Outcome(change, OutcomeResult.FAILED, error=str(error), halt=error)
        if outcome.result is OutcomeResult.FAILED:
            self.say(EventKind.FAILED, f"{_VERBS[change.action]} failed: {outcome.error}", change.ref)
        return outcome

    def _apply(self, change: Change) -> Outcome:
        # The plan lets conflicts through only with the user's consent; what nobody disputed is not applied by force.
        force = bool(change.comparison and change.comparison.conflicts)
        outcome = self.target.apply(change, owner=self.options.owner, force=force)
        if outcome.result is OutcomeResult.APPLIED:
            self.say(EventKind.APPLIED, _DONE[change.action], change.ref)
        return outcome

    def _delete(self, change: Change) -> Outcome:
        return self.target.delete(change, owner=self.options.owner)


_VERBS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.ADOPT: "adopt",
    Action.REPLACE: "replace",
    Action.PRUNE: "prune",
    Action.ORPHAN: "orphan",
    Action.RELEASE: "release",
    Action.UNCHANGED: "apply",
}
_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.ADOPT: "adopted",
    Action.REPLACE: "replaced",
    Action.PRUNE: "pruned",
    Action.ORPHAN: "left alone",
    Action.RELEASE: "released",
    Action.UNCHANGED: "applied",
}
