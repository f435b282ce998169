"""Sync: plan → guards → lock → record → apply → wait → prune → record. Design: docs/design.md, rules of correctness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from copy import copy
from dataclasses import dataclass, replace

from gitctl.apply.run import ApplyOptions, apply_waves, halt_of, prune
from gitctl.errors import ErrorId, GitctlError, Interrupted, Locked, Refused, SourceError, StateMoved, Suspended
from gitctl.model.app import App
from gitctl.model.change import Action, Plan, Refusal
from gitctl.model.manifest import RenderResult
from gitctl.model.outcome import PRUNE, Event, EventKind, ObjectHealth, Outcome, OutcomeResult, SyncResult
from gitctl.model.quantity import counted
from gitctl.model.record import RecordResult, RecordVerb
from gitctl.model.state import Hold
from gitctl.parallel import Deadline
from gitctl.protocols import Lock
from gitctl.workflow.atomic import may_restore, rehearse, restore, restored_error
from gitctl.workflow.depends import require_healthy
from gitctl.workflow.moves import hand_over
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import (
    AppPlan,
    Planned,
    PlanRequest,
    Rendered,
    Selection,
    ask_for_all,
    plan_app,
    plan_apps,
    render_apps,
    selection,
)
from gitctl.workflow.preflight import require_rights, with_rights
from gitctl.workflow.recording import Recording, acknowledge, needs_acknowledging
from gitctl.workflow.verdict import verdict
from gitctl.workflow.waiting import wait_for_app, wait_for_unchanged

Confirm = Callable[[Planned], bool]


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """How to sync. `timeout` (seconds) overrides the app's own; `allow_*` are consents that the user spelled out; `atomic`: all or
    nothing, as far as a target can take back what it wrote."""

    plan: PlanRequest = PlanRequest()
    verb: RecordVerb = RecordVerb.SYNC
    wait: bool = True
    timeout: float | None = None
    lock_timeout: float = 0.0
    allow_dirty: bool = False
    allow_stale: bool = False
    release: bool = False
    ignore_hold: bool = False
    continue_on_error: bool = False
    atomic: bool = False
    hold: Hold | None = None
    rollback_to: int = 0
    rolled_back_from: int = 0


@dataclass(frozen=True, slots=True)
class AppRun:
    """What happened to one app: a result, an error, or both (applied, but not well). `declined`: the user said no.

    `note` is what did not work and costs nothing but time.
    """

    app: App
    result: SyncResult | None = None
    error: GitctlError | None = None
    declined: bool = False
    note: str = ""


def sync_apps(apps: Sequence[App], parts: Parts, request: SyncRequest, *, confirm: Confirm) -> tuple[AppRun, ...]:
    """Sync apps in order. An app whose dependency failed in this run is not tried; the others go on."""
    refuse_unclean(parts, request)
    rendered = render_apps(apps, parts)
    ask_for_all(rendered, parts, request.plan)
    scope = selection(rendered)
    runs: list[AppRun] = []
    for one in rendered:
        if one.result is None:
            runs.append(AppRun(one.app, error=one.error))
            continue
        try:
            _go_on(one.app, parts)
            _require_dependencies(one.app, runs, parts)
            runs.append(_sync_one(one.app, one.result, parts, request, scope, confirm))
        except GitctlError as error:
            runs.append(AppRun(one.app, error=error))
    return tuple(runs)


def sync_rendered(app: App, rendered: RenderResult, parts: Parts, request: SyncRequest, confirm: Confirm) -> AppRun:
    """Sync one app from a render that is there already (rollback, fix). Raises GitctlError."""
    return _sync_one(app, rendered, parts, request, selection([Rendered(app, rendered)]), confirm)


def _sync_one(app: App, rendered: RenderResult, parts: Parts, request: SyncRequest, scope: Selection, confirm: Confirm) -> AppRun:
    run = _sync(plan_app(app, rendered, parts, request.plan, scope), parts, request, scope, confirm)
    # Who lost the lock writes nothing, not even what is only a cache.
    return run if run.declined or isinstance(run.error, Locked) else replace(run, note=parts.target.keep_proofs(app.owner))


def plan_sync(apps: Sequence[App], parts: Parts, request: SyncRequest) -> tuple[AppPlan, ...]:
    """What `sync_apps` would do, holds and suspensions among the refusals. Raises Refused, SourceError as it would."""
    refuse_unclean(parts, request)
    plans = (_with_stops(plan, request) for plan in plan_apps(apps, parts, request.plan))
    return tuple(with_rights(plan, parts, undo=request.atomic) for plan in plans)


def _with_stops(plan: AppPlan, request: SyncRequest) -> AppPlan:
    if plan.planned is None:
        return plan
    stops = tuple(one for one in (plan.planned.suspended, _hold(plan.planned, request)) if one)
    stopped = replace(plan.planned.plan, refusals=(*stops, *plan.planned.plan.refusals))
    return replace(plan, planned=replace(plan.planned, plan=stopped))


def _go_on(app: App, parts: Parts) -> None:
    """After Ctrl-C nothing new starts. Raises Interrupted."""
    if parts.cancel.requested():
        raise Interrupted(f"{app.name}: interrupted before anything was written", hint="run the command again")


def refuse_unclean(parts: Parts, request: SyncRequest) -> None:
    """A dirty or stale source is synced only with consent. Raises Refused, SourceError."""
    revision = parts.revision
    if revision.dirty and not request.allow_dirty:
        raise Refused("the work tree has uncommitted changes", id=ErrorId.UNCOMMITTED_CHANGES, hint="commit them, or add --allow-dirty")
    if revision.stale_seconds is not None and not request.allow_stale:
        raise SourceError(
            f"the source cannot be reached; what is cached is {int(revision.stale_seconds)} s old",
            id=ErrorId.REMOTE_STALE,
            hint="restore the connection, or add --allow-stale (never prunes)",
        )


def _require_dependencies(app: App, runs: Sequence[AppRun], parts: Parts) -> None:
    done = {r.app.name: r for r in runs}
    for name in app.depends_on:
        if name not in done or isinstance(done[name].error, Suspended):
            require_healthy(app, name, parts)
        elif done[name].error is not None or done[name].declined:
            raise Refused(
                f"{app.name} depends on {name}, which failed in this run",
                id=ErrorId.DEPENDENCY_NOT_READY,
                hint=f"mend {name}, then sync again",
            )


def check_plan(planned: Planned, request: SyncRequest) -> None:
    """Raise Refused when a guard or a hold stops the plan, or when it is another one than the user permitted by its digest."""
    if planned.suspended:
        raise Suspended(planned.suspended.message, hint=planned.suspended.hint)
    hold = _hold(planned, request)
    if hold:
        raise Refused(hold.message, id=hold.rule, hint=hold.hint)
    if planned.plan.refusals:
        raise Refused(
            "; ".join(r.message for r in planned.plan.refusals),
            id=planned.plan.refusals[0].rule,
            details=[f"{r.rule}: {ref}" for r in planned.plan.refusals for ref in r.refs],
            hint="; ".join(dict.fromkeys(r.hint for r in planned.plan.refusals if r.hint)),
        )
    permitted, digest = request.plan.plan_digest, planned.plan.digest
    if permitted and planned.plan.changes and permitted != digest:
        raise Refused(
            f"{planned.app.name}: the plan is not the permitted one",
            id=ErrorId.PLAN_DIGEST,
            hint=f"look at the diff again; its digest is {digest}",
        )


def _hold(planned: Planned, request: SyncRequest) -> Refusal | None:
    hold = planned.state.hold
    if hold is None or request.release or request.ignore_hold or hold.render_digest == planned.rendered.digest:
        return None
    message = f"{planned.app.name} is held at {hold.revision[:8]} since {hold.at} by {hold.actor}: {hold.reason}"
    return Refusal(ErrorId.HELD, message, hint="revert the change in Git, or sync with --release")


def _ends_hold(planned: Planned, request: SyncRequest) -> bool:
    """By the user's word, or because Git agrees. A fix applies what is held: it proves nothing about Git."""
    hold = planned.state.hold
    agrees = request.verb is RecordVerb.SYNC and hold is not None and hold.render_digest == planned.rendered.digest
    return request.release or agrees


