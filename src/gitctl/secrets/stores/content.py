"""What a store has, as a document: the value that a reference's keys lead to. Nothing of it is in a message."""

from __future__ import annotations

import json
from typing import Any

from gitctl.protocols import Fault, Trouble

_MOST = 1 << 20


def value_at(content: bytes, keys: tuple[str, ...]) -> bytes | Fault:
    """The text at `keys` of a JSON document; numbers as they are written there, true and false as such."""
    value = _document(content)
    if isinstance(value, Fault):
        return value
    for depth, key in enumerate(keys):
        if not isinstance(value, dict) or key not in value:
            return Fault(Trouble.NO_KEY, f"it has no key {'/'.join(keys[: depth + 1])!r}")
        value = value[key]
    match value:
        case str():
            return value.encode("utf-8", "surrogatepass")
        case bool():
            return b"true" if value else b"false"
        case _Number():
            return value.text.encode()
    return Fault(Trouble.NO_KEY, f"what it has at {'/'.join(keys)!r} is no text, number or boolean", hint="name a key below it")


class _Number:
    """A number in its own spelling: 1.10 is not 1.1."""

    def __init__(self, text: str) -> None:
        self.text = text


def _document(content: bytes) -> Any:
    problem = Fault(Trouble.NO_KEY, "a key is asked for, and what is there is no JSON object", hint="leave #KEY out for all of it")
    if len(content) > _MOST:
        return problem
    try:
        value = json.loads(content, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return problem
    return value if isinstance(value, dict) else problem
