"""PURE: the part of an object that a field set covers, as a body that a server-side apply takes.

As ExtractInto of k8s.io/client-go does, but for any field set, and without a schema: FieldsV1 says what is a leaf.
"""

from __future__ import annotations

import json
from typing import Any

from gitctl.model.fieldpath import MISSING, positions
from gitctl.model.fieldset import FieldSet
from gitctl.model.manifest import Json


def extract(live: Json, fields: FieldSet) -> Json:
    """The covered fields of a live object, with its kind and name. What is covered and not there is left out."""
    found = _part(live, fields.tree())
    body: Json = found if isinstance(found, dict) else {}
    metadata = live["metadata"]
    identity = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    return {**body, "apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": {**body.get("metadata", {}), **identity}}


def _part(value: Any, tree: Json) -> Any:
    """A leaf whole; of a map or list what is covered, MISSING when that is nothing and the container itself is not covered."""
    if not tree:
        return value
    if isinstance(value, dict):
        part: Any = _members(value, tree)
    elif isinstance(value, list):
        part = _items(value, tree)
    else:
        return value
    return part if part or "." in tree else MISSING


def _members(value: Json, tree: Json) -> Json:
    found = {}
    for segment, below in tree.items():
        for key in positions(value, segment) if segment != "." else ():
            part = _part(value[str(key)], below)
            if part is not MISSING:
                found[str(key)] = part
    return found


def _items(value: list[Any], tree: Json) -> list[Any]:
    """The covered items in the order in which they are there: a server-side apply brings lists into the order that it sends."""
    found: dict[int, Any] = {}
    for segment, below in tree.items():
        for index in positions(value, segment) if segment != "." else ():
            found[int(index)] = _item(value[int(index)], segment, below)
    return [found[index] for index in sorted(found) if found[index] is not MISSING]


def _item(item: Any, segment: str, below: Json) -> Any:
    """An item of a keyed list has to say which one it is, also where its keys are not covered."""
    part = _part(item, below)
    if not segment.startswith("k:") or not isinstance(item, dict):
        return part
    keys = json.loads(segment[2:])
    inner = part if isinstance(part, dict) else {}
    return inner if any(key in inner for key in keys) else {**{key: item[key] for key in keys if key in item}, **inner}
