"""Run: the waves of a plan in order, and what must hold between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gitctl.apply.options import ApplyOptions
from gitctl.apply.prune import prune, pruned
from gitctl.apply.step import Steps, wanted
from gitctl.apply.wait import wait_healthy
from gitctl.errors import ErrorId, GitctlError, NotHealthy
from gitctl.model.change import Change, Plan, Wave
from gitctl.model.outcome import EventKind, ObjectHealth, Outcome, OutcomeResult
from gitctl.model.quantity import counted
from gitctl.protocols import Emit, Lock, Target

__all__ = ["ApplyOptions", "apply_plan", "apply_waves", "halt_of", "prune"]

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_DEFINITIONS = frozenset({_CRD, ("", "Namespace")})


def halt_of(outcomes: Iterable[Outcome]) -> GitctlError | None:
    """The error that ended a run: ClusterError, Locked, NotHealthy. None when it ended by itself, or on Ctrl-C."""
    return next((o.halt for o in outcomes if o.halt), None)


def apply_plan(plan: Plan, target: Target, *, lock: Lock, emit: Emit, options: ApplyOptions) -> tuple[Outcome, ...]:
    """Waves, health of what they wrote, prunes. Nothing is pruned unless all was applied and (with `wait`) is healthy."""
    applied = apply_waves(plan, target, lock=lock, emit=emit, options=options)
    steps = Steps(plan.app, target, lock, emit, options)
    if any(o.result is not OutcomeResult.APPLIED for o in applied):
        steps.stop("not everything was applied", halt_of(applied))
    elif options.wait:
        _settle(steps, [o.change for o in applied], "the app")
    return applied + pruned(steps, plan.prunes)


def apply_waves(plan: Plan, target: Target, *, lock: Lock, emit: Emit, options: ApplyOptions) -> tuple[Outcome, ...]:
    """An outcome for each change of the waves, in order. Only bugs are raised: see `Outcome.halt` for what ended the run.

    A wave in which an object is refused ends; later waves do not start. Definitions are established and served, and a wave with
    `settle` is healthy together with all waves before it, before the next wave starts.
    """
    steps = Steps(plan.app, target, lock, emit, options)
    outcomes: list[Outcome] = []
    unsettled: list[Change] = []
    for wave in plan.waves:
        outcomes += _wave(steps, wave, unsettled)
    return tuple(outcomes)


def _wave(steps: Steps, wave: Wave, unsettled: list[Change]) -> list[Outcome]:
    """Apply a wave. `unsettled` are changes whose health nobody waited for yet: a wave that settles takes them, others add theirs."""
    if steps.stopped or not wave.changes:
        return [steps.not_tried(change) for change in wave.changes]
    steps.say(EventKind.WAVE, f"{wave.name}: {counted(len(wave.changes), 'object')}")
    outcomes = steps.apply(wave.changes)
    refused = [o for o in outcomes if o.result is OutcomeResult.FAILED]
    if refused and not steps.options.continue_on_error:
        steps.stop(f"{refused[0].change.ref} was refused")
    applied = [o.change for o in outcomes if o.result is OutcomeResult.APPLIED]
    if not steps.stopped:
        unsettled += applied
        whole = wave.settle and steps.options.wait
        _settle(steps, unsettled if whole else [c for c in applied if _kind(c) in _DEFINITIONS], wave.name)
        if whole:
            unsettled.clear()
        if steps.halt:
            # There may be no later change to carry the reason.
            outcomes[-1] = replace(outcomes[-1], halt=steps.halt)
    return outcomes


def _settle(steps: Steps, changes: Sequence[Change], name: str) -> None:
    """Wait until objects are healthy and new kinds are served; stop the run when they are not."""
    options = steps.options
    if not changes:
        return
    try:
        health = wait_healthy(
            [wanted(c) for c in changes],
            steps.target,
            rules=options.rules,
            deadline=options.deadline,
            emit=steps.emit,
            cancel=options.cancel,
            app=steps.app,
        )
        bad = [h for h in health if not h.health.settled]
        if bad and not steps.stopped:
            error = NotHealthy(
                f"{name}: not healthy: {len(bad)} of {counted(len(health), 'object')}", id=ErrorId.NOT_HEALTHY, details=_details(bad)
            )
            steps.stop(str(error), error)
        kinds = [kind for c in changes if (kind := _defined(c))]
        if kinds and not steps.stopped:
            steps.target.refresh(kinds)
    except GitctlError as error:
        steps.stop(str(error), error)


def _details(bad: Iterable[ObjectHealth]) -> Iterator[str]:
    for one in bad:
        yield f"{one.ref}: {one.health.state.value}: {one.health.message}"
        yield from (f"  event: {line}" for line in one.events)
        yield from (f"  log: {line}" for line in one.logs)


def _defined(change: Change) -> tuple[str, str] | None:
    """The kind that a CustomResourceDefinition defines. The server took it, so its fields are there."""
    if _kind(change) != _CRD or change.comparison is None:
        return None
    spec = change.comparison.desired.body["spec"]
    return str(spec["group"]), str(spec["names"]["kind"])


def _kind(change: Change) -> tuple[str, str]:
    return change.ref.group, change.ref.kind
