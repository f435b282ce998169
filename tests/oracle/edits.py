"""PURE: random edits of JSON: what people and controllers do to values."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

Path = tuple[Any, ...]


def paths(value: Any, prefix: Path = ()) -> Iterator[Path]:
    """All paths below a value, whole subtrees too."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*prefix, key)
        yield from paths(inner, (*prefix, key))


def get(value: Any, path: Path) -> Any:
    """The value at a path."""
    for key in path:
        value = value[key]
    return value


def edited(rng: Random, body: Any, roots: tuple[Path, ...]) -> tuple[str, Any]:
    """A copy of a body with one random edit below one of the roots, and what was done."""
    body = copy.deepcopy(body)
    below = [path for root in roots if _there(body, root) for path in paths(get(body, root), root)]
    if not below:
        return "nothing", body
    path = rng.choice(below)
    parent, key, value = get(body, path[:-1]), path[-1], get(body, path)
    name, changed = _edit(rng, value)
    if name == "remove":
        del parent[key]
    elif name == "add" and isinstance(parent, dict):
        parent[rng.choice(("a", "b", "extra", "v", "w"))] = copy.deepcopy(value)
    else:
        parent[key] = changed
    return f"{name} {'.'.join(map(str, path))}", body


def _there(body: Any, root: Path) -> bool:
    for key in root:
        if not isinstance(body, dict) or key not in body:
            return False
        body = body[key]
    return True


def _edit(rng: Random, value: Any) -> tuple[str, Any]:
    if rng.random() < 0.15:
        return "remove", None
    if rng.random() < 0.15:
        return "add", None
    if rng.random() < 0.05:
        return "null", None
    if isinstance(value, list):
        return _list_edit(rng, value)
    if isinstance(value, dict):
        return rng.choice((("empty", {}), ("swap order", dict(reversed(value.items()))), ("list", [value])))
    return _scalar_edit(rng, value)


def _list_edit(rng: Random, value: list[Any]) -> tuple[str, Any]:
    one = copy.deepcopy(rng.choice(value)) if value else "a"
    if isinstance(one, dict) and rng.random() < 0.7:
        one |= {key: str(rng.choice("xyz")) for key in ("name", "k") if key in one}
    forms = {
        "reverse": value[::-1],
        "duplicate": [*value, *value[:1]],
        "append": [*value, one],
        "prepend": [one, *value],
        "drop first": value[1:],
        "drop last": value[:-1],
        "empty": [],
    }
    return rng.choice(list(forms.items()))


def _scalar_edit(rng: Random, value: Any) -> tuple[str, Any]:
    forms: list[tuple[str, Any]] = [("empty", ""), ("text", str(value)), ("other text", f"{value}x"), ("true", True)]
    if isinstance(value, str) and value.isdigit():
        forms += [("number", int(value))] * 3
    if isinstance(value, int | float) and not isinstance(value, bool):
        forms += [("float", float(value)), ("more", value + 1), ("less", value - 1), ("zero", 0)] * 2
    if isinstance(value, bool):
        forms += [("not", not value)] * 3
    return rng.choice(forms)
