"""Health of what an app owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitctl.errors import ClusterError, GitctlError
from gitctl.health.assess import assess
from gitctl.model.app import App
from gitctl.model.health import Health, HealthState, worst
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import ObjectHealth
from gitctl.parallel import map_bounded
from gitctl.workflow.parts import Parts
from gitctl.workflow.states import read_state


@dataclass(frozen=True, slots=True)
class AppHealth:
    """The health of an app's objects. `message` says why there are none: never synced, or an error (kept in `error`)."""

    app: str
    owner: str
    objects: tuple[ObjectHealth, ...] = ()
    message: str = ""
    error: GitctlError | None = None

    @property
    def state(self) -> HealthState:
        """The gravest state; unknown when there are no objects."""
        return worst(tuple(o.health.state for o in self.objects)) if self.objects else HealthState.UNKNOWN


def health_apps(apps: Sequence[App], parts: Parts) -> tuple[AppHealth, ...]:
    """The health of each app; an error of one app never hides the others."""
    return tuple(_health(app, parts) for app in apps)


def _health(app: App, parts: Parts) -> AppHealth:
    try:
        objects = app_health(app, parts)
    except GitctlError as error:
        return AppHealth(app.name, app.owner, message=str(error), error=error)
    return AppHealth(app.name, app.owner, objects, "" if objects else "never synced here, or owns nothing")


def app_health(app: App, parts: Parts) -> tuple[ObjectHealth, ...]:
    """The health of every object in the app's inventory, in its order; events and log lines for those that are not well."""
    state = read_state(app, parts)
    observed = parts.target.observe(app.owner, [(e.ref, e.api_version) for e in state.inventory])
    done = {e.ref for e in state.inventory if e.completed}

    def judge(ref: ObjectRef) -> ObjectHealth:
        live = observed.objects.get(ref)
        health = inventory_health(live, app, unknown=observed.unknown.get(ref, ""), completed=ref in done)
        return ObjectHealth(ref, health) if health.settled else ObjectHealth(ref, health, *_explain(ref, live, parts))

    return tuple(map_bounded(judge, (e.ref for e in state.inventory), limit=4))


def inventory_health(live: Json | None, app: App, *, unknown: str, completed: bool) -> Health:
    """The health of an object that the inventory lists. A Job that was seen to finish may be gone by its TTL."""
    if unknown:
        return Health(HealthState.UNKNOWN, unknown, "not seen")
    if live is None and completed:
        return Health(HealthState.HEALTHY, "finished, and removed since", "finished Job")
    return assess(live, rules=app.health)


def _explain(ref: ObjectRef, live: Json | None, parts: Parts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return parts.target.explain(ref, live)
    except ClusterError as error:
        return (f"events are not available: {error}",), ()
