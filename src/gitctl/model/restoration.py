"""Restoration: what became of each object when a failed run was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitctl.model.manifest import Json, ObjectRef


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
    """All objects that the failed run had touched, in the order in which they were put back. `record` is the number of its record."""

    objects: tuple[Restored, ...]
    record: int = 0

    @property
    def incomplete(self) -> tuple[Restored, ...]:
        """What is not as it was before."""
        return tuple(one for one in self.objects if one.reason)

    def count(self, result: Undo) -> int:
        """How many objects ended so."""
        return sum(one.result is result for one in self.objects)
