"""Which commit wrote the wanted value of a field.

In a plain manifest the field has a line, and that line is blamed. What a tool rendered has none: there the value is looked for in the
files that the render read, and blamed where exactly one line has it; else the newest commit that changed any of these files is named.
Where a variable gave the value, the commit that set it in gitctl.yaml counts when it is newer. A secret is looked for by its placeholder:
the encrypted value that has it stands in one line of one file, and sops leaves that line alone until the value changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from gitctl import documents
from gitctl.errors import GitctlError
from gitctl.model.blamed import Blamed, encrypted_anew
from gitctl.model.culprit import Culprit
from gitctl.model.fieldpath import MISSING, look
from gitctl.model.manifest import Path
from gitctl.model.revision import Revision
from gitctl.protocols import Source
from gitctl.workflow.parts import Blame, WantedField

if TYPE_CHECKING:
    from gitctl.secrets.places import SealedValue, SealedValues

_KEY = re.compile(r"\[(?P<key>\w+)=(?P<value>[^,\]]*)")
_VARIABLE = re.compile(rb"\$\{([A-Za-z_][A-Za-z0-9_]*)")
_LARGEST = 1 << 20
_KEPT = 64

Line = tuple[str, int]


class BlamingSource(Source, Protocol):
    """A source that can blame."""

    def blame(self, sha: str, path: str) -> Mapping[int, Blamed]:
        """Line → the commit that last changed it."""
        ...

    def newest_change(self, sha: str, places: Iterable[str]) -> Revision | None:
        """The newest commit, up to `sha`, that changed a file at or below `places`."""
        ...

    def newest_change_of_lines(self, sha: str, path: str, first: int, last: int) -> Revision | None:
        """The same for some lines of a file; `last` 0 is its end."""
        ...


def blame_with(source: BlamingSource, *, project: str = "") -> Blame:
    """Blame by a source; `project` is its gitctl.yaml. An explanation that cannot be had is no failure of the check: the culprit is
    None then."""
    history = _History(source, project)

    def blame(field: WantedField) -> Culprit | None:
        try:
            return history.culprit(field) if field.sha else None
        except (GitctlError, LookupError):
            return None

    return blame


class _History:
    """The files of commits and the commits of lines, each asked for once."""

    def __init__(self, source: BlamingSource, project: str) -> None:
        self._source = source
        self._project = project
        self._files = lru_cache(_KEPT)(self._read)
        self._blame = lru_cache(_KEPT)(source.blame)
        self._newest = lru_cache(_KEPT)(source.newest_change)
        self._sealed = lru_cache(_KEPT)(self._find_sealed)

    def culprit(self, field: WantedField) -> Culprit | None:
        """Who wrote a field, or the object where no field is named."""
        if field.covered and (found := self._encrypted(field)):
            return found
        return _culprit(*(self.writer(field) if field.path else self.author(field)))

    def _encrypted(self, field: WantedField) -> Culprit | None:
        """Who wrote the line of the encrypted value; of several values that are parts of one, the newest."""
        values = self._sealed(field.sha, field.places or (field.origin.path,)).below(field.covered)
        found = [(by, value) for value in values if (by := self._line_of(field.sha, value))]
        by, value = max(found, key=lambda one: (one[0].committed_at is not None, one[0].committed_at), default=(None, None))
        if by is None or value is None:
            return None
        culprit = _culprit(by, (value.path, value.line) if value.line else None)
        anew = isinstance(by, Blamed) and encrypted_anew(self._blame(field.sha, value.path), value.others, by)
        return replace(culprit, anew=anew) if culprit else None

    def _find_sealed(self, sha: str, places: tuple[str, ...]) -> SealedValues:
        from gitctl.secrets.places import SealedValues

        return SealedValues(self._files(sha, places))

    def _line_of(self, sha: str, value: SealedValue) -> Revision | None:
        by = self._blame(sha, value.path).get(value.line) if value.line else None
        return by or self._newest(sha, (value.path,))

    def writer(self, field: WantedField) -> tuple[Revision | None, Line | None]:
        """The newest commit of the value's line and of its variables' lines, else the newest one of the files; and the line."""
        own = self._own_line(field) or self._line_with(field)
        lines = [*self._variable_lines(field, own), *([own] if own else [])]
        found = [(by, line) for line in lines if (by := self._blame(field.sha, line[0]).get(line[1]))]
        by, line = max(found, key=lambda one: (one[0].committed_at is not None, one[0].committed_at), default=(None, own))
        return by or self._newest(field.sha, field.places or (field.origin.path,)), line

    def _variable_lines(self, field: WantedField, line: Line | None) -> list[Line]:
        """Where gitctl.yaml gives variables, of the value's own line or else of the files, a value that is in the wanted one."""
        if not self._project or isinstance(field.value, dict | list) or field.value in (None, ""):
            return []
        files = self._files(field.sha, (line[0],) if line else field.places)
        texts = [files[line[0]].split(b"\n")[line[1] - 1]] if line else list(files.values())
        names = {re.escape(name) for text in texts for name in _VARIABLE.findall(text)}
        if not names:
            return []
        setting = re.compile(rb"""\b(?:%s)["']?[ \t]*:[ \t]*["']?([^\s,"'}#]+)""" % b"|".join(sorted(names)))
        wanted = (str(field.value).lower() if isinstance(field.value, bool) else str(field.value)).encode()
        rows = enumerate(self._files(field.sha, (self._project,))[self._project].split(b"\n"), start=1)
        return [(self._project, number) for number, text in rows if any(value in wanted for value in setting.findall(text))]

    def author(self, field: WantedField) -> tuple[Revision | None, Line | None]:
        """The newest commit that changed a line of the object, else its file, else any file; and the object's first line."""
        path = field.origin.path
        document = self._document(field)
        if document is None:
            return self._newest(field.sha, (path,)) or self._newest(field.sha, field.places), None
        begins = [one.line for one in self._documents(field.sha, path)]
        end = min((line for line in begins if line > document.line), default=1) - 1
        newest = self._source.newest_change_of_lines(field.sha, path, document.line, end)
        return newest or self._newest(field.sha, (path,)), (path, document.line)

    def _documents(self, sha: str, path: str) -> tuple[documents.Loaded, ...]:
        return documents.load_all(self._files(sha, (path,))[path], where=path)

    def _document(self, field: WantedField) -> documents.Loaded | None:
        """The document that the object is written in: the known one, else the only one of its kind and name, else of its kind."""
        origin, ref = field.origin, field.ref
        if not origin.line and ref is None:
            return None
        try:
            found = self._documents(field.sha, origin.path)
        except (GitctlError, LookupError):
            return None
        if origin.line:
            return next((one for one in found if one.index == origin.document), None)
        of_kind = [one for one in found if ref and isinstance(one.value, dict) and one.value.get("kind") == ref.kind]
        named = [one for one in of_kind if ref and look(one.value, ("metadata", "name")) == ref.name]
        return next((some[0] for some in (named, of_kind) if len(some) == 1), None)

    def _own_line(self, field: WantedField) -> Line | None:
        """The line of the field in the object's own document; None where a tool may have changed the value on the way."""
        document = self._document(field)
        if document is None:
            return None
        origin, path = field.origin, _indexed(document.value, _as_written(document.value, field.path))
        if not origin.line and (len(path) < len(field.path) or look(document.value, path) != field.value):
            return None
        content = self._files(field.sha, (origin.path,))[origin.path]
        place = documents.place_of(content, path, where=origin.path, index=document.index)
        return (origin.path, place.line) if place.line else None

    def _line_with(self, field: WantedField) -> Line | None:
        """The one line that has the value under the field's own key, else the one line that has it at all."""
        files = self._files(field.sha, field.places)
        for pattern in _patterns(field):
            lines = _matching(files, pattern)
            if lines:
                return lines[0] if len(lines) == 1 else None
        return None

    def _read(self, sha: str, places: tuple[str, ...]) -> dict[str, bytes]:
        tree = self._source.tree(self._source.resolve(sha))
        return {path: content for place in places for path, content in tree.files(place.rstrip("/")).items()}


