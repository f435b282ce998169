"""Suspend and resume: in Git, where everybody sees why and until when; or live, at once, in the app's state."""

from __future__ import annotations

from dataclasses import replace

from gitctl.errors import ErrorId, Suspended
from gitctl.model.app import App
from gitctl.model.change import Refusal
from gitctl.model.revision import Revision
from gitctl.model.state import AppState
from gitctl.model.suspension import Place, Suspension
from gitctl.workflow.parts import Parts
from gitctl.workflow.publish import publisher_of, require_seen
from gitctl.workflow.states import recorded


def suspensions(app: App, state: AppState) -> tuple[tuple[Place, Suspension], ...]:
    """All that are written down, also those that are over."""
    found = ((Place.GIT, app.suspension), (Place.LIVE, state.suspension))
    return tuple((place, one) for place, one in found if one is not None)


def binding(app: App, state: AppState, now: str) -> tuple[Place, Suspension] | None:
    """The suspension that holds now (RFC 3339 UTC), None when there is none."""
    return next(((place, one) for place, one in suspensions(app, state) if not one.is_over(now)), None)


def over_notes(app: App, state: AppState, now: str) -> tuple[str, ...]:
    """What is said about suspensions that are over."""
    over = [one for _, one in suspensions(app, state) if one.is_over(now)]
    return tuple(f"the suspension {one.text} is over; `gitctl resume {app.name}` takes it away" for one in over)


def refusal(app: App, state: AppState, now: str) -> Refusal | None:
    """Why nothing may be applied now; None when it may."""
    found = binding(app, state, now)
    if found is None:
        return None
    place, one = found
    where = "" if place is Place.GIT else " --live"
    return Refusal(
        ErrorId.SUSPENDED, f"{app.name} is suspended {one.text}".rstrip(), hint=f"`gitctl resume {app.name} -e {app.env}{where}` ends it"
    )


def require_active(app: App, state: AppState, now: str) -> None:
    """Raise Suspended while the app is."""
    found = refusal(app, state, now)
    if found:
        raise Suspended(found.message, hint=found.hint)


def write_in_git(app: App, parts: Parts, suspension: Suspension | None, *, push: bool) -> Revision | None:
    """Commit it (None: its end) to gitctl.yaml; None when Git says so already. Raises SourceError, Refused, ConfigError."""
    files = parts.project.suspended(app, parts.tree, suspension)
    if not files:
        return None
    require_seen(parts, id=ErrorId.PUSH_NEEDED, push=push, instead="--live")
    publisher = publisher_of(parts, instead="--live")
    revision = publisher.commit(files, _message(app, suspension), parent=parts.revision)
    if push:
        publisher.push(revision)
    return revision


def write_live(app: App, parts: Parts, suspension: Suspension | None, *, lock_timeout: float) -> bool:
    """Store it (None: its end) in the app's state; False when it says so already. Raises Locked, ClusterError."""
    there, state = recorded(app, parts)
    if state.suspension == suspension:
        return False
    with parts.target.lock(there.owner, timeout=lock_timeout, emit=parts.emit, cancel=parts.cancel) as lock:
        there, state = recorded(app, parts)
        lock.check()
        if suspension is None and not (state.records or state.inventory):
            parts.target.remove_state(there.owner)
        else:
            parts.target.write_state(replace(state, suspension=suspension))
    return True


def _message(app: App, suspension: Suspension | None) -> str:
    if suspension is None:
        return f"resume {app.name} in {app.env}\n"
    reason = f": {suspension.reason}" if suspension.reason else ""
    until = f"\n\nUntil {suspension.until}." if suspension.until else ""
    return f"suspend {app.name} in {app.env}{reason}{until}\n"
