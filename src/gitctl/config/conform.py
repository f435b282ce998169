"""Does a value have the shape that a JSON schema asks for? All deviations at once, in words for people.

Knows the part of JSON Schema that msgspec writes for `shape.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitctl.config.problem import KeyPath, Problem
from gitctl.errors import ErrorId, did_you_mean

Schema = Mapping[str, Any]

_TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
_WANTED = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def conform(value: Any, schema: Schema) -> Iterator[Problem]:
    """Every place where `value` differs from `schema` (with its `$defs`), in the order of the file."""
    yield from _Conform(schema.get("$defs", {})).look(value, schema, ())


class _Conform:
    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def look(self, value: Any, schema: Schema, at: KeyPath) -> Iterator[Problem]:
        schema = self._resolved(schema)
        if "anyOf" in schema:
            yield from self._any_of(value, schema["anyOf"], at)
        elif "enum" in schema:
            yield from _one_of(value, schema["enum"], at)
        elif not _has_type(value, schema.get("type", "")):
            yield Problem(at, _wrong_type(value, [schema["type"]]), _type_hint(value, schema["type"]), id=ErrorId.CONFIG_TYPE)
        elif isinstance(value, dict):
            yield from self._mapping(value, schema, at)
        elif isinstance(value, list):
            yield from self._list(value, schema, at)
        else:
            yield from _scalar(value, schema, at)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def _any_of(self, value: Any, choices: list[Schema], at: KeyPath) -> Iterator[Problem]:
        answers = [(choice, list(self.look(value, choice, at))) for choice in map(self._resolved, choices)]
        if all(problems for _, problems in answers):
            fitting = [problems for choice, problems in answers if _has_type(value, choice.get("type", ""))]
            wanted = [choice.get("type", "") for choice, _ in answers]
            hint = _type_hint(value, "string") if "string" in wanted else ""
            yield from fitting[0] if fitting else [Problem(at, _wrong_type(value, wanted), hint, id=ErrorId.CONFIG_TYPE)]

    def _mapping(self, value: dict[Any, Any], schema: Schema, at: KeyPath) -> Iterator[Problem]:
        known: Mapping[str, Schema] = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for key, item in value.items():
            if key in known:
                yield from self.look(item, known[key], (*at, key))
            elif others is False:
                yield Problem((*at, str(key)), f"unknown key {_shown(key)}", did_you_mean(str(key), known), id=ErrorId.CONFIG_UNKNOWN_KEY)
            else:
                yield from _key(key, schema.get("propertyNames", {}), at)
                yield from self.look(item, others, (*at, key)) if isinstance(others, Mapping) else ()
        for key in schema.get("required", ()):
            if key not in value:
                yield Problem(at, f"the key {key!r} is missing", self._missing_hint(known[key]), id=ErrorId.CONFIG_MISSING_KEY)

    def _missing_hint(self, schema: Schema) -> str:
        schema = self._resolved(schema)
        about = schema["enum"][0] if len(schema.get("enum", ())) == 1 else schema.get("description", schema.get("title", ""))
        return f"it is {about}" if about else ""

    def _list(self, value: list[Any], schema: Schema, at: KeyPath) -> Iterator[Problem]:
        if len(value) < schema.get("minItems", 0):
            yield Problem(at, "an empty list", id=ErrorId.CONFIG_VALUE)
        for index, item in enumerate(value):
            yield from self.look(item, schema.get("items", {}), (*at, index))


def _has_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name in ("", "boolean")
    return not name or isinstance(value, _TYPES[name])  # type: ignore[arg-type]


def _wrong_type(value: Any, names: list[str]) -> str:
    if value is None:
        return "has no value"
    found = next(text for name, text in _WANTED.items() if _has_type(value, name))
    return f"is {found}, not {' or '.join(_WANTED[name] for name in names)}"


def _type_hint(value: Any, name: str) -> str:
    """YAML reads `1.30` as a number and `on` as true: the usual cause of a wrong type."""
    if name == "string" and isinstance(value, bool | int | float):
        return "put it in quotes"
    return "write it as a list: [...]" if name == "array" and isinstance(value, str) else ""


def _one_of(value: Any, allowed: list[Any], at: KeyPath) -> Iterator[Problem]:
    if value is None:
        yield Problem(at, "has no value", id=ErrorId.CONFIG_TYPE)
    elif value not in allowed or isinstance(value, bool):
        yield Problem(
            at,
            f"{_shown(value)} is not a value for this key",
            did_you_mean(str(value), map(str, allowed), what="one of"),
            id=ErrorId.CONFIG_VALUE,
        )


def _key(key: Any, schema: Schema, at: KeyPath) -> Iterator[Problem]:
    if not isinstance(key, str):
        yield Problem(at, f"the key {_shown(key)} is not a text", "put it in quotes", id=ErrorId.CONFIG_TYPE)
    elif not _matches(key, schema):
        yield Problem((*at, key), f"{_shown(key)} is not {schema['title']}", id=ErrorId.CONFIG_VALUE)


def _scalar(value: str | float, schema: Schema, at: KeyPath) -> Iterator[Problem]:
    if isinstance(value, str):
        fits = len(value) >= schema.get("minLength", 0) and _matches(value, schema)
    else:
        fits = schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if not fits:
        yield Problem(at, f"{_shown(value)} is not {schema['title']}", id=ErrorId.CONFIG_VALUE)


def _matches(text: str, schema: Schema) -> bool:
    """JSON Schema's `$` is the very end of the text; Python's would let a line feed follow."""
    pattern: str = schema.get("pattern", "")
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text, re.ASCII) is not None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
