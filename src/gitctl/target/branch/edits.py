"""PURE: which fields somebody changed by hand in a file: the paths that plans and drift reports give to their author."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitctl.model.change import Addition, Conflict, FieldOwner
from gitctl.model.fieldpath import MISSING
from gitctl.model.listkeys import item_key, key_fields
from gitctl.model.manifest import Json, Path
from gitctl.refs import Touch


def author_of(touch: Touch) -> FieldOwner:
    """Who made a commit, in the place of a field manager."""
    by = touch.by
    time = by.committed_at.strftime("%Y-%m-%dT%H:%M:%SZ") if by.committed_at else ""
    return FieldOwner(f"{by.author} in {by.sha[:8]} ({by.subject})", "Commit", time=time)


def edits(before: Json, after: Json, by: FieldOwner) -> tuple[tuple[Conflict, ...], tuple[Addition, ...]]:
    """The fields that `after` has otherwise or lacks, and those that it has in addition."""
    found = tuple(_differing(before, after, ()))
    taken = tuple(Conflict(path, by) for path, is_new in found if not is_new)
    return taken, tuple(Addition(path, by) for path, is_new in found if is_new)


def _differing(before: Any, after: Any, path: Path) -> Iterator[tuple[Path, bool]]:
    """Paths with merge keys where lists have them; a list without is one value."""
    if before == after and isinstance(before, bool) == isinstance(after, bool):
        return
    if isinstance(before, list) and isinstance(after, list):
        keys = key_fields(str(path[-1]) if path else "", [before, after])
        if keys:
            before, after = ({item_key(item, keys): item for item in items} for items in (before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            yield from _differing(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    else:
        yield path, before is MISSING
