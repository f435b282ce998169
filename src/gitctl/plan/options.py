"""What a plan may do, and what it was told about the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gitctl.model.app import Limits
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.rival import Rival


class Sighting(Protocol):
    """What was seen of objects: `objects` (None: certainly not there), and `unknown` with the reason."""

    @property
    def objects(self) -> Mapping[ObjectRef, Json | None]:
        """Live objects by identity."""
        ...

    @property
    def unknown(self) -> Mapping[ObjectRef, str]:
        """Objects that could not be looked at, and why."""
        ...


@dataclass(frozen=True, slots=True)
class NothingSeen:
    """Nobody looked."""

    objects: Mapping[ObjectRef, Json | None] = field(default_factory=dict)
    unknown: Mapping[ObjectRef, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Consents and circumstances of a plan; the defaults allow nothing out of the ordinary.

    `observed` shows the objects of the inventory that Git no longer has. `deleted_today` counts deletes of the last 24 hours
    in the whole cluster. `adopt_from` are controllers that go on writing what is adopted from them. `replace` are `Kind/name`.
    `moved` are wanted objects of other apps (owner ids) that give them away, `disputed` those that are not given away, with the
    reason; `claimed` are objects that left the app and are not its to delete, with the reason. `lost`: what is said of a state that
    was lost, "" for others. `partial`: only some objects were compared. `stale`: Git could not be asked. `namespaced`: does a kind have
    a namespace?
    """

    adopt: bool = False
    adopt_from: frozenset[Rival] = frozenset()
    force_conflicts: bool = False
    prune: bool = True
    prune_limit: int | None = None
    plan_digest: str = ""
    replace: frozenset[str] = frozenset()
    partial: bool = False
    stale: bool = False
    observed: Sighting = NothingSeen()
    deleted_today: int = 0
    moved: Mapping[ObjectRef, str] = field(default_factory=dict)
    disputed: Mapping[ObjectRef, str] = field(default_factory=dict)
    claimed: Mapping[ObjectRef, str] = field(default_factory=dict)
    lost: str = ""
    limits: Limits = Limits()
    namespaced: Callable[[ObjectRef], bool] = lambda ref: bool(ref.namespace)