def _sync(planned: Planned, parts: Parts, request: SyncRequest, scope: Selection, confirm: Confirm) -> AppRun:
    check_plan(planned, request)
    request = replace(request, release=_ends_hold(planned, request))
    if not (planned.plan.changes or planned.plan.failures or request.hold or needs_acknowledging(planned, request.release)):
        return _still(planned, SyncResult(planned.plan), parts, request)
    require_rights(planned, parts, undo=request.atomic)
    if planned.plan.changes and not confirm(planned):
        return AppRun(planned.app, SyncResult(planned.plan, dry_run=True), declined=True)
    with ExitStack() as locks:
        lock = _locked(planned, parts, request, locks)
        _go_on(planned.app, parts)
        current = _unmoved(planned, parts, request, scope)
        if not (current.plan.changes or current.plan.failures or request.hold):
            result = SyncResult(current.plan, record=acknowledge(current, parts, request.release))
        else:
            return _run(current, parts, request, lock)
    return _still(current, result, parts, request)


def _locked(planned: Planned, parts: Parts, request: SyncRequest, locks: ExitStack) -> Lock:
    """The app's lock; with those of the apps that it takes objects from, in an order that is the same for everybody."""
    owners = sorted({planned.app.owner, *planned.moved.values()})
    held = [locks.enter_context(parts.target.lock(o, timeout=request.lock_timeout, emit=parts.emit, cancel=parts.cancel)) for o in owners]
    return held[owners.index(planned.app.owner)]


