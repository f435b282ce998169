"""Which commit wrote the wanted value of a field: the line of the manifest, blamed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from gitctl import documents
from gitctl.errors import GitctlError
from gitctl.model.drift import Culprit
from gitctl.model.manifest import Origin, Path
from gitctl.model.revision import Revision
from gitctl.protocols import Source
from gitctl.workflow.parts import Blame

_KEY = re.compile(r"\[(?P<key>\w+)=(?P<value>[^,\]]*)")


class BlamingSource(Source, Protocol):
    """A source that can blame."""

    def blame(self, sha: str, path: str) -> Mapping[int, Revision]:
        """Line → the commit that last changed it."""
        ...


def blame_with(source: BlamingSource) -> Blame:
    """Blame by a source. A field whose line cannot be found (rendered by a tool, not in the file) has no culprit."""

    @cache
    def file(sha: str, path: str) -> tuple[bytes, Mapping[int, Revision]]:
        return source.tree(source.resolve(sha)).files(path)[path], source.blame(sha, path)

    def blame(sha: str, origin: Origin, path: Path) -> Culprit | None:
        if not (sha and origin.line):
            return None
        try:
            content, lines = file(sha, origin.path)
            wanted = documents.load_all(content, where=origin.path)[origin.document].value
            place = documents.place_of(content, _indexed(wanted, path), where=origin.path, index=origin.document)
        except (GitctlError, LookupError):
            return None  # an explanation that cannot be had is no failure of the check
        by = lines.get(place.line)
        return Culprit(by.sha, by.author, by.committed_at.isoformat() if by.committed_at else "", by.subject) if by else None

    return blame


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
