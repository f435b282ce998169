"""Undo: take back what a run wrote, the last first: objects that it made are deleted, all others are put back as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitctl.apply.prune import pruned
from gitctl.apply.step import Steps
from gitctl.errors import GitctlError
from gitctl.model.change import Action, Change, Plan
from gitctl.model.marks import is_protected, kept_by, uid
from gitctl.model.outcome import EventKind, Outcome, OutcomeResult
from gitctl.model.restoration import KEPT_KINDS, Restored, Undo
from gitctl.parallel import map_bounded
from gitctl.protocols import Reversible


def is_touched(outcome: Outcome) -> bool:
    """May the run have changed this object? A refused update may have taken over fields before it was refused."""
    if outcome.change.action in (Action.ORPHAN, Action.UNCHANGED) or outcome.result is OutcomeResult.NOT_TRIED:
        return False
    if outcome.result is not OutcomeResult.FAILED:
        return True
    if outcome.change.action is Action.PRUNE:
        return not outcome.code
    return outcome.change.action is not Action.CREATE


def undo(plan: Plan, outcomes: Sequence[Outcome], target: Reversible, *, steps: Steps) -> tuple[Restored, ...]:
    """What became of each object that was touched, in the order in which it was taken back. Only bugs are raised: an error of target
    or lock ends the steps, and what was not put back by then is LEFT, with the reason."""
    done: list[Restored] = []
    for group in _groups(plan, outcomes):
        made = [o for o in group if o.change.action is Action.CREATE]
        changed = [o for o in group if o.change.action is not Action.CREATE]
        done += map_bounded(lambda o: _put_back(o, target, steps), changed, limit=steps.options.concurrency)
        done += _deleted(made, steps)
    return tuple(done)


def _groups(plan: Plan, outcomes: Sequence[Outcome]) -> Iterator[list[Outcome]]:
    """What was touched: prunes one by one, then wave by wave, all backwards."""
    touched = {o.change.ref: o for o in outcomes if is_touched(o)}
    yield from ([touched[c.ref]] for c in reversed(plan.prunes) if c.ref in touched)
    for wave in reversed(plan.waves):
        yield [touched[c.ref] for c in reversed(wave.changes) if c.ref in touched]


def _put_back(outcome: Outcome, target: Reversible, steps: Steps) -> Restored:
    ref = outcome.change.ref
    if steps.stopped:
        return Restored(ref, Undo.LEFT, f"not tried: {steps.reason}")
    try:
        steps.lock.check()
        restored = target.restore(outcome, owner=steps.options.owner)
    except GitctlError as error:
        steps.stop(str(error), error)
        return Restored(ref, Undo.LEFT, str(error))
    steps.say(EventKind.STEP, f"{ref}: {restored.result.value}{f': {restored.reason}' if restored.reason else ''}")
    return restored


def _deleted(made: Sequence[Outcome], steps: Steps) -> list[Restored]:
    """Objects that the run made go again, under the rules of a prune."""
    kept = [Restored(o.change.ref, Undo.LEFT, why, o.live) for o in made if (why := _kept(o))]
    spared = {one.ref for one in kept}
    going = [o for o in made if o.change.ref not in spared]
    prunes = [Change(o.change.ref, Action.PRUNE, live=o.live, live_uid=uid(o.live or {})) for o in going]
    return [*kept, *(_gone(o) for o in pruned(steps, prunes))]


def _kept(outcome: Outcome) -> str:
    """Why an object that the run made stays, "" when it goes."""
    ref, live = outcome.change.ref, outcome.live or {}
    mark = "gitctl.dev/protect" if is_protected(live) else kept_by(live)
    return KEPT_KINDS.get((ref.group, ref.kind), "") or (f"it is marked {mark}" if mark else "")


def _gone(outcome: Outcome) -> Restored:
    ref = outcome.change.ref
    if outcome.result is not OutcomeResult.DELETED:
        return Restored(ref, Undo.LEFT, f"it was made by this run and is still there: {outcome.error}", outcome.change.live)
    return Restored(ref, Undo.DELETED, "what it did while it ran is not undone" if ref.kind in ("Job", "CronJob", "Pod") else "")
