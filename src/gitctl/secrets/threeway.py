"""A three-way merge of trees: what must change in ours so that it also has what theirs changed. Pure.

Maps are merged key by key; lists of one length item by item, others as wholes. Values are equal as JSON is: `80` is not `"80"`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gitctl.documents import REMOVED
from gitctl.model.manifest import Path

_ABSENT: Final = REMOVED
"""A key that is not there: as a change, it takes the key away."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`changes` of theirs that ours lacks (REMOVED takes a key away), and the paths that both changed, each otherwise."""

    changes: Mapping[Path, Any] = field(default_factory=dict)
    conflicts: tuple[Path, ...] = ()


def difference(base: Any, ours: Any, theirs: Any, *, take: Mapping[Path, bool] | None = None) -> Difference:
    """Merge three values. `take` decides conflicts: path → True for theirs, False for ours; a path decides all below it."""
    changes: dict[Path, Any] = {}
    conflicts: list[Path] = []
    for path, value, open_ in _walk(base, ours, theirs, ()):
        decided = _decided(path, take or {}) if open_ else True
        if decided is None:
            conflicts.append(path)
        elif decided:
            changes[path] = value
    return Difference(changes, tuple(conflicts))


def same(one: Any, other: Any) -> bool:
    """Equal, with equal types all the way down; maps whatever their order."""
    if type(one) is not type(other) and not (isinstance(one, str) and isinstance(other, str)):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _walk(base: Any, ours: Any, theirs: Any, path: Path) -> Iterator[tuple[Path, Any, bool]]:
    """What theirs changed: path, their value, and whether ours changed it too."""
    if same(ours, theirs) or same(base, theirs):
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        before = base if isinstance(base, dict) else {}
        for key in dict.fromkeys((*before, *ours, *theirs)):
            yield from _walk(before.get(key, _ABSENT), ours.get(key, _ABSENT), theirs.get(key, _ABSENT), (*path, key))
    elif _alike(base, ours, theirs):
        for index, items in enumerate(zip(base, ours, theirs, strict=True)):
            yield from _walk(*items, (*path, index))
    else:
        yield path, theirs, not same(base, ours)


def _alike(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1


def _decided(path: Path, take: Mapping[Path, bool]) -> bool | None:
    return next((take[path[:length]] for length in range(len(path), -1, -1) if path[:length] in take), None)
