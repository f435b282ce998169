"""PURE: random schemas of custom kinds (list type, map type, defaults, int-or-string, unknown fields), and values that fit them."""

from __future__ import annotations

from random import Random
from typing import Any

from gitctl.model.manifest import Json

WORDS = ("a", "b", "c", "1", "")
_SCALARS = ("string", "integer", "number", "boolean", "mixed")
_WHOLES = ("atomic-list", "set", "keyed", "map", "atomic-map", "struct", "atomic-struct", "free", "free-struct")
_DEEPEST = 2


def random_properties(rng: Random, count: int = 7) -> Json:
    """Properties of a spec."""
    return {f"f{n}": _schema(rng, 0) for n in range(count)}


def _schema(rng: Random, depth: int) -> Json:
    form = rng.choice(_SCALARS if depth >= _DEEPEST or rng.random() < 0.25 else _WHOLES)
    schema = _plain(rng, form) if form in _SCALARS else _whole(rng, form, depth)
    if rng.random() < 0.25:
        schema["default"] = random_value(rng, schema)
    elif rng.random() < 0.1:
        schema["nullable"] = True
    return schema


def _plain(rng: Random, form: str) -> Json:
    return {"x-kubernetes-int-or-string": True} if form == "mixed" else {"type": form}


def _whole(rng: Random, form: str, depth: int) -> Json:
    inner = lambda: _schema(rng, depth + 1)  # noqa: E731
    match form:
        case "atomic-list":
            return {"type": "array", "items": inner()} | ({"x-kubernetes-list-type": "atomic"} if rng.random() < 0.5 else {})
        case "set":
            return {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": rng.choice(("string", "integer"))}}
        case "keyed":
            item: Json = {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "v": inner(), "w": inner()}}
            keys = ["k"]
            if rng.random() < 0.4:
                item["properties"]["p"] = {"type": "string", "default": "TCP"}
                keys.append("p")
            return {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, "items": item}
        case "map":
            return {"type": "object", "additionalProperties": inner()}
        case "atomic-map":
            return {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}}
        case "free":
            return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    struct: Json = {"type": "object", "properties": {"x": inner(), "y": inner()}}
    if form == "atomic-struct":
        struct["x-kubernetes-map-type"] = "atomic"
    if form == "free-struct":
        struct["x-kubernetes-preserve-unknown-fields"] = True
    return struct


def random_value(rng: Random, schema: Json) -> Any:
    """A value that the schema allows."""
    if schema.get("x-kubernetes-int-or-string"):
        return rng.choice((1, "1", 80, "80%"))
    match schema["type"]:
        case "string":
            return rng.choice(WORDS)
        case "integer":
            return rng.choice((0, 1, 2, -1, 10**12))
        case "number":
            return rng.choice((0, 1, 1.5, 1.0, -2, 1e21))
        case "boolean":
            return rng.random() < 0.5
        case "array":
            return _items(rng, schema)
    return _entries(rng, schema)


def _items(rng: Random, schema: Json) -> list[Any]:
    items = [random_value(rng, schema["items"]) for _ in range(rng.randrange(4))]
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    unique: dict[str, Any] = {}
    if keys:
        for item in items:
            item["k"] = rng.choice("abc")
            unique[str([item.get(key, "TCP") for key in keys])] = item
        return list(unique.values())
    return list(dict.fromkeys(items)) if schema.get("x-kubernetes-list-type") == "set" else items


def _entries(rng: Random, schema: Json) -> Json:
    made = {name: random_value(rng, inner) for name, inner in (schema.get("properties") or {}).items() if rng.random() < 0.7}
    more = schema.get("additionalProperties")
    if more:
        made |= {rng.choice("abcde"): random_value(rng, more) for _ in range(rng.randrange(3))}
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        made |= {rng.choice("uvw"): rng.choice((1, "1", [1, 2], {"n": {"m": 1}}, [], {}, True)) for _ in range(rng.randrange(3))}
    return made
