"""JSON text as kubectl reads it: a stream that starts with a brace."""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder
from typing import Any

from gitctl.documents.limits import Limits, too_deep
from gitctl.documents.scalar import Mistaken, as_json_number
from gitctl.errors import ErrorId, ManifestError, Where

_SPACE = " \t\r\n"


class _Twice(ValueError):
    """An object has a key twice."""


def read_json(text: str, *, where: str, limits: Limits) -> list[tuple[Any, int]] | None:
    """The values of a JSON stream and the line on which each starts; None when the text is not JSON, or has faults that
    the YAML reader can place. Raises ManifestError for what only JSON can spell."""
    if not text.lstrip(_SPACE).startswith("{"):
        return None
    try:
        return list(_values(text, where, limits))
    except (JSONDecodeError, _Twice, RecursionError):
        return None


def _values(text: str, where: str, limits: Limits) -> Any:
    decoder = JSONDecoder(object_pairs_hook=_object, parse_float=_real, parse_int=_whole, parse_constant=_constant)
    position, line = _skip(text, 0), 1
    end = 0
    while position < len(text):
        line += text.count("\n", end, position)
        try:
            value, after = decoder.raw_decode(text, position)
        except Mistaken as wrong:
            raise ManifestError(f"a number in this document: {wrong}", id=ErrorId.YAML_SYNTAX, where=Where(where, line)) from None
        yield _checked(value, 1, Where(where, line), limits), line
        line += text.count("\n", position, after)
        end, position = after, _skip(text, after)


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Twice
    return result


def _real(text: str) -> int | float:
    return as_json_number(float(text))


def _whole(text: str) -> int | float:
    return as_json_number(int(text) if len(text) < 30 else float(text))


def _constant(_: str) -> Any:
    raise JSONDecodeError("not JSON", "", 0)


def _checked(value: Any, depth: int, where: Where, limits: Limits) -> Any:
    if depth > limits.depth + 1:
        raise too_deep(where, limits)
    if isinstance(value, dict):
        return {_whole_text(k): _checked(v, depth + 1, where, limits) for k, v in value.items()}
    if isinstance(value, list):
        return [_checked(v, depth + 1, where, limits) for v in value]
    return _whole_text(value) if isinstance(value, str) else value


def _whole_text(text: str) -> str:
    """Text in which a lone half of a surrogate pair is U+FFFD, as Go reads it."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
