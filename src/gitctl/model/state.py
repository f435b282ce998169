"""AppState: what gitctl remembers about an app in the target: inventory and records are the authority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitctl.model.manifest import ObjectRef, Path, RenderInputs
from gitctl.model.record import Record, RecordResult
from gitctl.model.suspension import Suspension

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """One object that the app owns or is about to own.

    `uid` is "" until the object was applied. `fields` is our canonical FieldsV1 JSON of the last acknowledged apply ("" for none);
    `revision` is the commit whose manifest was last applied, `digest` that manifest's digest. `completed` marks a Job that
    finished and may be gone by its TTL. `sensitive` are the paths, with merge keys, at which it holds values of encrypted files.
    """

    ref: ObjectRef
    api_version: str
    uid: str = ""
    fields: str = ""
    revision: str = ""
    digest: str = ""
    completed: bool = False
    sensitive: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the app was last known to run: the revision that drift is measured against."""

    revision: str
    revision_name: str
    repo: str
    render_digest: str
    inputs: RenderInputs
    path: str
    at: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A rollback without a commit: sync refuses until Git agrees (`render_digest`) or the hold is released."""

    render_digest: str
    revision: str
    reason: str
    actor: str
    at: str


@dataclass(frozen=True, slots=True)
class AppState:
    """The state of one owner id. `token` is the optimistic lock ("" when nothing is stored yet); `extra` keeps unknown fields."""

    owner: str
    inventory: tuple[InventoryEntry, ...] = ()
    records: tuple[Record, ...] = ()
    acknowledged: Acknowledged | None = None
    hold: Hold | None = None
    suspension: Suspension | None = None
    pruned_at: tuple[tuple[str, int], ...] = ()
    schema: int = SCHEMA_VERSION
    token: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_died(self) -> bool:
        """Did the last run end without closing its record? What is gone since may be its doing."""
        return any(record.result is RecordResult.OPEN for record in self.records)

    def entry(self, ref: ObjectRef) -> InventoryEntry | None:
        """The inventory entry of an object, or None."""
        return next((e for e in self.inventory if e.ref == ref), None)