def _culprit(by: Revision | None, line: Line | None) -> Culprit | None:
    time = by.committed_at.isoformat() if by and by.committed_at else ""
    return Culprit(by.sha, by.author, time, by.subject, *(line or ())) if by else None


def _patterns(field: WantedField) -> list[re.Pattern[bytes]]:
    """What to look for, the surest first; nothing for a value that is no scalar. An image's tag often stands alone (`newTag`)."""
    if isinstance(field.value, bool | dict | list) or field.value in (None, ""):
        return []
    word = re.escape(str(field.value))
    key = next((re.escape(str(step)) for step in reversed(field.path) if isinstance(step, str) and not _KEY.match(step)), "")
    words = [word] + ([re.escape(str(field.value).rpartition(":")[2])] if key == "image" else [])
    whole = rf"""(?m)^[ \t-]*["']?{key}["']?[ \t]*[:=][ \t]*["']?{word}["']?[ \t]*(?:#.*)?\r?$"""
    return [re.compile(p.encode()) for p in (whole, *(rf"(?<![\w.-]){w}(?![\w.-])" for w in words))]


def _matching(files: Mapping[str, bytes], pattern: re.Pattern[bytes]) -> list[Line]:
    return [
        (path, number)
        for path, content in files.items()
        if len(content) <= _LARGEST
        for number, text in enumerate(content.split(b"\n"), start=1)
        if pattern.search(text)
    ]


def _as_written(value: Any, path: Path) -> Path:
    """A key of a Secret's `data` is below `stringData` where it was written there."""
    text = ("stringData", *path[1:])
    is_text = path[:1] == ("data",) and isinstance(value, dict) and value.get("kind") == "Secret" and look(value, text) is not MISSING
    return text if is_text else path


def _indexed(value: Any, path: Path) -> tuple[str | int, ...]:
    """The path with list indexes in the place of merge keys, as far as the value has it."""
    found: list[str | int] = []
    for step in path:
        match = _KEY.match(step) if isinstance(step, str) else None
        if match and isinstance(value, list):
            step = next((i for i, item in enumerate(value) if str(item.get(match["key"])) == match["value"]), len(value))
        try:
            value = value[step]
        except (LookupError, TypeError):
            break
        found.append(step)
    return tuple(found)
