"""Delete: take an app away under the guards of a prune, or let go of its objects; its state goes once all of it is gone.

plan → guards → lock → record → delete in reverse, seen gone → the state removed. What is held up stays in the inventory, with a
closed record, and the next run tries again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitctl.apply.run import ApplyOptions, halt_of, prune
from gitctl.errors import ClusterError, ErrorId, GitctlError, Interrupted, Refused, StateMoved
from gitctl.model.app import App
from gitctl.model.change import Action
from gitctl.model.manifest import RenderInputs, RenderResult
from gitctl.model.outcome import Outcome, OutcomeResult, SyncResult
from gitctl.model.quantity import counted
from gitctl.model.record import RecordResult, RecordVerb
from gitctl.model.state import AppState
from gitctl.parallel import Deadline
from gitctl.plan.delete import delete_plan, homes
from gitctl.plan.options import PlanOptions
from gitctl.protocols import Lock
from gitctl.workflow.budget import deleted_today, hand_down
from gitctl.workflow.lost import is_blank, rebuilt
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import AppPlan, Planned, PlanRequest
from gitctl.workflow.preflight import require_rights, with_rights
from gitctl.workflow.recording import Recording
from gitctl.workflow.states import recorded
from gitctl.workflow.suspend import refusal
from gitctl.workflow.sync import AppRun, Confirm, SyncRequest, check_plan, unrecorded_run
from gitctl.workflow.tenancy import scopes
from gitctl.workflow.verdict import verdict


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """How to delete. `orphan` leaves the objects; `timeout` (seconds) overrides the app's own wait."""

    orphan: bool = False
    prune_limit: int | None = None
    plan_digest: str = ""
    timeout: float | None = None
    lock_timeout: float = 0.0


def plan_deletes(apps: Sequence[App], parts: Parts, request: DeleteRequest) -> tuple[AppPlan, ...]:
    """What `delete_apps` would do; suspensions are among the refusals. An app's error is a value."""
    return tuple(_planned(app, apps, parts, request) for app in apps)


def _planned(app: App, apps: Sequence[App], parts: Parts, request: DeleteRequest) -> AppPlan:
    try:
        _require_unneeded(app, apps, parts, request)
        planned = plan_delete(app, parts, request)
    except GitctlError as error:
        return AppPlan(app, error=error)
    stops = (planned.suspended,) if planned.suspended else ()
    stopped = replace(planned, plan=replace(planned.plan, refusals=(*stops, *planned.plan.refusals)))
    return with_rights(AppPlan(app, stopped), parts)


def delete_apps(apps: Sequence[App], parts: Parts, request: DeleteRequest, *, confirm: Confirm) -> tuple[AppRun, ...]:
    """Delete apps in this order: each before those that it depends on. One that others still need is refused."""
    runs: list[AppRun] = []
    for app in apps:
        try:
            _require_unneeded(app, [r.app for r in runs if r.error is None and not r.declined], parts, request)
            runs.append(_delete(app, parts, request, confirm))
        except GitctlError as error:
            runs.append(AppRun(app, error=error))
    return tuple(runs)


def plan_delete(app: App, parts: Parts, request: DeleteRequest) -> Planned:
    """The plan for one app. Raises ClusterError where an object cannot be looked at: nothing is done by halves."""
    _, state = recorded(app, parts)
    lost = is_blank(state)
    if lost:
        state = rebuilt(app, state, parts, ())
    observed = parts.target.observe(state.owner, [(e.ref, e.api_version) for e in state.inventory])
    if observed.unknown:
        details = [f"{ref}: {why}" for ref, why in observed.unknown.items()]
        message = f"{app.name}: {counted(len(details), 'object')} cannot be looked at"
        raise ClusterError(message, id=ErrorId.API_ERROR, details=details, hint="nothing was deleted")
    states = parts.target.list_states()
    options = PlanOptions(
        prune_limit=request.prune_limit,
        plan_digest=request.plan_digest,
        observed=observed,
        deleted_today=deleted_today(states, parts),
        limits=parts.limits,
        namespaced=scopes(app, [e.ref for e in state.inventory], parts),
    )
    lived_in = homes(states, but={app.owner, state.owner})
    plan = delete_plan(app, state, parts.revision, orphan=request.orphan, lived_in=lived_in, lost=lost, options=options)
    return Planned(app, _nothing(app, parts), state, plan, refusal(app, state, parts.timestamp()))


