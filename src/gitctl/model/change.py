"""Comparison, Change, Plan: what differs between Git and the target, and what a sync would do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitctl.errors import ErrorId
from gitctl.model.culprit import Culprit
from gitctl.model.manifest import Json, Manifest, ObjectRef, Path
from gitctl.model.revision import Revision


class Proof(StrEnum):
    """What says so: a certificate (the server, earlier), the target itself now, this side alone, or nothing (missing, not looked at)."""

    CERTIFICATE = "certificate"
    SERVER = "server"
    LOCAL = "local"
    NONE = "none"


class Action(StrEnum):
    """What happens to an object. An orphan is not touched; a released object stays without our marks and fields."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    REPLACE = "replace"
    PRUNE = "prune"
    ORPHAN = "orphan"
    RELEASE = "release"
    UNCHANGED = "unchanged"


class FieldKind(StrEnum):
    """What happens to one field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class FieldOwner:
    """Who set a field, and when at the latest (RFC 3339, from managedFields; "" where not known)."""

    manager: str
    operation: str = ""
    subresource: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `old` is live, `new` is wanted; `loser` is the manager whose value is taken away.

    A path step is a map key, a list index, or a merge key such as `[name=web]`. `MOVED` is a list in another order only. `encoded`: the
    values are base64, as below `data` of a Secret. `written_by` is who wrote `new` in Git, where that was asked for.
    """

    path: Path
    kind: FieldKind
    old: Any = None
    new: Any = None
    loser: FieldOwner | None = None
    sensitive: bool = False
    encoded: bool = False
    written_by: Culprit | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that another manager owns and that gitctl never owned."""

    path: Path
    owner: FieldOwner


@dataclass(frozen=True, slots=True)
class Addition:
    """A field in spec or data that a human manager set and Git does not have; sync removes it."""

    path: Path
    owner: FieldOwner


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a target found about one wanted object.

    `live` is None when missing; `merged` is what applying would leave (server dry-run), None when that was not asked;
    `sent` is the body after ignored fields were left out; `owner` is the owner id on the live object ("" for none);
    `error` is the server's refusal of the dry-run, `immutable` names fields that cannot be changed in place, `denied` says that
    the user lacks the right to look;
    `taken` are fields that other managers lose although gitctl owned them before (path () of a missing object: who deleted it);
    `fold` says that human or
    earlier managers' entries are folded into ours by the apply.
    """

    desired: Manifest
    live: Json | None
    merged: Json | None
    sent: Json
    owner: str = ""
    proof: Proof = Proof.NONE
    conflicts: tuple[Conflict, ...] = ()
    taken: tuple[Conflict, ...] = ()
    additions: tuple[Addition, ...] = ()
    fold: bool = False
    immutable: tuple[str, ...] = ()
    error: str = ""
    error_code: int = 0
    denied: bool = False

    @property
    def ref(self) -> ObjectRef:
        """The object that this is about."""
        return self.desired.ref

    @property
    def deleting(self) -> bool:
        """The live object has a deletionTimestamp."""
        return bool(self.live and self.live.get("metadata", {}).get("deletionTimestamp"))


@dataclass(frozen=True, slots=True)
class Change:
    """One planned action. `comparison` is None for a prune; `live_uid` is the uid that a delete must still find."""

    ref: ObjectRef
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    comparison: Comparison | None = None
    live: Json | None = None
    live_uid: str = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """Changes that may run at the same time. `settle` says what must hold before the next wave starts."""

    name: str
    changes: tuple[Change, ...]
    settle: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guard's no: which rule, why, the objects, and whether the exact plan digest may permit it."""

    rule: ErrorId
    message: str
    refs: tuple[ObjectRef, ...] = ()
    hint: str = ""
    permitted_by_digest: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a sync would do, in order. Pure data: the same inputs give the same `digest`.

    `waves` create and update, `prunes` delete (already in delete order), `failures` are objects that cannot be applied
    (their `error` says why), `refusals` are guards that stop the whole plan. `gone` are stale inventory entries whose object
    is certainly not there any more: they leave the inventory. `partial`: only some objects of the app were looked at; `skipped` are
    those that the user did not want to be looked at.
    """

    app: str
    owner: str
    revision: Revision
    waves: tuple[Wave, ...]
    prunes: tuple[Change, ...]
    unchanged: tuple[Comparison, ...]
    failures: tuple[Comparison, ...]
    refusals: tuple[Refusal, ...]
    digest: str
    render_digest: str = ""
    notes: tuple[str, ...] = ()
    gone: tuple[ObjectRef, ...] = ()
    partial: bool = False
    skipped: tuple[ObjectRef, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, prunes last."""
        return tuple(c for w in self.waves for c in w.changes) + self.prunes

    @property
    def is_empty(self) -> bool:
        """Nothing would be done and nothing is wrong."""
        return not (self.changes or self.failures or self.refusals)
