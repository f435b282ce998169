"""Status: where an app stands between Git and its target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitctl.errors import GitctlError
from gitctl.model.drift import ObjectDrift
from gitctl.model.health import Health, HealthState
from gitctl.model.manifest import ObjectRef
from gitctl.model.record import Record
from gitctl.model.suspension import Place, Suspension


class SyncState(StrEnum):
    """Git and live, in one word. The gravest that holds is said."""

    UNKNOWN = "unknown"
    LOST = "lost"
    HELD = "held"
    SUSPENDED = "suspended"
    INCOMPLETE = "incomplete"
    DRIFTED = "drifted"
    PENDING = "pending"
    IN_SYNC = "in-sync"


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """One object of the inventory."""

    ref: ObjectRef
    drift: ObjectDrift
    health: Health


@dataclass(frozen=True, slots=True)
class AppStatus:
    """One app. `revision` is what runs, `wanted` what Git has now; `left_config`: a state whose app gitctl.yaml does not have;
    `suspended`: what holds now, and where it stands; `error`: why nothing is known."""

    app: str
    owner: str
    state: SyncState
    health: HealthState
    revision: str = ""
    wanted: str = ""
    message: str = ""
    last: Record | None = None
    objects: tuple[ObjectStatus, ...] = ()
    left_config: bool = False
    suspended: tuple[Place, Suspension] | None = None
    error: GitctlError | None = None
