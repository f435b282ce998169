"""A file as documents with the place of every value; the actions of a template are made harmless before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gitctl.documents import each_marked, load_all
from gitctl.errors import ManifestError
from gitctl.model.manifest import Path
from gitctl.secrets.scan.value import TEMPLATED

_ACTIONS_ALONE = re.compile(r"^[ \t]*(?:\{\{(?:(?!\}\})[^\n])*\}\}[ \t]*)+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A value, and the line and column of each path in it."""

    value: Any
    marks: dict[Path, tuple[int, int]]

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of a path, of its nearest parent where it has none."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (0, 0))


def documents(path: str, content: bytes) -> tuple[Document, ...]:
    """The documents of YAML, JSON, and of templates that are YAML once their actions are left out. Raises ManifestError."""
    readable = _harmless(content) if b"{{" in content else content
    try:
        return tuple(Document(loaded.value, dict(marks)) for loaded, marks in each_marked(readable, where=path))
    except ManifestError:
        if not content.lstrip().startswith(b"{"):
            raise
    # JSON that YAML cannot read, such as escaped surrogate pairs.
    return tuple(Document(loaded.value, {(): (loaded.line, 1)}) for loaded in load_all(content, where=path))


def _harmless(content: bytes) -> bytes:
    """Lines that hold nothing but actions are emptied, other actions become text of the same length."""
    text = _ACTIONS_ALONE.sub("", content.decode("utf-8", "replace"))
    parts: list[str] = []
    done = 0
    while (start := text.find("{{", done)) >= 0 and (end := text.find("}}", start)) >= 0:
        parts += [text[done:start], re.sub(r"[^\n]", TEMPLATED, text[start : end + 2])]
        done = end + 2
    return "".join([*parts, text[done:]]).encode()
