"""FieldsV1: which fields of an object a manager owns, as the API server records it in `metadata.managedFields`.

In the tree `{}` ends a path, and `.` says that the container itself is owned besides what is in it. A path that ends where the
object goes on is a scalar or an atomic whole. Segments: `gitctl.model.fieldpath`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.errors import ErrorId, InputError
from gitctl.model.change import FieldOwner
from gitctl.model.fieldpath import FieldPath, canonical
from gitctl.model.manifest import Json

_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class FieldSet:
    """Paths that are owned: leaves, and containers marked with `.`."""

    members: frozenset[FieldPath] = frozenset()

    @classmethod
    def parse(cls, source: str | Mapping[str, Any] | None) -> FieldSet:
        """Read FieldsV1 as JSON text or as parsed JSON; nothing is the empty set. Raises InputError for anything else."""
        if not source:
            return cls()
        try:
            tree = json.loads(source) if isinstance(source, str) else source
        except (ValueError, RecursionError) as error:
            raise InputError("field set is not JSON", id=ErrorId.MANAGED_FIELDS) from error
        return cls(frozenset(_members(tree, ())))

    def tree(self) -> Json:
        """FieldsV1 as JSON."""
        root: Json = {}
        for member in self.members:
            node = root
            for segment in member:
                node = node.setdefault(segment, {})
            node["."] = {}
        return _without_lone_dots(root)

    def canonical(self) -> str:
        """FieldsV1 as text with sorted keys: equal sets have equal text; "" for the empty set."""
        return json.dumps(self.tree(), sort_keys=True, separators=(",", ":"), ensure_ascii=False) if self.members else ""

    def leaves(self) -> frozenset[FieldPath]:
        """Members with nothing below them."""
        return self.members - {member[:n] for member in self.members for n in range(len(member))}

    def below(self, path: FieldPath) -> FieldSet:
        """Members at `path` or below it."""
        return FieldSet(frozenset(m for m in self.members if m[: len(path)] == path))

    def leaf_above(self, path: FieldPath) -> FieldPath | None:
        """The leaf that `path` lies strictly inside (an atomic map or list), None when there is none."""
        above = [path[:n] for n in range(len(path)) if path[:n] in self.members]
        return above[-1] if above and above[-1] in self.leaves() else None

    def touches(self, path: FieldPath) -> bool:
        """Is `path` owned: itself, something below it, or an atomic whole that it is part of?"""
        return path in self.members or bool(self.below(path)) or self.leaf_above(path) is not None

    def __or__(self, other: FieldSet) -> FieldSet:
        return FieldSet(self.members | other.members)

    def __sub__(self, other: FieldSet) -> FieldSet:
        return FieldSet(self.members - other.members)

    def __and__(self, other: FieldSet) -> FieldSet:
        return FieldSet(self.members & other.members)

    def __bool__(self) -> bool:
        return bool(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[FieldPath]:
        return iter(sorted(self.members))

    def __contains__(self, path: object) -> bool:
        return path in self.members


def _members(tree: Any, path: FieldPath) -> Iterator[FieldPath]:
    if not isinstance(tree, Mapping):
        raise InputError("field set holds something that is not a map", id=ErrorId.MANAGED_FIELDS)
    if len(path) > _DEEPEST:
        raise InputError(f"field set is nested deeper than {_DEEPEST} levels", id=ErrorId.MANAGED_FIELDS)
    if path and (not tree or "." in tree):
        yield path
    for segment, below in tree.items():
        if segment != ".":
            yield from _members(below, (*path, canonical(segment)))


def _without_lone_dots(node: Json) -> Json:
    if set(node) == {"."}:
        return {}
    return {segment: below if segment == "." else _without_lone_dots(below) for segment, below in node.items()}


def entries(live: Json) -> tuple[tuple[FieldOwner, FieldSet], ...]:
    """The managers of a live object and what each of them owns, in the order of `managedFields`."""
    listed = live.get("metadata", {}).get("managedFields") or ()
    return tuple((_owner(entry), FieldSet.parse(entry.get("fieldsV1"))) for entry in listed)


def _owner(entry: Json) -> FieldOwner:
    return FieldOwner(entry.get("manager", ""), entry.get("operation", ""), entry.get("subresource", ""), entry.get("time", "") or "")


def of_manager(live: Json, manager: str, operation: str = "Apply", subresource: str = "") -> FieldSet:
    """What one manager owns by one operation, empty when it owns nothing."""
    wanted = (manager, operation, subresource)
    return union(fields for owner, fields in entries(live) if (owner.manager, owner.operation, owner.subresource) == wanted)


def union(sets: Iterable[FieldSet]) -> FieldSet:
    """All members of some sets."""
    return FieldSet(frozenset[FieldPath]().union(*(fields.members for fields in sets)))


def owners(live: Json, path: FieldPath) -> tuple[FieldOwner, ...]:
    """Who owns a field of a live object, or something below it, or the atomic whole that it is part of."""
    return tuple(owner for owner, fields in entries(live) if fields.touches(path))
