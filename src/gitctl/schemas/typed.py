"""An object as CEL rules see it: defaults filled in, nulls that mean "not there" left out, values of the schema's types."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gitctl.model.manifest import Path
from gitctl.schemas.openapi import METADATA, target_of
from gitctl.schemas.structure import Node

_RESERVED: Final = frozenset(
    {
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
_ESCAPES: Final = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))


@dataclass(frozen=True, slots=True)
class Visit:
    """A node beside its typed value, and where that is in the object."""

    node: Node
    value: Any
    path: Path


def escaped(name: str) -> str:
    """A property's name as CEL expressions write it."""
    if name in _RESERVED:
        return f"__{name}__"
    for sign, word in _ESCAPES:
        name = name.replace(sign, word)
    return name


def unescaped(name: str) -> str:
    """The property that an expression's name stands for."""
    if name.startswith("__") and name.endswith("__") and name[2:-2] in _RESERVED:
        return name[2:-2]
    for sign, word in reversed(_ESCAPES):
        name = name.replace(word, sign)
    return name


def typed(node: Node, value: Any) -> Any:
    """The value of a node. A value that does not fit the schema stays as it is: the schema's own check says so."""
    if isinstance(value, dict):
        return _mapping(node, value)
    if isinstance(value, list) and node.items is not None:
        return [typed(node.items, item) for item in value]
    return _scalar(node, value)


def _mapping(node: Node, value: dict[str, Any]) -> dict[str, Any]:
    if not node.fields:
        return {key: typed(node.values, item) if node.values else item for key, item in value.items()}
    found = {}
    for name, below in node.fields.items():
        item = value.get(name)
        given = name in value and (item is not None or below.schema.get("nullable", False))
        if given or "default" in below.schema:
            found[escaped(name)] = typed(below, item if given else below.schema["default"])
    return found


def visits(node: Node, value: Any, path: Path = ()) -> Iterator[Visit]:
    """Every node below a typed value, with its part of it, outside in."""
    yield Visit(node, value, path)
    if isinstance(value, dict):
        for key, item in value.items():
            name = unescaped(key) if node.fields else key
            below = node.fields.get(name) if node.fields else node.values
            if below is not None:
                yield from visits(below, item, (*path, name))
    elif isinstance(value, list) and node.items is not None:
        for number, item in enumerate(value):
            yield from visits(node.items, item, (*path, number))


def _scalar(node: Node, value: Any) -> Any:
    schema = node.schema
    if target_of(schema) == METADATA or schema.get("x-kubernetes-int-or-string"):
        return value
    if schema.get("type") == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _decoded(value) if schema.get("format") == "byte" and isinstance(value, str) else value


def _decoded(text: str) -> bytes | str:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return text
