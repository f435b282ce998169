"""Atomic: a sync that is tried as a whole before anything is written, and taken back when it fails.

What was there before is the plan's own view of it, held in memory: nothing of it is stored, for it may be a Secret.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from functools import partial

from gitctl.apply.options import ApplyOptions
from gitctl.apply.step import Steps
from gitctl.apply.undo import is_touched, undo
from gitctl.errors import ApplyFailed, ClusterError, ErrorId, Forbidden, GitctlError, Interrupted, Locked
from gitctl.model.change import Change
from gitctl.model.outcome import Event, EventKind, Outcome, OutcomeResult, SyncResult
from gitctl.model.quantity import counted
from gitctl.model.record import Record
from gitctl.model.restoration import Restoration
from gitctl.parallel import Deadline, map_bounded
from gitctl.protocols import Lock, Reversible
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Planned
from gitctl.workflow.recording import Recording
from gitctl.workflow.verdict import RIGHTS_HINT


def rehearse(planned: Planned, parts: Parts, options: ApplyOptions) -> None:
    """Try every change. Raises ApplyFailed with all refusals, Forbidden where only rights are missing; ClusterError.

    What cannot be tried (a kind or namespace that this run makes) is said, and counts as well.
    """
    target, plan = parts.target, planned.plan
    tried: list[Outcome] = []
    if isinstance(target, Reversible):
        tried = map_bounded(partial(_try, target, options.owner), plan.changes, limit=options.concurrency)
    refused = [o for o in tried if o.result is OutcomeResult.FAILED]
    details = [f"{c.ref}: {c.error}" for c in plan.failures] + [f"{o.change.ref}: {o.error}" for o in refused]
    if details and all(o.denied for o in refused) and all(c.denied for c in plan.failures):
        raise Forbidden(f"{plan.app}: nothing was applied", details=details, hint=RIGHTS_HINT)
    if details:
        message = f"{plan.app}: {counted(len(details), 'object')} would be refused; nothing was written"
        raise ApplyFailed(message, id=ErrorId.ATOMIC_REFUSED, details=details, hint="mend them in Git and sync again")
    _tell_untried(planned, tried, parts)


def _try(target: Reversible, owner: str, change: Change) -> Outcome:
    return target.rehearse(change, owner=owner, force=bool(change.comparison and change.comparison.conflicts))


def _tell_untried(planned: Planned, tried: list[Outcome], parts: Parts) -> None:
    untried = [o for o in tried if o.result is OutcomeResult.NOT_TRIED]
    if untried:
        first = f"{untried[0].change.ref}: {untried[0].error}"
        more = f"; and {len(untried) - 1} more" if len(untried) > 1 else ""
        parts.emit(Event(EventKind.STEP, f"could not be tried beforehand: {first}{more}", None, planned.app.name))


def may_restore(parts: Parts, outcomes: tuple[Outcome, ...], error: GitctlError) -> bool:
    """Is there something to take back, and may it be? Not without the lock, and not where the target is out of reach."""
    if not isinstance(parts.target, Reversible) or not any(map(is_touched, outcomes)):
        return False
    if isinstance(error, Locked):
        return False
    return not isinstance(error, ClusterError) or isinstance(error, Forbidden)


def restore(
    planned: Planned, result: SyncResult, error: GitctlError, recording: Recording, lock: Lock, parts: Parts
) -> tuple[SyncResult, Locked | None]:
    """Take back what was applied, and say what became of it; the attempt and this are a record each. None, or how the lock was lost.

    Ctrl-C has no say in it: half of a restoration is what nobody wants. A second one ends the program at once. That a record cannot be
    written is no reason to leave things as they are: the one of the attempt is open, so the next run knows that it did not end.
    """
    assert isinstance(parts.target, Reversible)
    app = planned.app
    parts.emit(Event(EventKind.WARNING, f"{error.message}: putting back what was there before", None, app.name))
    notes = _Notes()
    record = notes.take(lambda: recording.turn_back(result.outcomes, result.health, why=error.message))
    options = ApplyOptions(owner=app.owner, rules=app.health, deadline=Deadline(app.wait_seconds))
    steps = Steps(app.name, parts.target, lock, parts.emit, options)
    if notes.lost:
        steps.stop(str(notes.lost), notes.lost)
    restored = undo(planned.plan, result.outcomes, parts.target, steps=steps)
    lost = notes.lost or (steps.halt if isinstance(steps.halt, Locked) else None)
    last = None if lost or record is None else notes.take(lambda: recording.put_back(restored, result.outcomes))
    unrecorded = notes.why or (lost.message if lost else "")
    restoration = Restoration(restored, last.number if last else 0, unrecorded)
    return replace(result, record=record, restoration=restoration), lost or notes.lost


@dataclass(slots=True)
class _Notes:
    """What is written down of a restoration: `why` it was not, and the lock that was `lost` with it."""

    why: str = ""
    lost: Locked | None = None

    def take(self, write: Callable[[], Record]) -> Record | None:
        """The record; None where it could not be written."""
        try:
            return write()
        except GitctlError as error:
            self.why = error.message
            self.lost = error if isinstance(error, Locked) else None
            return None


def restored_error(planned: Planned, restoration: Restoration, error: GitctlError) -> GitctlError:
    """What the user sees of a run that was taken back: why it failed, and what is not as it was."""
    left = restoration.incomplete
    details = [*error.details, *(f"{one.ref}: {one.result.value}: {one.reason}" for one in left)]
    if restoration.unrecorded:
        details.append(f"what was put back is not recorded ({restoration.unrecorded}): the next run notes this one as interrupted")
    if isinstance(error, Locked):
        told = copy(error)
        told.details = tuple(details)
        return told
    how = f"what was there before is back, but for {counted(len(left), 'object')}" if left else "what was there before is back"
    if isinstance(error, Interrupted):
        return Interrupted(f"{planned.app.name}: interrupted; {how}", details=details, hint="run the command again")
    return ApplyFailed(
        f"{error.message}; {how}",
        id=ErrorId.RESTORED_IN_PART if left else ErrorId.RESTORED,
        details=details,
        hint="mend it in Git and sync again" + ("; look at what is left" if left else ""),
    )
