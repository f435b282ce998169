"""Who has set the fields that a plan takes away: the target's findings put beside the field changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gitctl.model.change import Comparison, FieldChange, FieldOwner
from gitctl.model.manifest import Path


def with_losers(changes: Iterable[FieldChange], comparison: Comparison) -> tuple[FieldChange, ...]:
    """Each change with the manager that loses the field, where the target named one."""
    owners = [(c.path, c.owner) for c in (*comparison.taken, *comparison.conflicts)]
    owners += [(a.path, a.owner) for a in comparison.additions]
    return tuple(replace(change, loser=loser_of(change.path, owners)) for change in changes)


def loser_of(path: Path, owners: Iterable[tuple[Path, FieldOwner]]) -> FieldOwner | None:
    """The owner of the path, of something above it, or of something below it; the newest where there are several."""
    related = [owner for place, owner in owners if place[: len(path)] == path[: len(place)]]
    return max(related, key=lambda owner: owner.time, default=None)
