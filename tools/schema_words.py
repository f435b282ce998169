"""The words of which the schemas of results are made (generate_result_schemas.py)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "number", "minimum": 0}
YES: Json = {"type": "boolean"}
ANY: Json = {}
SHA: Json = {"type": "string", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})?(-dirty)?$"}
TIME: Json = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"}
LATER_TIME: Json = {"anyOf": [TIME, {"const": ""}]}


def word(*kinds: type[StrEnum], **more: Any) -> Json:
    """One of a closed set."""
    return {"enum": [member.value for kind in kinds for member in kind], **more}


def many(item: Json) -> Json:
    """A list."""
    return {"type": "array", "items": item}


def by_name(value: Json) -> Json:
    """A mapping with any keys."""
    return {"type": "object", "additionalProperties": value}


def maybe(value: Json) -> Json:
    """The value, or null."""
    return {"anyOf": [value, {"type": "null"}]}


def shape(required: Json, optional: Json | None = None) -> Json:
    """An object with these keys."""
    return {"type": "object", "required": list(required), "properties": required | (optional or {})}


def either(*shapes: Json) -> Json:
    """One of several shapes."""
    return {"anyOf": list(shapes)}


def use(name: str) -> Json:
    """A definition of `DEFINITIONS`."""
    return {"$ref": f"#/$defs/{name}"}
