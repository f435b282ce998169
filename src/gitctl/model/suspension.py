"""Suspension: an app that nobody shall change for a while, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where a suspension stands."""

    GIT = "git"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Suspension:
    """Syncs and fixes are refused, drift is still reported. Times are RFC 3339 UTC; `until` "": until somebody resumes."""

    reason: str = ""
    by: str = ""
    since: str = ""
    until: str = ""

    def is_over(self, now: str) -> bool:
        """Has its end passed? `now` is RFC 3339 UTC."""
        return bool(self.until) and self.until <= now

    @property
    def text(self) -> str:
        """`since 2026-11-26T10:00:00Z until … by ada: the reason`."""
        parts = ((name, value) for name, value in (("since", self.since), ("until", self.until), ("by", self.by)) if value)
        words = " ".join(f"{name} {value}" for name, value in parts)
        return ": ".join(part for part in (words, self.reason) if part)
