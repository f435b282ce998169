"""Problem: one thing that is wrong in gitctl.yaml, before it is known at which line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gitctl.errors import ConfigError, ErrorId, Where

KeyPath = tuple[str | int, ...]
Marks = Mapping[KeyPath, tuple[int, int]]

_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """`at` is the path of the key or item that is wrong, `()` for the whole file."""

    at: KeyPath
    message: str
    hint: str = ""
    id: ErrorId = field(kw_only=True)


def as_error(problem: Problem, *, path: str, marks: Marks) -> ConfigError:
    """The problem with its place in the file: that of the key, or of the nearest parent that is in the file."""
    known = problem.at
    while known and known not in marks:
        known = known[:-1]
    line, column = marks.get(known, (0, 0))
    return ConfigError(problem.message, id=problem.id, hint=problem.hint, where=Where(path, line, column, key_text(problem.at)))


def in_file_order(errors: Iterable[ConfigError]) -> list[ConfigError]:
    """The errors from the first line to the last."""

    def place(error: ConfigError) -> tuple[int, int]:
        return (error.where.line, error.where.column) if isinstance(error.where, Where) else (0, 0)

    return sorted(errors, key=place)


def key_text(at: KeyPath) -> str:
    """`apps.web.depends_on[0]`; keys with other signs than letters, digits, `_` and `-` are quoted."""
    text = ""
    for step in at:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if _PLAIN.fullmatch(step) else repr(step)
            text += f".{name}" if text else name
    return text
