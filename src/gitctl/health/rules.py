"""The generic rule, for kinds that nobody described: conditions, phase words, replica counts, in that order.

It agrees with kstatus where kstatus has an opinion: a missing status or one without known fields is healthy, `Ready` decides alone,
`Stalled` is a failure and `Reconciling` is progress. What is not the current generation was dealt with before (`assess`).
"""

from __future__ import annotations

from collections.abc import Callable

from gitctl.health.live import Condition, Live
from gitctl.health.verdict import deleting, failed, healthy, progressing, suspended, unknown
from gitctl.health.words import meaning
from gitctl.model.health import Health, HealthState

Named = tuple[Health, str]

NEGATIVE = (
    "Stalled",
    "Failed",
    "Degraded",
    "Failure",
    "Error",
    "ErrorOccurred",
    "ReconcileError",
    "ReconcileFailed",
    "InvalidSpec",
    "Invalid",
)
PAUSED = ("Paused", "Suspended", "ReconciliationPaused", "Hibernated")
BUSY = ("Reconciling",)
ROLLING = ("Progressing", "Updating", "Upgrading")
POSITIVE = (
    "Available",
    "Synced",
    "Healthy",
    "Succeeded",
    "Complete",
    "Completed",
    "Established",
    "Accepted",
    "Programmed",
    "Reconciled",
    "ReconcileSuccess",
    "ReconcileSucceeded",
    "Installed",
    "Deployed",
    "Provisioned",
    "Applied",
    "Valid",
    "Admitted",
    "Initialized",
)

PHASES = ("phase", "state", "health", "status", "healthStatus", "lifecycleState", "currentState", "updateStatus")
NESTED = ("status", "state", "phase")
FLAGS = ("ready", "healthy", "available", "synced")

STATES: dict[HealthState, Callable[[str], Health]] = {
    HealthState.HEALTHY: healthy,
    HealthState.PROGRESSING: progressing,
    HealthState.FAILED: failed,
    HealthState.SUSPENDED: suspended,
    HealthState.DELETING: deleting,
    HealthState.UNKNOWN: unknown,
    HealthState.MISSING: unknown,
}


def generic(live: Live) -> Named:
    """The health of any object, and the name of what decided."""
    if not live.has_status:
        return healthy(), "no status"
    found = _conditions(live)
    if found and found[0].state is not HealthState.PROGRESSING:
        return found
    # A phase that says `Failed` explains a condition that only says "not ready".
    word = _phase(live)
    if found:
        return word if word and word[0].state is HealthState.FAILED else found
    return word or _flags(live) or _replicas(live) or (healthy(), "status without known fields")


def _conditions(live: Live) -> Named | None:
    return _first(live, NEGATIVE, failed) or _first(live, PAUSED, suspended) or _busy(live) or _ready(live) or _positive(live)


def _first(live: Live, kinds: tuple[str, ...], verdict: Callable[[str], Health]) -> Named | None:
    for condition in live.conditions:
        if condition.type in kinds and condition.true and not live.outdated(condition):
            return verdict(str(condition)), f"condition {condition.type}"
    return None


def _busy(live: Live) -> Named | None:
    """While a controller works, its Ready condition says what it waits for."""
    busy = _first(live, BUSY, progressing)
    ready = live.condition("Ready")
    return (progressing(str(ready)), "condition Ready") if busy and ready and not ready.true else busy


def _ready(live: Live) -> Named | None:
    ready = live.condition("Ready")
    if ready is None:
        return None
    behind = live.condition("Synced")
    decides = behind if ready.true and behind and behind.false else ready
    return _condition(live, decides), f"condition {decides.type}"


def _positive(live: Live) -> Named | None:
    """Without Ready, all known good conditions must hold, and no roll-out may be under way."""
    known = [c for c in live.conditions if c.type in POSITIVE] or [c for c in live.conditions if _parts_ready(c)]
    for condition in known:
        if not condition.true or live.outdated(condition):
            return _condition(live, condition), f"condition {condition.type}"
    if not known:
        return None
    rolling = next((c for c in live.conditions if c.type in ROLLING and c.true and c.reason != "NewReplicaSetAvailable"), None)
    if rolling:
        return progressing(str(rolling)), f"condition {rolling.type}"
    return healthy(str(known[0])), f"condition {known[0].type}"


def _parts_ready(condition: Condition) -> bool:
    """`DatabaseReady` and its like, not `NodeNotReady`."""
    return condition.type.endswith("Ready") and not condition.type.endswith(("NotReady", "Unready"))


def _condition(live: Live, condition: Condition) -> Health:
    if live.outdated(condition):
        return progressing(f"{condition.type} speaks of generation {condition.observed}, now {live.generation}")
    return healthy(str(condition)) if condition.true else progressing(str(condition))


def _phase(live: Live) -> Named | None:
    for field in PHASES:
        for path in (("status", field), *(("status", field, inner) for inner in NESTED)):
            word = live.text(*path)
            state = meaning(word) if word else None
            if state:
                name = ".".join(path)
                return STATES[state](f"{name} is {word}"), f"phase {name}"
    return None


def _flags(live: Live) -> Named | None:
    for field in FLAGS:
        value = live.at("status", field)
        if isinstance(value, bool):
            return (healthy if value else progressing)(f"status.{field} is {live.scalar('status', field)}"), f"status.{field}"
    return None


def _replicas(live: Live) -> Named | None:
    """Kinds with the scale subresource count like a ReplicaSet."""
    wanted = live.count("spec", "replicas", default=-1)
    ready = live.count("status", "readyReplicas", default=-1)
    if wanted < 0 or ready < 0:
        return None
    return (healthy if ready >= wanted else progressing)(f"{ready} of {wanted} replicas ready"), "replicas"
