"""The three ways to read: all documents, one document with places, the place of one path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitctl.documents.limits import Limits, checked_text
from gitctl.documents.read_json import read_json
from gitctl.errors import ErrorId, ManifestError, Where

if TYPE_CHECKING:
    from gitctl.documents.reader import Reader

Marks = dict[tuple[str | int, ...], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One document: its value, the line (from 1) on which it starts, its number in the file (from 0, empty ones counted)."""

    value: Any
    line: int
    index: int


def load_all(data: bytes, *, where: str, limits: Limits | None = None, unquoted: bool = False) -> tuple[Loaded, ...]:
    """The documents of a YAML or JSON file with the values that kubectl reads; empty and null documents are left out, as there.

    With `unquoted`, texts that hold `${` and were written without quotes are `Unquoted`. Unlike kubectl, duplicate keys, unknown tags
    and text that is not UTF-8 are refused. Raises ManifestError with `where:line:column`; the message has no text of the file.
    """
    limits = limits or Limits()
    text = checked_text(data, where=where, limits=limits)
    as_json = read_json(text, where=where, limits=limits)
    if as_json is not None:
        return tuple(Loaded(value, line, index) for index, (value, line) in enumerate(as_json) if value is not None)
    found = _reader(text, where, limits, None, unquoted=unquoted).documents()
    return tuple(Loaded(value, line, index) for index, (value, line) in enumerate(found) if value is not None)


def load_marked(data: bytes, *, where: str, limits: Limits | None = None) -> tuple[Any, Marks]:
    """The only document of a file, and (line, column), both from 1, of every key path and list item; `()` is the whole.

    What an alias stands for has the alias' place. An empty file is None. Raises ManifestError, also for a second document.
    """
    limits = limits or Limits()
    marks: Marks = {(): (1, 1)}
    found = list(_reader(checked_text(data, where=where, limits=limits), where, limits, marks).documents())
    if len(found) > 1:
        raise ManifestError("a second document in a file that takes only one", id=ErrorId.YAML_SYNTAX, where=Where(where, found[1][1], 1))
    return (found[0][0] if found else None), marks


def each_marked(data: bytes, *, where: str, limits: Limits | None = None) -> Iterator[tuple[Loaded, Marks]]:
    """The documents of a YAML file one by one, each with the (line, column) of every path, as `load_marked` has them.

    The marks are valid until the next document is asked for. Raises ManifestError.
    """
    limits = limits or Limits()
    marks: Marks = {}
    for index, (value, line) in enumerate(_reader(checked_text(data, where=where, limits=limits), where, limits, marks).documents()):
        if value is not None:
            yield Loaded(value, line, index), marks
        marks.clear()


def place_of(data: bytes, path: tuple[str | int, ...], *, where: str, index: int, limits: Limits | None = None) -> Where:
    """The place of `path` in document `index` of a file that `load_all` could read; of its nearest parent where it is missing."""
    limits = limits or Limits()
    marks: Marks = {}
    try:
        for number, _ in enumerate(_reader(checked_text(data, where=where, limits=limits), where, limits, marks).documents()):
            if number == index:
                break
            marks.clear()
    except ManifestError:
        return Where(where)  # JSON that YAML cannot read, such as escaped surrogate pairs
    while path and path not in marks:
        path = path[:-1]
    return Where(where, *marks.get(path, (0, 0)))


def _reader(text: str, where: str, limits: Limits, marks: Marks | None, *, unquoted: bool = False) -> Reader:
    from gitctl.documents.reader import Reader

    return Reader(text, where, limits, marks, unquoted=unquoted)
