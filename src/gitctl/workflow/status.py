"""Status of apps: in sync, pending, drifted, incomplete, held or unknown; and how healthy."""

from __future__ import annotations

from collections.abc import Sequence

from gitctl.errors import GitctlError
from gitctl.health.assess import assess
from gitctl.model.app import App
from gitctl.model.drift import AppDrift, DriftVerdict, ObjectDrift
from gitctl.model.health import Health, HealthState, worst
from gitctl.model.quantity import counted
from gitctl.model.state import AppState
from gitctl.model.status import AppStatus, ObjectStatus, SyncState
from gitctl.model.suspension import Suspension
from gitctl.workflow.drift import Measure, drift_of, measures
from gitctl.workflow.overview import overview
from gitctl.workflow.parts import Parts
from gitctl.workflow.recording import revision_id
from gitctl.workflow.states import read_state
from gitctl.workflow.suspend import binding

_DRIFTED = (DriftVerdict.DRIFTED, DriftVerdict.MISSING, DriftVerdict.DELETING)


def status_apps(apps: Sequence[App], parts: Parts) -> tuple[AppStatus, ...]:
    """The status of each app; an error makes it unknown, with the message."""
    try:
        with overview(apps, parts):
            return tuple(_status(app, measure, parts) for app, measure in measures(apps, parts))
    except GitctlError as error:
        return tuple(_unknown(app, error) for app in apps)


def _status(app: App, measure: Measure | GitctlError, parts: Parts) -> AppStatus:
    if isinstance(measure, GitctlError):
        return _unknown(app, measure)
    try:
        return status_of(measure, parts)
    except GitctlError as error:
        return _unknown(app, error)


def _unknown(app: App, error: GitctlError) -> AppStatus:
    return AppStatus(app.name, app.owner, SyncState.UNKNOWN, HealthState.UNKNOWN, message=str(error), error=error)


def status_of(measure: Measure, parts: Parts) -> AppStatus:
    """The status of one app."""
    app = measure.app
    state = read_state(app, parts)
    drift = drift_of(measure, parts)
    objects = _objects(app, state, drift, parts)
    pending = _pending(app, state, parts)
    suspended = binding(app, state, parts.timestamp())
    word, message = _word(state, drift, pending, suspended[1] if suspended else None)
    return AppStatus(
        app=app.name,
        owner=app.owner,
        state=word,
        health=worst(tuple(o.health.state for o in objects)) if objects else HealthState.UNKNOWN,
        revision=drift.revision,
        wanted=revision_id(parts.revision),
        message=message,
        last=state.records[-1] if state.records else None,
        objects=objects,
        suspended=suspended,
    )


def _objects(app: App, state: AppState, drift: AppDrift, parts: Parts) -> tuple[ObjectStatus, ...]:
    observed = parts.target.observe(app.owner, [(e.ref, e.api_version) for e in state.inventory])
    done = {e.ref for e in state.inventory if e.completed}
    return tuple(_object(found, observed.objects.get(found.ref), found.ref in done, app) for found in drift.objects)


def _object(found: ObjectDrift, live: dict[str, object] | None, completed: bool, app: App) -> ObjectStatus:
    if found.verdict is DriftVerdict.UNKNOWN:
        health = Health(HealthState.UNKNOWN, found.reason, "not seen")
    elif live is None and completed:
        health = Health(HealthState.HEALTHY, "finished, and removed since", "finished Job")
    else:
        health = assess(live, rules=app.health)
    return ObjectStatus(found.ref, found, health)


def _pending(app: App, state: AppState, parts: Parts) -> str:
    digest = parts.render(app, parts.tree).digest
    if state.acknowledged is None:
        return "never synced" if not state.records else "no sync was completed"
    if not state.token:
        return "the app has another name now"
    return "" if state.acknowledged.render_digest == digest else f"Git has {parts.revision.short}"


def _word(state: AppState, drift: AppDrift, pending: str, suspension: Suspension | None) -> tuple[SyncState, str]:
    verdicts = [o.verdict for o in drift.objects]
    if DriftVerdict.UNKNOWN in verdicts or DriftVerdict.UNAVAILABLE in verdicts:
        return SyncState.UNKNOWN, _count(drift.gaps, "could not be compared")
    if drift.lost:
        return SyncState.LOST, f"nothing is stored about {counted(drift.lost, 'object')} with its owner id; the next sync puts it together"
    if state.hold:
        return SyncState.HELD, f"at {state.hold.revision[:8]} by {state.hold.actor}: {state.hold.reason}"
    if suspension:
        drifted = f"; {_count(drift.findings, 'not as applied')}" if drift.findings else ""
        return SyncState.SUSPENDED, suspension.text + drifted
    if DriftVerdict.INCOMPLETE in verdicts:
        return SyncState.INCOMPLETE, _count([o for o in drift.objects if o.verdict is DriftVerdict.INCOMPLETE], "never applied")
    if any(v in _DRIFTED for v in verdicts):
        return SyncState.DRIFTED, _count(drift.findings, "not as applied")
    if pending:
        return SyncState.PENDING, pending
    return SyncState.IN_SYNC, ""


def _count(objects: Sequence[ObjectDrift], what: str) -> str:
    return f"{counted(len(objects), 'object')} {what}"


def left_states(known: Sequence[App], parts: Parts, *, project: str, env: str) -> tuple[AppStatus, ...]:
    """States of this project that no app of gitctl.yaml has any more: of this environment, and of environments that left it too."""
    others = {app.env for app in known} - {env}
    owners = {app.owner for app in known} | {f"{a.project}/{a.env}/{old}" for a in known for old in a.renamed_from}
    return tuple(
        _left_status(state, env)
        for state in parts.target.list_states()
        if state.inventory and state.owner not in owners and _project(state) == project and _environment(state) not in others
    )


def _left_status(state: AppState, env: str) -> AppStatus:
    return AppStatus(
        app=state.owner.rsplit("/", 1)[-1],
        owner=state.owner,
        state=SyncState.UNKNOWN,
        health=HealthState.UNKNOWN,
        revision=state.acknowledged.revision if state.acknowledged else "",
        message=_left(state, env),
        last=state.records[-1] if state.records else None,
        left_config=True,
    )


def _project(state: AppState) -> str:
    return state.owner.split("/")[0]


def _environment(state: AppState) -> str:
    return state.owner.split("/")[1]


def _left(state: AppState, env: str) -> str:
    its, name = _environment(state), state.owner.rsplit("/", 1)[-1]
    way = f"`gitctl delete {name} -e {its}" + ("`" if its == env else " --revision REV`, a commit that had that environment")
    return f"not in gitctl.yaml any more; {counted(len(state.inventory), 'object')} left: {way}"
