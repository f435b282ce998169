"""PURE: what our fields hold in a live object.

The field set is read as the server wrote it (FieldsV1), beside the object. No schema is needed: the set itself says which lists have
keys, which are sets, and where an atomic whole begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.seal import same


class Untold(Exception):
    """The set and the object do not fit together: nothing is proven."""


def our_entry(live: Json) -> Json | None:
    """Our Apply entry in managedFields; None when there is none, or more than one."""
    found = [e for e in managers(live) if (e.get("manager"), e.get("operation"), e.get("subresource", "")) == (FIELD_MANAGER, "Apply", "")]
    return found[0] if len(found) == 1 else None


def managers(live: Json) -> list[Json]:
    """The entries of managedFields."""
    return list(live.get("metadata", {}).get("managedFields") or ())


def is_shared(live: Json) -> bool:
    """Has somebody else one of our fields as well? In doubt yes."""
    ours = our_entry(live)
    return ours is not None and any(_meet(ours.get("fieldsV1"), e.get("fieldsV1")) for e in managers(live) if e is not ours)


def _meet(one: Any, other: Any) -> bool:
    """Have two sets a field in common, or one a part of what the other has whole?"""
    if not isinstance(one, dict) or not isinstance(other, dict) or not one or not other:
        return True
    return any(key == "." or _meet(one[key], other[key]) for key in one.keys() & other.keys())


def has_empty_list(sent: Any) -> bool:
    """Is an empty list in what is sent? It leaves no path in the field set, so nothing tells whether it is there."""
    if isinstance(sent, dict):
        return any(map(has_empty_list, sent.values()))
    return isinstance(sent, list) and (not sent or any(map(has_empty_list, sent)))


def facts(tree: Any, live: Any) -> list[Any]:
    """The values of all fields in a set, in the order of the set, and the places of list items. Raises Untold."""
    found: list[Any] = []
    _walk(tree, live, found)
    return found


def _walk(tree: Any, value: Any, found: list[Any]) -> None:
    if not isinstance(tree, dict):
        raise Untold
    segments = sorted(segment for segment in tree if segment != ".")
    if not segments:
        found.append(value)
    elif isinstance(value, dict):
        for segment in segments:
            _walk_key(tree[segment], segment, value, found)
    else:
        _walk_items(tree, segments, value, found)


def _walk_key(below: Any, segment: str, value: Json, found: list[Any]) -> None:
    """Nearly all of a set is this: keys of maps, and most of them are leaves."""
    key = segment[2:]
    if segment[:2] != "f:" or key not in value:
        raise Untold
    if below == {}:
        found.append(value[key])
    else:
        _walk(below, value[key], found)


def _walk_items(tree: Json, segments: list[str], value: Any, found: list[Any]) -> None:
    places = [_place(segment, value) for segment in segments]
    # An item of ours that moved, or a foreign one before it, is seen by this.
    found.append([len(value), *places])
    for segment, place in zip(segments, places, strict=True):
        _walk(tree[segment], value[place], found)


def place_of(segment: str, value: Any) -> Any:
    """The map key or the index that a segment names, if it names exactly one. Raises Untold."""
    if segment[:2] == "f:" and isinstance(value, dict) and segment[2:] in value:
        return segment[2:]
    return _place(segment, value)


def _place(segment: str, value: Any) -> int:
    """The index of the list item that a segment names, if it names exactly one."""
    kind, rest = segment[:2], segment[2:]
    if isinstance(value, list):
        match kind:
            case "k:":
                return _only(i for i, item in enumerate(value) if _has_keys(item, _parsed(rest)))
            case "v:":
                return _only(i for i, item in enumerate(value) if same(item, _parsed(rest)))
    raise Untold


def _has_keys(item: Any, keys: Any) -> bool:
    """A key field that the item leaves out is not guessed."""
    return isinstance(item, dict) and isinstance(keys, dict) and all(k in item and same(item[k], v) for k, v in keys.items())


def _only(places: Iterable[int]) -> int:
    found = list(places)
    if len(found) != 1:
        raise Untold
    return found[0]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Untold from None