def _nothing(app: App, parts: Parts) -> RenderResult:
    return RenderResult(app.name, parts.revision, RenderInputs(""), (), digest="")


def _require_unneeded(app: App, going: Sequence[App], parts: Parts, request: DeleteRequest) -> None:
    """Raise Refused while apps that run here depend on this one and do not go with it."""
    if request.orphan:
        return
    names = {a.name for a in going}
    siblings = parts.project.siblings(app, parts.tree)
    needing = [a for a in siblings if app.name in a.depends_on and a.name not in names]
    running = sorted(a.name for a in needing if parts.target.read_state(a.owner).inventory)
    if running:
        verb = "depends" if len(running) == 1 else "depend"
        raise Refused(
            f"{', '.join(running)} {verb} on {app.name}",
            id=ErrorId.STILL_NEEDED,
            hint=f"name {', '.join(running)} too, or take depends_on out in Git",
        )


def _delete(app: App, parts: Parts, request: DeleteRequest, confirm: Confirm) -> AppRun:
    planned = plan_delete(app, parts, request)
    _check(planned, request)
    if not (planned.plan.changes or planned.state.token):
        return AppRun(app, SyncResult(planned.plan, removed=True))
    require_rights(planned, parts)
    if planned.plan.changes and not confirm(planned):
        return AppRun(app, SyncResult(planned.plan, dry_run=True), declined=True)
    with parts.target.lock(planned.state.owner, timeout=request.lock_timeout, emit=parts.emit, cancel=parts.cancel) as lock:
        if parts.cancel.requested():
            raise Interrupted(f"{app.name}: interrupted before anything was deleted", id=ErrorId.INTERRUPTED, hint="run the command again")
        return _run(_unmoved(planned, parts, request), parts, request, lock)


def _check(planned: Planned, request: DeleteRequest) -> None:
    check_plan(planned, SyncRequest(plan=PlanRequest(plan_digest=request.plan_digest), ignore_hold=True))


def _unmoved(planned: Planned, parts: Parts, request: DeleteRequest) -> Planned:
    """The plan again when somebody wrote the state meanwhile. Raises StateMoved when it differs."""
    if parts.target.read_state(planned.state.owner).token == planned.state.token:
        return planned
    again = plan_delete(planned.app, parts, request)
    _check(again, request)
    if again.plan.digest != planned.plan.digest:
        raise StateMoved(
            f"{planned.app.name} was changed by another run meanwhile", id=ErrorId.STATE_MOVED, hint="look at it again with --dry-run"
        )
    return again


def _run(planned: Planned, parts: Parts, request: DeleteRequest, lock: Lock) -> AppRun:
    app = planned.app
    options = ApplyOptions(
        owner=app.owner,
        deadline=Deadline(request.timeout if request.timeout is not None else app.wait_seconds),
        cancel=parts.cancel,
    )
    recording = Recording.open(planned, parts, RecordVerb.DELETE)
    outcomes = prune(planned.plan, parts.target, lock=lock, emit=parts.emit, options=options)
    settled = all(_is_settled(o) for o in outcomes)
    outcomes = parts.target.conclude(outcomes, whole=settled)
    error = halt_of(outcomes)
    try:
        if settled:
            lock.check()
            _forget(app, recording.state, outcomes, parts)
            return AppRun(app, SyncResult(planned.plan, outcomes, removed=True))
        record = recording.close(outcomes, (), error=error, release=False)
    except GitctlError as unrecorded:
        return unrecorded_run(planned, parts, outcomes, error or unrecorded, unrecorded)
    result = SyncResult(planned.plan, outcomes, record=record)
    return AppRun(app, result, error or verdict(result, interrupted=record.result is RecordResult.INTERRUPTED, verb="delete"))


def _is_settled(outcome: Outcome) -> bool:
    """Is the object gone, released, or somebody else's?"""
    return outcome.result in (OutcomeResult.APPLIED, OutcomeResult.DELETED) or outcome.change.action is Action.ORPHAN


def _forget(app: App, state: AppState, outcomes: Sequence[Outcome], parts: Parts) -> None:
    hand_down(app, state, sum(o.result is OutcomeResult.DELETED for o in outcomes), parts)
    parts.target.remove_state(state.owner)
