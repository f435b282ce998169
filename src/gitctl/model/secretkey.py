"""SecretKey: one key of a Secret, on both sides of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitctl.model.manifest import Path


class KeyKind(StrEnum):
    """What happens to a key."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key below `data` or `stringData`, with its real values, as they stand there (None: not there). Whoever shows them masks them.

    Of a SealedSecret it is a key below `spec.encryptedData`, with ciphertexts.
    """

    path: Path
    kind: KeyKind
    old: Any = None
    new: Any = None

    @property
    def name(self) -> str:
        """The key alone."""
        return str(self.path[-1])

    @property
    def encoded(self) -> bool:
        """The values are base64 of what is meant."""
        return self.path[:1] == ("data",)

    @property
    def sealed(self) -> bool:
        """The values are ciphertexts."""
        return self.path[:1] == ("spec",)
