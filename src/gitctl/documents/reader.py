"""Build values from libyaml's events: budgets while reading, places of everything, and never a word of the file in an error.

Events and not nodes, because libyaml's composer recurses in C without a limit. Imported where it is used: PyYAML takes 50 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from yaml import CBaseLoader
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import AliasEvent, DocumentStartEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, StreamEndEvent

from gitctl.documents.limits import Limits
from gitctl.documents.problems import explain
from gitctl.documents.scalar import Mistaken, Scalar, Unquoted, as_json_number, as_key, resolve, resolve_tagged
from gitctl.errors import ErrorId, ManifestError, Where

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_MAPPING_TAGS = (None, "!", _TAG + "map", _TAG + "set")
_SEQUENCE_TAGS = (None, "!", _TAG + "seq", _TAG + "omap", _TAG + "pairs")
_MANY = 50
_MERGE_TROUBLE = "a merge key takes a mapping or a list of mappings"


class Reader:
    """One pass over one text. `marks`, when given, is filled with the place of every path of the document being read; with `unquoted`,
    texts without quotes that hold `${` are told apart."""

    def __init__(
        self, text: str, where: str, limits: Limits, marks: dict[Path, tuple[int, int]] | None = None, *, unquoted: bool = False
    ) -> None:
        self._parser: Any = CBaseLoader(text.encode("utf-8"))
        self._text = text
        self._where = where
        self._limits = limits
        self._marks = marks
        self._unquoted = unquoted
        self._nodes = 0
        self._anchors: dict[str, tuple[Any, int] | None] = {}

    def documents(self) -> Iterator[tuple[Any, int]]:
        """Value and first line of each document, empty ones too. Raises ManifestError."""
        count = 0
        while not isinstance(event := self._next(), StreamEndEvent):
            if not isinstance(event, DocumentStartEvent):
                continue
            count += 1
            if count > self._limits.documents:
                self._fail(f"more than {self._limits.documents} documents", event, id=ErrorId.YAML_TOO_LARGE)
            self._anchors.clear()
            self._nodes = 0
            root = self._next()
            self._mark((), root)
            yield self._value(root, (), 1), root.start_mark.line + 1

    def _next(self) -> Any:
        try:
            return self._parser.get_event()
        except MarkedYAMLError as bad:
            self._broken(bad.problem, bad.problem_mark or bad.context_mark)
        except YAMLError:
            self._broken(None, None)

    def _broken(self, problem: str | None, mark: Any) -> NoReturn:
        line, column = (mark.line, mark.column) if mark else (-1, -1)
        lines = self._text.split("\n", line + 1) if line >= 0 else []
        character = lines[line][column : column + 1] if line < len(lines) else ""
        raise ManifestError(explain(problem, character), id=ErrorId.YAML_SYNTAX, where=Where(self._where, line + 1, column + 1)) from None

    def _fail(self, message: str, event: Any, hint: str = "", *, id: ErrorId = ErrorId.YAML_SYNTAX) -> NoReturn:
        raise ManifestError(
            message, id=id, hint=hint, where=Where(self._where, event.start_mark.line + 1, event.start_mark.column + 1)
        ) from None

    def _mark(self, path: Path, event: Any) -> None:
        if self._marks is not None:
            self._marks[path] = (event.start_mark.line + 1, event.start_mark.column + 1)

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event, path)
        before = self._nodes
        self._nodes += 1
        if event.anchor:
            self._anchors[event.anchor] = None
        value: Any
        if kind is ScalarEvent:
            value = self._scalar_value(event)
        else:
            if depth > self._limits.depth:
                self._fail(f"nested deeper than {self._limits.depth} levels", event, id=ErrorId.YAML_TOO_LARGE)
            value = self._mapping(event, path, depth) if kind is MappingStartEvent else self._sequence(event, path, depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _alias(self, event: Any, path: Path) -> Any:
        if event.anchor not in self._anchors:
            self._fail("an alias without its anchor", event)
        known = self._anchors[event.anchor]
        if known is None:
            self._fail("an alias inside of its own anchor", event)
        value, size = known
        self._nodes += size
        if self._nodes > self._limits.nodes:
            self._fail(f"aliases expand to more than {self._limits.nodes} values", event, id=ErrorId.YAML_TOO_LARGE)
        return self._copy(value, event, path)

    def _copy(self, value: Any, event: Any, path: Path) -> Any:
        self._mark(path, event)
        if isinstance(value, dict):
            return {k: self._copy(v, event, (*path, k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self._copy(v, event, (*path, i)) for i, v in enumerate(value)]
        return value

    def _scalar(self, event: Any) -> Scalar:
        if event.tag is not None:
            try:
                return resolve_tagged(event.tag, event.value)
            except Mistaken as wrong:
                self._fail(str(wrong), event)
        if self._unquoted and event.implicit[0] and "${" in event.value:
            return Unquoted(event.value)
        return resolve(event.value) if event.implicit[0] else str(event.value)

    def _scalar_value(self, event: Any) -> Scalar:
        value = self._scalar(event)
        if type(value) is int or type(value) is float:
            try:
                return as_json_number(value)
            except Mistaken as wrong:
                self._fail(str(wrong), event)
        return value

    def _sequence(self, start: Any, path: Path, depth: int) -> list[Any]:
        if start.tag not in _SEQUENCE_TAGS:
            self._fail("unknown tag", start)
        items: list[Any] = []
        while type(event := self._next()) is not SequenceEndEvent:
            step = (*path, len(items))
            self._mark(step, event)
            items.append(self._value(event, step, depth + 1))
        return items

    def _mapping(self, start: Any, path: Path, depth: int) -> dict[str, Any]:
        if start.tag not in _MAPPING_TAGS:
            self._fail("unknown tag", start)
        result: dict[str, Any] = {}
        given: dict[str, Any] = {}
        while type(event := self._next()) is not MappingEndEvent:
            if type(event) is ScalarEvent and event.value == "<<" and (event.implicit[0] or event.tag == _MERGE):
                self._merge(result, event, path, depth)
                continue
            key = self._key(event)
            if key in given:
                first = given[key]
                self._fail(
                    f"duplicate key, first given at line {first.line + 1}, column {first.column + 1}", event, id=ErrorId.YAML_DUPLICATE_KEY
                )
            given[key] = event.start_mark
            step = (*path, key)
            self._mark(step, event)
            result[key] = self._value(self._next(), step, depth + 1)
        return result

    def _key(self, event: Any) -> str:
        if type(event) is ScalarEvent:
            value = self._scalar(event)
            if event.anchor:
                self._anchors[event.anchor] = (value, 1)
        elif type(event) is AliasEvent:
            value = self._alias(event, ())
        else:
            self._fail("a mapping or list cannot be a key", event)
        if isinstance(value, dict | list):
            self._fail("a mapping or list cannot be a key", event)
        try:
            return as_key(value)
        except Mistaken as wrong:
            self._fail(str(wrong), event)

    def _merge(self, into: dict[str, Any], key: Any, path: Path, depth: int) -> None:
        # As in go-yaml v2: a merge overrides keys written before it; in a list of mappings the first has precedence.
        value = self._value(self._next(), path, depth + 1)
        sources = value if isinstance(value, list) else [value]
        for source in reversed(sources):
            if not isinstance(source, dict):
                self._fail(_MERGE_TROUBLE, key)
            into.update(source)
