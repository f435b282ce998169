"""Drift: live against what was last acknowledged, object by object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitctl.model.change import FieldChange, FieldOwner, Proof
from gitctl.model.culprit import Culprit
from gitctl.model.manifest import ObjectRef, Origin, Path
from gitctl.model.secretkey import SecretKey


class DriftVerdict(StrEnum):
    """What drift-check says about one object."""

    IN_SYNC = "in-sync"
    DRIFTED = "drifted"
    MISSING = "missing"
    DELETING = "deleting"
    INCOMPLETE = "incomplete"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    SKIPPED = "not-looked-at"


# An unavailable wanted value is a gap in what can be known, and never called drift.
FINDINGS = frozenset({DriftVerdict.DRIFTED, DriftVerdict.MISSING, DriftVerdict.DELETING, DriftVerdict.INCOMPLETE})


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a wanted value is not known. `unreached`: what has it (a store, a key service, the cluster) gave no answer, or none to this
    account."""

    why: str
    unreached: bool = False


@dataclass(frozen=True, slots=True)
class DriftedField:
    """`change.old` is found, `change.new` is wanted; `owner` is who set what was found (None: not known); `wanted_by` the commit."""

    change: FieldChange
    owner: FieldOwner | None
    wanted_by: Culprit | None = None


@dataclass(frozen=True, slots=True)
class ObjectDrift:
    """One object of the inventory. `keys` are those of a Secret that is not in sync: `old` is found, `new` is wanted. `unreached`: its
    wanted value is unavailable because what has it gave no answer, or none to this account."""

    ref: ObjectRef
    verdict: DriftVerdict
    fields: tuple[DriftedField, ...] = ()
    reason: str = ""
    proof: Proof = Proof.NONE
    origin: Origin | None = None
    revision: str = ""
    keys: tuple[SecretKey, ...] = ()
    unreached: bool = False


@dataclass(frozen=True, slots=True)
class ForeignFields:
    """What a controller owns on one of our objects, outside of its status."""

    ref: ObjectRef
    owner: FieldOwner
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class AppDrift:
    """All objects of an app. `revision` is what was last acknowledged, "" when the app was never synced.

    `lost` counts live objects that carry its owner id while nothing is stored about it. `foreign` is filled only when asked for.
    """

    app: str
    owner: str
    revision: str
    objects: tuple[ObjectDrift, ...]
    lost: int = 0
    foreign: tuple[ForeignFields, ...] = ()

    @property
    def findings(self) -> tuple[ObjectDrift, ...]:
        """The objects that are not as they should be."""
        return tuple(o for o in self.objects if o.verdict in FINDINGS)

    @property
    def gaps(self) -> tuple[ObjectDrift, ...]:
        """The objects about which nothing certain can be said."""
        return tuple(o for o in self.objects if o.verdict in (DriftVerdict.UNKNOWN, DriftVerdict.UNAVAILABLE))
