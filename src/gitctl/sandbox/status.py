"""What of a control plane runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitctl.sandbox import daemon
from gitctl.sandbox.part import Part
from gitctl.sandbox.plane import ControlPlane, open_plane
from gitctl.sandbox.server import ready


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One process. `pid` is 0 when it does not run."""

    part: Part
    pid: int
    ports: tuple[int, ...]
    log: Path


@dataclass(frozen=True, slots=True)
class Status:
    """A control plane as it is now. `ready`: its API server says so."""

    plane: ControlPlane
    parts: tuple[PartStatus, ...]
    ready: bool

    @property
    def running(self) -> bool:
        """Ready, and every part runs."""
        return self.ready and all(part.pid for part in self.parts)

    @property
    def word(self) -> str:
        """One word: running, stopped, or broken for everything between."""
        if self.running:
            return "running"
        return "broken" if any(part.pid for part in self.parts) else "stopped"


def status(name: str) -> Status:
    """Look at a control plane; nothing is changed. Raises InputError when there is none of that name."""
    plane = open_plane(name)
    parts = tuple(_part_status(plane, part) for part in Part)
    serves = any(p.pid for p in parts if p.part is Part.API_SERVER)
    return Status(plane, parts, ready=serves and ready(plane))


def _part_status(plane: ControlPlane, part: Part) -> PartStatus:
    found = daemon.running(plane.files, part)
    return PartStatus(part, found.pid if found else 0, plane.ports.of(part), plane.files.log(part))