def _still(planned: Planned, result: SyncResult, parts: Parts, request: SyncRequest) -> AppRun:
    """Nothing was applied. What was applied before must be healthy all the same."""
    if request.wait:
        seconds = request.timeout if request.timeout is not None else planned.app.wait_seconds
        result = replace(result, health=wait_for_unchanged(planned, parts, seconds=seconds))
    return AppRun(planned.app, result, verdict(result, interrupted=parts.cancel.requested()))


def _unmoved(planned: Planned, parts: Parts, request: SyncRequest, scope: Selection) -> Planned:
    """The plan again when somebody wrote the state between planning and locking. Raises StateMoved when it differs."""
    if parts.target.read_state(planned.app.owner).token == planned.state.token:
        return planned
    again = plan_app(planned.app, planned.rendered, parts, request.plan, scope)
    check_plan(again, request)
    # Another run may have done just this: there is nothing left to dispute then.
    if again.plan.digest != planned.plan.digest and (again.plan.changes or again.plan.failures):
        raise StateMoved(f"{planned.app.name} was changed by another run meanwhile", hint="look at the new diff and sync again")
    return again


def _run(planned: Planned, parts: Parts, request: SyncRequest, lock: Lock) -> AppRun:
    app, plan = planned.app, planned.plan
    deadline = Deadline(request.timeout if request.timeout is not None else app.wait_seconds)
    options = ApplyOptions(
        owner=app.owner,
        rules=app.health,
        continue_on_error=request.continue_on_error,
        wait=request.wait,
        deadline=deadline,
        cancel=parts.cancel,
    )
    if request.atomic:
        rehearse(planned, parts, options)
    rollback = (request.rollback_to, request.rolled_back_from)
    parts.emit(_announcement(plan))
    recording = Recording.open(planned, parts, request.verb, rollback=rollback, hold=request.hold)
    done, health, error = _carry_out(planned, parts, request, lock, options)
    outcomes = parts.target.conclude(done, whole=error is None and not plan.failures)
    health = health if outcomes == done else ()
    if isinstance(error, Locked):
        # Nothing is ours to write any more, the record included: whoever has the lock marks it.
        return AppRun(app, SyncResult(plan, outcomes, health), error)
    failure = error or verdict(SyncResult(plan, outcomes, health), interrupted=parts.cancel.requested())
    if request.atomic and failure and may_restore(parts, outcomes, failure):
        return _taken_back(planned, SyncResult(plan, outcomes, health), failure, recording, lock, parts)
    try:
        record = recording.close(outcomes, health, error=error, release=request.release)
    except GitctlError as unrecorded:
        return unrecorded_run(planned, parts, outcomes, error or unrecorded, unrecorded)
    if planned.moved:
        hand_over(app, planned.moved, outcomes, parts)
    result = SyncResult(plan, outcomes, health, record)
    parts.emit(Event(EventKind.DONE, record.result.value, None, app.name))
    return AppRun(app, result, error or verdict(result, interrupted=record.result is RecordResult.INTERRUPTED))


