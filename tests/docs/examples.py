"""Examples in Markdown: ```console blocks, their commands, and whether real output is what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```console(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"^# exit (\d+)$")
SKIP = "…"

# What differs from run to run, and widths of columns.
_VARYING = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "TIME"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "SHA"),
    (re.compile(r"\bage1[0-9a-z…]+"), "RECIPIENT"),
    (re.compile(r"\b[\w.+-]+@[\w.-]+"), "WHO"),
    (re.compile(r"\b\d+(?:\.\d+)?(?:ms|s|m|h|d)\b"), "DURATION"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True, slots=True)
class Example:
    """One command of a page, the lines that it must print (in order), and its exit code."""

    line: int
    command: str
    expected: tuple[str, ...]
    code: int = 0


def not_run(text: str) -> list[str]:
    """The reasons of the blocks that are not run."""
    return [found["info"].strip().removeprefix("not-run:").strip() for found in _FENCE.finditer(text) if found["info"].strip()]


def examples(page: Path) -> list[Example]:
    """The commands of a page that are run, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = [found for found in _FENCE.finditer(text) if not found["info"].strip()]
    return [example for found in blocks for example in _parsed(found["body"], text.count("\n", 0, found.start("body")) + 1)]


def _parsed(body: str, first: int) -> Iterator[Example]:
    commands = [m.start() for m in re.finditer(r"^\$ ", body, re.MULTILINE)]
    assert commands[:1] == [0], f"line {first}: a console block begins with a command: $ …"
    for start, end in zip(commands, [*commands[1:], len(body)], strict=True):
        yield _example(body[start:end].splitlines(), first + body.count("\n", 0, start))


def _example(lines: list[str], number: int) -> Example:
    command = [lines[0].removeprefix("$ ")]
    rest = lines[1:]
    while rest and (rest[0].startswith("> ") or rest[0] == ">"):
        command.append(rest.pop(0)[2:])
    code = next((int(m[1]) for row in rest if (m := _EXIT.match(row))), 0)
    expected = tuple(row for row in rest if not _EXIT.match(row) and row.strip() not in ("", SKIP))
    return Example(number, "\n".join(command), expected, code)


def normal(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, word in _VARYING:
        line = pattern.sub(word, line)
    return line.strip()


def first_missing(expected: tuple[str, ...], output: str) -> str | None:
    """The first expected line that does not come, in order, in the output; None when all do. A line that ends with … is a beginning."""
    rows = iter([normal(row) for row in output.splitlines()])
    for line in expected:
        wanted = normal(line)
        begins = wanted.removesuffix(SKIP) if wanted.endswith(SKIP) else None
        if not any(row == wanted if begins is None else row.startswith(begins) for row in rows):
            return line
    return None
