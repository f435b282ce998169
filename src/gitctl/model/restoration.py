"""Restoration: what became of each object when a failed run was taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gitctl.model.manifest import Json, ObjectRef

KEPT_KINDS: Mapping[tuple[str, str], str] = {
    ("", "Namespace"): "deleting it would take along whatever others put into it",
    ("", "PersistentVolume"): "deleting it could delete data",
    ("", "PersistentVolumeClaim"): "deleting it could delete data",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "deleting it would delete every object of its kind",
}
"""Kinds (group, kind) that stay although the run made them, and why."""


class Undo(StrEnum):
    """How one object was put back."""

    RESTORED = "restored"
    DELETED = "deleted"
    RECREATED = "recreated"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Restored:
    """One object. `reason` says what is not as it was before, "" when all is; `live` is the object now, None when it is not there."""

    ref: ObjectRef
    result: Undo
    reason: str = ""
    live: Json | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    """All objects that the failed run had touched, in the order in which they were put back. `record` is the number of its record, 0 where
    it could not be written: `unrecorded` says why."""

    objects: tuple[Restored, ...]
    record: int = 0
    unrecorded: str = ""

    @property
    def incomplete(self) -> tuple[Restored, ...]:
        """What is not as it was before."""
        return tuple(one for one in self.objects if one.reason)

    def count(self, result: Undo) -> int:
        """How many objects ended so."""
        return sum(one.result is result for one in self.objects)
