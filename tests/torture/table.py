"""PURE: the table of docs/reliability.md: promises, the tests that hold them, and figures by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ROW = re.compile(r"^\| (?P<section>\d[\d.]*) \| (?P<promise>[^|]+) \| (?P<tests>[^|]+) \| (?P<figure>[^|]*) \|$", re.MULTILINE)
_TEST = re.compile(r"\[(?P<name>\w+)\]\(\.\./(?P<file>tests/[\w/.-]+\.py)\)")
TORTURE = "torture"


@dataclass(frozen=True, slots=True)
class Promise:
    """One row: `tests` are (file, function); `figures` are the names of the figures that belong to it."""

    section: str
    text: str
    tests: tuple[tuple[str, str], ...]
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One figure that a test wrote down."""

    test: str
    name: str
    value: float


def promises(page: str) -> tuple[Promise, ...]:
    """The rows of the page, in order. Figures are the names without the numbers of the last run: `146 kill points`."""
    return tuple(
        Promise(row["section"], row["promise"].strip(), tuple((t["file"], t["name"]) for t in _TEST.finditer(row["tests"])), _names(row))
        for row in _ROW.finditer(page)
    )


def _names(row: re.Match[str]) -> tuple[str, ...]:
    found = (re.sub(r"^[\d,.]+ ", "", text.strip()) for text in row["figure"].split(";"))
    return tuple(name for name in found if name)


def summed(notes: Iterable[Note]) -> Mapping[str, Mapping[str, float]]:
    """Sums by test file and function, then by name. Cases of a parametrized test are one; its group of workers does not count."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for note in notes:
        sums[note.test.partition("[")[0].partition("@")[0]][note.name] += note.value
    return sums


def figures_of(promise: Promise, sums: Mapping[str, Mapping[str, float]]) -> str:
    """`146 kill points; 12 races`, from the tests of this promise; what nobody noted is left out."""
    found: dict[str, float] = defaultdict(float)
    for file, function in promise.tests:
        for name, value in sums.get(f"{file}::{function}", {}).items():
            found[name] += value
    return "; ".join(f"{value:,.15g} {name}" for name, value in sorted(found.items()))


def filled(page: str, sums: Mapping[str, Mapping[str, float]]) -> str:
    """The page with the figures of a run. A row that the run has no figure for keeps its own."""

    def row(match: re.Match[str]) -> str:
        (promise,) = promises(match[0])
        figures = figures_of(promise, sums) or match["figure"].strip()
        return f"| {match['section']} | {match['promise']} | {match['tests']} | {figures} |"

    return _ROW.sub(row, page)


def printed(page: str, sums: Mapping[str, Mapping[str, float]]) -> str:
    """The table for a terminal: promise, tests, figure."""
    rows = [(p.text, ", ".join(name for _, name in p.tests), figures_of(p, sums) or "-") for p in promises(page)]
    return "\n".join(f"{text}\n    {tests}\n    {figures}" for text, tests, figures in rows)
