"""What the ignore rules say about one object."""

from __future__ import annotations

from collections.abc import Iterable

from gitctl.model.app import IgnoreRule
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.select import selects


def patterns_of(rules: Iterable[IgnoreRule], ref: ObjectRef, body: Json) -> tuple[str, ...]:
    """The JSON pointers and JSONPaths of the rules that are about an object."""
    return tuple(path for rule in rules if selects(rule.select, ref, body) for path in (*rule.paths, *rule.json_paths))


def managers_of(rules: Iterable[IgnoreRule], ref: ObjectRef, body: Json) -> frozenset[str]:
    """The field managers whose fields the rules leave alone on an object."""
    return frozenset(name for rule in rules if selects(rule.select, ref, body) for name in rule.managers)
