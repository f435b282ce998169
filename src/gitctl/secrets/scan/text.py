"""A file as documents with the place of every value; the actions of a template are made harmless before."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gitctl.documents import each_marked, load_all
from gitctl.errors import ManifestError
from gitctl.model.manifest import Path
from gitctl.secrets.scan.value import TEMPLATED

_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ACTIONS_ALONE = re.compile(r"^[ \t]*(?:\{\{(?:(?!\}\})[^\n])*\}\}[ \t]*)+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A value, the line and column of each path in it, and the line on which the next document begins (0 for the last one)."""

    value: Any
    marks: dict[Path, tuple[int, int]]
    end: int = 0

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of a path, of its nearest parent where it has none."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (0, 0))

    def until(self, path: Path) -> int:
        """The line on which something after `path` begins; 0 when nothing follows."""
        line = self.place(path)[0]
        return min((at for other, (at, _) in self.marks.items() if at > line and other[: len(path)] != path), default=self.end)


def documents(path: str, content: bytes) -> tuple[Document, ...]:
    """The documents of YAML, JSON, and of templates that are YAML once their actions are left out. Raises ManifestError."""
    readable = _harmless(content) if b"{{" in content else content
    try:
        found = [Document(loaded.value, dict(marks)) for loaded, marks in each_marked(readable, where=path)]
    except ManifestError:
        if not content.lstrip().startswith(b"{"):
            raise
        # JSON that YAML cannot read, such as escaped surrogate pairs.
        return tuple(Document(loaded.value, {(): (loaded.line, 1)}) for loaded in load_all(content, where=path))
    ends = [following.place(())[0] for _, following in pairwise(found)]
    return tuple(replace(document, end=end) for document, end in zip(found, [*ends, 0], strict=True))


def _harmless(content: bytes) -> bytes:
    """Lines that hold nothing but actions are emptied, other actions become text of the same length."""
    text = _ACTIONS_ALONE.sub("", content.decode("utf-8", "replace"))
    return _ACTION.sub(lambda action: re.sub(r"[^\n]", TEMPLATED, action.group()), text).encode()
