"""The templates: package data, with `@WORDS@` that are replaced. `ENV` in a file's name makes it one file an environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources

_ROOT = resources.files("gitctl.scaffold") / "files"
_WORD = re.compile(r"@([A-Z_]+)@")
_ENVIRONMENT = re.compile(r"\bENV\b")


def filled(template: str, words: Mapping[str, str]) -> str:
    """One template's text. Raises KeyError for a word that is not given."""
    text = (_ROOT / template).read_text(encoding="utf-8")
    return _WORD.sub(lambda match: words[match[1]], text)


def folder(template: str, to: str, words: Mapping[str, str], environments: Iterable[str] = ()) -> dict[str, bytes]:
    """All templates below a folder, as files below `to`; those with ENV in their path once for each environment."""
    files: dict[str, bytes] = {}
    for name in names(template):
        for environment in environments if _ENVIRONMENT.search(name) else ("",):
            path = f"{to}/{name}".lstrip("/")
            text = filled(f"{template}/{name}", {**words, "ENV": environment})
            files[_ENVIRONMENT.sub(environment, path)] = text.encode()
    return files


def names(template: str, inner: str = "") -> list[str]:
    """The templates below a folder, relative to it."""
    found: list[str] = []
    for entry in sorted((_ROOT / template / inner).iterdir(), key=lambda one: one.name):
        name = f"{inner}/{entry.name}".lstrip("/")
        found += [name] if entry.is_file() else names(template, name)
    return found
