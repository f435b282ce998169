"""SecretPolicy: what gitctl.yaml says about all secrets of a project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class MaxAge:
    """How old encrypted values of files may get, in seconds; None: as old as they like. `path` is a pattern of files."""

    path: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding that somebody gave a reason for. `finding` is an `AuditRule`, `secret` a pattern of `namespace/name`, or of a file."""

    finding: str
    secret: str
    reason: str


@dataclass(frozen=True, slots=True)
class SecretPolicy:
    """The first of `max_age` whose pattern matches a file holds for it. `restart_key` is the encrypted file that has the key."""

    max_age: tuple[MaxAge, ...] = ()
    accept: tuple[Acceptance, ...] = ()
    restart_key: str = ""


def matches(pattern: str, path: str) -> bool:
    """Does a pattern name a path? `**` is any run of folders, `*` stays inside of one, `?` is one sign."""
    return _regex(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part) or re.escape(part) for part in parts), re.DOTALL)
