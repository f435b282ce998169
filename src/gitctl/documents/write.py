"""Write YAML that kubectl reads back to the same value, and JSON in one canonical spelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from gitctl.documents.scalar import as_json_number, resolve
from gitctl.redact import is_printable, printable

_HARD_BREAKS = ("\r", "\x85", "\u2028", "\u2029", "\ufeff")
_MARKS = ("=", "<<")


def dump(value: Any) -> str:
    """One YAML document without its `---`, block style, keys in the order given; `load_all` and kubectl read the same value back."""
    return _emit([value], explicit=False)


def dump_all(values: Iterable[Any]) -> str:
    """A YAML stream in which every document starts with `---`; "" for no documents."""
    return _emit(values, explicit=True)


def canonical(value: Any) -> bytes:
    """Compact JSON with sorted keys in which equal values have equal bytes: `1.0` is `1`, as it is for the API server."""
    return orjson.dumps(_whole_numbers(value), option=orjson.OPT_SORT_KEYS)


def to_json(value: Any) -> str:
    """JSON with two spaces of indentation, keys in the order given, no newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _whole_numbers(value: Any) -> Any:
    if type(value) is dict:
        return {k: _whole_numbers(v) for k, v in value.items()}
    if type(value) is list:
        return [_whole_numbers(v) for v in value]
    return as_json_number(value) if type(value) is float else value


def _emit(values: Iterable[Any], *, explicit: bool) -> str:
    import yaml

    # `style` has put every character that is not printable between double quotes, where YAML's escapes are the same as ours.
    return printable(str(yaml.emit(_stream(values, explicit), Dumper=yaml.CSafeDumper, allow_unicode=True, width=2**30)))


def _stream(values: Iterable[Any], explicit: bool) -> Iterator[Any]:
    from yaml import events as e

    yield e.StreamStartEvent()
    for value in values:
        yield e.DocumentStartEvent(explicit=explicit)
        yield from _node(value, e)
        yield e.DocumentEndEvent(explicit=False)
    yield e.StreamEndEvent()


def _node(value: Any, e: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield e.MappingStartEvent(None, None, True, flow_style=not value)
        for key, item in value.items():
            yield _scalar(key, e)
            yield from _node(item, e)
        yield e.MappingEndEvent()
    elif isinstance(value, list | tuple):
        yield e.SequenceStartEvent(None, None, True, flow_style=not value)
        for item in value:
            yield from _node(item, e)
        yield e.SequenceEndEvent()
    else:
        yield _scalar(value, e)


def _scalar(value: Any, e: Any) -> Any:
    if isinstance(value, str):
        return e.ScalarEvent(None, None, (True, True), value, style=style(value))
    return e.ScalarEvent(None, None, (True, True), orjson.dumps(value).decode())


def style(text: str) -> str | None:
    """How a text must be written so that kubectl reads it back: `"` (quoted), `|` (literal block), or None (plain will do)."""
    if not is_printable(text) or any(mark in text for mark in _HARD_BREAKS):
        return '"'
    if "\n" in text:
        return "|"
    return None if resolve(text) == text and not _other_tools_differ(text) else '"'


def _other_tools_differ(text: str) -> bool:
    """Text that kubectl takes for text and others do not: base-60 numbers, dates, merge and value marks."""
    return text in _MARKS or (text[0].isdigit() and (":" in text or "-" in text))