def unrecorded_run(planned: Planned, parts: Parts, outcomes: tuple[Outcome, ...], error: GitctlError, cause: GitctlError) -> AppRun:
    """A run whose end could not be stored: what was done is told all the same. Where storing is what applies, nothing was done."""
    told = copy(error)
    told.details = (*told.details, f"the end of the run was not recorded ({cause.message}): the next run notes it as interrupted")
    return AppRun(planned.app, SyncResult(planned.plan, parts.target.conclude(outcomes, whole=False)), told)


def _taken_back(planned: Planned, done: SyncResult, failure: GitctlError, recording: Recording, lock: Lock, parts: Parts) -> AppRun:
    """A run that failed, after what it applied was put back."""
    result, lost = restore(planned, done, failure, recording, lock, parts)
    assert result.restoration is not None
    parts.emit(Event(EventKind.DONE, RecordVerb.RESTORE.value, None, planned.app.name))
    return AppRun(planned.app, result, restored_error(planned, result.restoration, lost or failure))


def _announcement(plan: Plan) -> Event:
    """What the run is about to do, wave by wave."""
    counts = [(wave.name, len(wave.changes)) for wave in plan.waves if wave.changes]
    pruned = sum(change.action is not Action.ORPHAN for change in plan.prunes)
    counts += [(PRUNE, pruned)] if pruned else []
    return Event(EventKind.PLAN, f"{counted(len(plan.changes), 'object')} to change", None, plan.app, tuple(counts))


Done = tuple[tuple[Outcome, ...], tuple[ObjectHealth, ...], GitctlError | None]


def _carry_out(planned: Planned, parts: Parts, request: SyncRequest, lock: Lock, options: ApplyOptions) -> Done:
    """Apply, wait, prune. Prunes come only after everything was applied and (unless not waited for) is healthy."""
    plan, target, emit = planned.plan, parts.target, parts.emit
    outcomes = apply_waves(plan, target, lock=lock, emit=emit, options=options)
    health: tuple[ObjectHealth, ...] = ()
    error = halt_of(outcomes)
    try:
        if request.wait and error is None and _all_done(outcomes) and not parts.cancel.requested():
            health = wait_for_app(planned, outcomes, parts, options.deadline)
    except GitctlError as failure:
        error = failure
    well = _all_done(outcomes) and not plan.failures and all(h.health.settled for h in health)
    if well and error is None and not parts.cancel.requested():
        pruned = prune(plan, target, lock=lock, emit=emit, options=options)
        return outcomes + pruned, health, halt_of(pruned)
    return outcomes + tuple(Outcome(c, OutcomeResult.NOT_TRIED) for c in plan.prunes), health, error


def _all_done(outcomes: tuple[Outcome, ...]) -> bool:
    return all(o.result in (OutcomeResult.APPLIED, OutcomeResult.DELETED) for o in outcomes)
