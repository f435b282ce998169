"""Holding: who holds a lock, and what is known about whether that run still lives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Life(StrEnum):
    """What is known about a holder, without trusting its clock."""

    GONE = "gone"
    """Its process, on this machine, has ended: any run takes over at once."""
    SILENT = "silent"
    """It has not renewed for so long that any run takes over."""
    QUIET = "quiet"
    """It did not renew while it was watched: it may be over, stopped, or cut off."""
    ALIVE = "alive"
    """It renewed while it was watched, or its process runs on this machine."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A lock in somebody's hands. `since` and `renewed` (RFC 3339) are by the holder's clock, `silent_seconds` by ours.

    `pid` is the holder's process, 0 where it is not noted; `here`: that process is one of this machine.
    """

    holder: str
    life: Life
    host: str = ""
    pid: int = 0
    here: bool = False
    since: str = ""
    renewed: str = ""
    silent_seconds: float = 0.0
