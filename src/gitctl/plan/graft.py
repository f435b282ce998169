"""Values of a live object put into the body that is to be sent. All bodies are copied on the way, never changed."""

from __future__ import annotations

import json
from typing import Any

from gitctl.model.fieldpath import MISSING, FieldPath, get, positions, remove
from gitctl.model.fieldset import FieldSet
from gitctl.model.manifest import Json, Path


def field_path(body: Any, path: Path, known: FieldSet) -> FieldPath | None:
    """A place in a body as FieldsV1 segments, list items by the keys that `known` uses for that list.

    None when the place is in an item of such a list for which `known` has no key: an item that the server has not seen.
    """
    segments: FieldPath = ()
    for step in path:
        if isinstance(body, list):
            segment = _item_segment(body, step, known, segments)
            if segment is None:
                return None
            body = body[step] if isinstance(step, int) else None
        else:
            segment = f"f:{step}"
            body = body.get(step) if isinstance(body, dict) else None
        segments = (*segments, segment)
    return segments


def _item_segment(items: list[Any], step: str | int, known: FieldSet, parent: FieldPath) -> str | None:
    children = {m[len(parent)] for m in known.members if len(m) > len(parent) and m[: len(parent)] == parent}
    named = sorted(segment for segment in children if segment[:2] in ("k:", "v:"))
    if not named:
        return f"i:{step}"
    return next((segment for segment in named if step in positions(items, segment)), None)


def put(body: Any, path: FieldPath, value: Any, live: Any) -> Any:
    """A copy of `body` with `value` at `path`. Maps and list items on the way are made; a new item stands where `live` has it."""
    if not path:
        return value
    segment, rest = path[0], path[1:]
    steps = list(positions(body, segment)) if body is not MISSING else []
    below = _child(live, segment)
    if steps:
        return _replaced(body, {step: put(body[step], rest, value, below) for step in steps})
    if segment.startswith("f:"):
        return {**(body if isinstance(body, dict) else {}), segment[2:]: put(MISSING, rest, value, below)}
    return _inserted(body if isinstance(body, list) else [], put(_new_item(segment), rest, value, below), segment, live)


def _child(live: Any, segment: str) -> Any:
    return get(live, (segment,)) if isinstance(live, dict | list) else MISSING


def _replaced(body: Any, changed: dict[Any, Any]) -> Any:
    if isinstance(body, dict):
        return {key: changed.get(key, value) for key, value in body.items()}
    return [changed.get(i, value) for i, value in enumerate(body)]


def _new_item(segment: str) -> Any:
    return json.loads(segment[2:]) if segment.startswith(("k:", "v:")) else MISSING


def _inserted(items: list[Any], item: Any, segment: str, live: Any) -> list[Any]:
    """The list with a new item right after those of its items that stand before it in the live list."""
    there = live if isinstance(live, list) else []
    own = next(positions(there, segment), len(there))
    keys = list(json.loads(segment[2:])) if segment.startswith("k:") else []
    order = [_index(there, other, keys) for other in items]
    at = max((i + 1 for i, place in enumerate(order) if place is not None and place < int(own)), default=0)
    return [*items[:at], item, *items[at:]]


def _index(items: list[Any], item: Any, keys: list[str]) -> int | None:
    """Where a list has an item with the same keys (an equal one, when there are no keys)."""
    return next((i for i, other in enumerate(items) if _names(other, keys) == _names(item, keys)), None)


def _names(item: Any, keys: list[str]) -> Any:
    return [item.get(key) for key in keys] if keys and isinstance(item, dict) else item


def graft(body: Json, live: Json, kept: FieldSet, leaves: frozenset[FieldPath]) -> Json:
    """`body` with the live values of the paths in `kept`. `leaves` tells which of them are values and not mere containers."""
    for path in sorted(kept.members):
        value = get(live, path)
        if value is not MISSING and path in leaves:
            body = put(body, path, value, live)
        elif value is not MISSING and path[-1].startswith("k:"):
            body = put(body, path, _merged_keys(get(body, path), path[-1]), live)
    return body


def _merged_keys(item: Any, segment: str) -> Any:
    return item if isinstance(item, dict) else _new_item(segment)


def cut(body: Json, path: FieldPath, live: Json) -> Json:
    """`body` without what is at `path`. A map or list that this empties stays, empty, where the live object has it: else it would go."""
    rest: Json = remove(body, [path])
    for end in range(len(path) - 1, 0, -1):
        above = path[:end]
        there = get(live, above)
        if isinstance(there, dict | list) and get(rest, above) is MISSING and get(body, above) is not MISSING:
            emptied: Json = put(rest, above, type(there)(), live)
            return emptied
    return rest
