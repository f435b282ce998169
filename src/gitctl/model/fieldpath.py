"""Paths as FieldsV1 writes them, and how they lead through an object.

The format is that of sigs.k8s.io/structured-merge-diff (fieldpath/serialize): `f:name` is a map key, `k:{"name":"web"}` an item
of a list with keys, `v:"x"` a member of a set, `i:3` an index.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from gitctl.errors import ErrorId, InputError
from gitctl.model.listkeys import item_key, key_step, plain
from gitctl.model.manifest import Json, Path

FieldPath = tuple[str, ...]
"""Segments as FieldsV1 writes them, canonical: `("f:spec", "f:containers", 'k:{"name":"web"}', "f:image")`."""


_INDEX = re.compile(r"[0-9]{1,18}", re.ASCII)


@lru_cache(maxsize=8192)
def canonical(segment: str) -> str:
    """The segment with its JSON part in canonical form. Raises InputError for a segment of no known kind."""
    kind, rest = segment[:2], segment[2:]
    try:
        match kind:
            case "f:":
                return segment
            case "i:" if _INDEX.fullmatch(rest):
                return segment
            case "k:" | "v:":
                value = json.loads(rest)
                if kind == "v:" or (value and isinstance(value, dict)):
                    return kind + json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise InputError("field set holds a segment that is not JSON", id=ErrorId.MANAGED_FIELDS) from error
    raise InputError("field set holds a segment of no known kind", id=ErrorId.MANAGED_FIELDS)


@lru_cache(maxsize=8192)
def _key(segment: str) -> Any:
    return json.loads(segment[2:])


class _Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
"""What `get` gives for a path that is not there: None is a JSON value."""


def get(body: Any, path: FieldPath) -> Any:
    """The value at a path of an object, `MISSING` when it is not there or when a key picks more than one item."""
    for segment in path:
        steps = list(positions(body, segment))
        if len(steps) != 1:
            return MISSING
        body = body[steps[0]]
    return body


def positions(value: Any, segment: str) -> Iterator[str | int]:
    """The map key or the list indexes that a segment names in a map or a list.

    An item that leaves out some of the key fields (`protocol` before the server fills it in) counts when no other fits.
    """
    kind, rest = segment[:2], segment[2:]
    if isinstance(value, dict):
        yield from (rest,) if kind == "f:" and rest in value else ()
    elif isinstance(value, list):
        match kind:
            case "k:":
                yield from _items(value, _key(segment))
            case "v:":
                yield from (i for i, item in enumerate(value) if _same(item, _key(segment)))
            case "i:":
                yield from (int(rest),) if rest.isdecimal() and int(rest) < len(value) else ()


def _items(items: list[Any], keys: Json) -> list[int]:
    exact = [i for i, item in enumerate(items) if isinstance(item, dict) and all(_same(item.get(k), v) for k, v in keys.items())]
    if exact:
        return exact
    return [i for i, item in enumerate(items) if isinstance(item, dict) and _fits(item, keys)]


def _fits(item: Json, keys: Json) -> bool:
    written = [key for key in keys if item.get(key) is not None]
    return bool(written) and all(_same(item[key], keys[key]) for key in written)


def _same(one: Any, other: Any) -> bool:
    """Equality of scalars as in JSON: unlike Python's, true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def look(body: Any, path: Path) -> Any:
    """The value at the steps of a FieldChange (map keys, indexes, merge keys such as `[name=web]`), `MISSING` when it is not there."""
    for step in path:
        if isinstance(body, dict):
            body = body.get(step, MISSING)
        elif isinstance(body, list):
            body = next((item for i, item in enumerate(body) if i == step or _is_named(item, step)), MISSING)
        else:
            return MISSING
    return body


def _is_named(item: Any, step: str | int) -> bool:
    """Is this the list item that `[name=web]` or `[=x]` names?"""
    if isinstance(step, int):
        return False
    if not isinstance(item, dict):
        return f"[={plain(item)}]" == step
    return item_key(item, tuple(re.findall(r"(?:^\[|,)([^=,\[\]]+)=", step))) == step


def remove(body: Any, paths: Iterable[FieldPath]) -> Any:
    """A copy of an object without some paths. Maps and lists that become empty by this go too: sent empty, they would be owned."""
    for path in paths:
        body = _removed(body, path)
    return {} if body is MISSING else body


def _removed(value: Any, path: FieldPath) -> Any:
    """A copy of `value` without `path`; `MISSING` when nothing is left of it."""
    steps = set(positions(value, path[0])) if path else set()
    if not path:
        return MISSING
    if not steps:
        return value
    below = {step: _removed(value[step], path[1:]) for step in steps}
    if isinstance(value, dict):
        kept = {k: below.get(k, v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v is not MISSING} or MISSING
    rest = [below.get(i, v) for i, v in enumerate(value)]
    return [v for v in rest if v is not MISSING] or MISSING


def shown(path: FieldPath) -> Path:
    """Segments as the steps of a FieldChange: `f:spec` → `spec`, `k:{"name":"web"}` → `[name=web]`, `v:"x"` → `[=x]`, `i:3` → 3."""
    return tuple(_shown(segment) for segment in path)


def _shown(segment: str) -> str | int:
    kind, rest = segment[:2], segment[2:]
    match kind:
        case "k:":
            return key_step(_key(segment))
        case "v:":
            return f"[={plain(_key(segment))}]"
        case "i:":
            return int(rest)
        case _:
            return rest


def server_text(path: FieldPath) -> str:
    """A path as the API server prints it in conflicts, `.spec.containers[name="web"].image`: for comparing; it cannot be parsed."""
    return "".join(_server_text(segment) for segment in path)


def _server_text(segment: str) -> str:
    kind, rest = segment[:2], segment[2:]
    match kind:
        case "k:":
            keys = _key(segment)
            return "[" + ",".join(f"{key}={json.dumps(keys[key], ensure_ascii=False)}" for key in sorted(keys)) + "]"
        case "v:":
            return f"[={rest}]"
        case "i:":
            return f"[{rest}]"
        case _:
            return f".{rest}"
