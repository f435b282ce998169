"""PURE: what an apply would leave, worked out here: for accounts that may look but not patch, not even as a dry-run."""

from __future__ import annotations

from typing import Any

from gitctl.model.fieldpath import MISSING, get
from gitctl.model.fieldset import FieldSet, entries, of_manager, union
from gitctl.model.listkeys import item_key, key_fields
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.fold import without
from gitctl.target.kubernetes.ownership import reach


def approximate(live: Json, sent: Json) -> Json:
    """The wanted values over the live ones, less what only we own and no longer want. Knows no defaults and no admission."""
    merged: Json = _over(live, sent, "")
    ours = of_manager(live, FIELD_MANAGER)
    kept = reach(union(f for o, f in entries(live) if (o.manager, o.operation) != (FIELD_MANAGER, "Apply")))
    gone = (p for p in ours.leaves() if get(sent, p) is MISSING and not kept(p))
    return without(merged, FieldSet(frozenset(gone)))


def _over(live: Any, sent: Any, name: str) -> Any:
    if isinstance(live, dict) and isinstance(sent, dict):
        return {**live, **{key: _over(live.get(key), value, key) for key, value in sent.items()}}
    if isinstance(live, list) and isinstance(sent, list):
        return _items_over(live, sent, name)
    return sent


def _items_over(live: list[Any], sent: list[Any], name: str) -> list[Any]:
    """Items with the same key are merged where they stand, new ones follow; a list without keys is one value."""
    fields = key_fields(name, [live, sent])
    if not fields:
        return sent
    wanted = {item_key(item, fields): item for item in sent}
    there = {item_key(item, fields) for item in live}
    merged = [_over(item, wanted.get(item_key(item, fields), {}), "") for item in live]
    return merged + [item for item in sent if item_key(item, fields) not in there]
