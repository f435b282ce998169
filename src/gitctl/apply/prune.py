"""Prune: delete what is no longer wanted, kind by kind in the plan's order, and see each object gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from gitctl.apply.options import ApplyOptions
from gitctl.apply.step import Steps, wanted
from gitctl.apply.wait import wait_gone
from gitctl.errors import GitctlError
from gitctl.model.change import Action, Change, Plan
from gitctl.model.manifest import ObjectRef
from gitctl.model.outcome import EventKind, Outcome, OutcomeResult
from gitctl.protocols import Emit, Lock, Target

_WORKLOADS = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("", "Pod")})
_BUILT_IN = frozenset({"", "apps", "batch", "autoscaling", "policy"})


def prune(plan: Plan, target: Target, *, lock: Lock, emit: Emit, options: ApplyOptions) -> tuple[Outcome, ...]:
    """An outcome for each prune, in order: DELETED only once the object is seen gone, else FAILED with what holds it.

    Neighbours of one kind go together; the next kind starts when their wait is over. While a custom resource is held by its
    finalizers, nothing is deleted that may be, or serve, its operator. Only bugs are raised: see `Outcome.halt`.
    """
    return pruned(Steps(plan.app, target, lock, emit, options), plan.prunes)


def pruned(steps: Steps, prunes: Sequence[Change]) -> tuple[Outcome, ...]:
    """The same, as the end of a run."""
    outcomes: list[Outcome] = []
    held: ObjectRef | None = None
    for _, group in groupby(prunes, key=_kind):
        changes = list(group)
        if held and not _is_custom(changes[0]) and _may_hold_operator(prunes[len(outcomes) :]):
            reason = f"kept until {held} is gone: its operator may be among what is left to prune"
            outcomes += [Outcome(c, OutcomeResult.NOT_TRIED, error=reason) for c in changes]
            continue
        done = _deleted(steps, changes)
        held = held or next((o.change.ref for o in done if o.result is OutcomeResult.FAILED and _is_custom(o.change)), None)
        outcomes += done
    return tuple(outcomes)


def _deleted(steps: Steps, changes: Sequence[Change]) -> list[Outcome]:
    """Delete objects of one kind and wait until they are gone. An orphan is left as it is, a released object stays as well."""
    outcomes = {c.ref: Outcome(c, OutcomeResult.APPLIED, live=c.live) for c in changes if c.action is Action.ORPHAN}
    outcomes |= {o.change.ref: o for o in steps.apply([c for c in changes if c.action is Action.RELEASE])}
    outcomes |= {o.change.ref: o for o in steps.delete([c for c in changes if c.action is Action.PRUNE])}
    accepted = [o.change for o in outcomes.values() if o.result is OutcomeResult.DELETED]
    there = _still_there(steps, accepted)
    for change in accepted:
        if change.ref in there:
            outcomes[change.ref] = replace(outcomes[change.ref], result=OutcomeResult.FAILED, error=there[change.ref], halt=steps.halt)
            steps.say(EventKind.FAILED, there[change.ref], change.ref)
        else:
            steps.say(EventKind.DELETED, "pruned", change.ref)
    return [outcomes[c.ref] for c in changes]


def _still_there(steps: Steps, changes: Sequence[Change]) -> dict[ObjectRef, str]:
    """Why each of the objects whose deletion was accepted is not known to be gone; {} when all are."""
    options = steps.options
    try:
        left = wait_gone(
            [wanted(c) for c in changes],
            steps.target,
            uids={c.ref: c.live_uid for c in changes},
            deadline=options.deadline,
            emit=steps.emit,
            cancel=options.cancel,
            app=steps.app,
        )
    except GitctlError as error:
        steps.stop(str(error), error)
        return {c.ref: f"deleted, but not seen gone: {error}" for c in changes}
    why = "interrupted" if options.cancel.requested() else "the time was over"
    return {h.ref: f"deleted, but not gone when {why}: {h.health.message}" for h in left}


def _kind(change: Change) -> tuple[str, str]:
    return change.ref.group, change.ref.kind


def _is_custom(change: Change) -> bool:
    return change.ref.group not in _BUILT_IN and not change.ref.group.endswith(".k8s.io")


def _may_hold_operator(later: Iterable[Change]) -> bool:
    return any(_kind(c) in _WORKLOADS for c in later)
