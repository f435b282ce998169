"""Environments by their folders: `overlays/prod` is `overlays/{env}` for `prod`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

PLACEHOLDER = "{env}"

# In the order in which a change usually travels.
_STAGES = (
    ("local", "sandbox"),
    ("dev", "develop", "development"),
    ("ci", "test", "testing", "int", "integration"),
    ("qa", "uat", "acceptance"),
    ("demo", "preview"),
    ("stage", "staging"),
    ("pre", "preprod", "pre-prod", "preproduction"),
    ("prod", "production", "live"),
)
_RANK: Mapping[str, int] = {word: number for number, words in enumerate(_STAGES) for word in words}
_HOLDERS = frozenset({"overlays", "overlay", "environments", "envs", "env", "stages"})
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


def split(path: str) -> tuple[str, str]:
    """The path with `{env}` in the place of its environment, and that environment; the path itself and "" where it has none.

    A folder is one when it lies in `overlays`, `environments` …, or is called as environments are.
    """
    parts = path.split("/")
    place = next(_places(parts), None)
    if place is None:
        return path, ""
    return "/".join([*parts[:place], PLACEHOLDER, *parts[place + 1 :]]), parts[place]


def _places(parts: list[str]) -> Iterator[int]:
    held = (n for n in range(1, len(parts)) if parts[n - 1] in _HOLDERS and _LABEL.fullmatch(parts[n]))
    named = (n for n in range(len(parts)) if parts[n] in _RANK)
    yield from held
    yield from named


def is_environment(word: str) -> bool:
    """Is it a name that environments usually have?"""
    return word in _RANK


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order in which a change usually travels; names of no known stage before production, by alphabet."""
    last = len(_STAGES) - 1
    return tuple(sorted(set(names), key=lambda name: (_RANK.get(name, last - 0.5), name)))


def grouped(paths: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Paths with `{env}` → the environments that there are, in order; () for a path that has none."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        template, environment = split(path)
        groups.setdefault(template, []).extend([environment] if environment else [])
    return {template: ordered(names) for template, names in groups.items()}
