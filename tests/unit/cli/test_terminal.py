"""Colours, widths and the pager, on real terminals where that matters."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from tests.fixtures.terminal import at_terminal

from gitctl.cli.flags import Flags
from gitctl.cli.show.branches import branches
from gitctl.cli.show.lines import line, table, text_of
from gitctl.cli.show.screen import Screen
from gitctl.cli.show.width import cut, padded, rows, width
from gitctl.cli.terminal import Color, boxes, in_ci, may_color

# Prints twenty lines as a paged result, then says how it went.
PROGRAM = """
import sys
from gitctl.cli.flags import Flags
from gitctl.cli.session import Session
session = Session(Flags(no_pager="--no-pager" in sys.argv))
session.page("".join(f"row {n}\\n" for n in range(int(sys.argv[1]))))
print("end")
"""


class Tty(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "terminal", "when", "colored"),
    [
        ({}, True, Color.AUTO, True),
        ({}, False, Color.AUTO, False),
        ({"TERM": "dumb"}, True, Color.AUTO, False),
        ({"NO_COLOR": "1"}, True, Color.AUTO, False),
        ({"NO_COLOR": ""}, True, Color.AUTO, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, Color.AUTO, False),
        ({"FORCE_COLOR": "1"}, False, Color.AUTO, True),
        ({"FORCE_COLOR": "0"}, False, Color.AUTO, False),
        ({"CLICOLOR_FORCE": "1"}, False, Color.AUTO, True),
        ({"CLICOLOR": "0"}, True, Color.AUTO, False),
        ({"NO_COLOR": "1"}, False, Color.ALWAYS, True),
        ({"FORCE_COLOR": "1"}, True, Color.NEVER, False),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_when_there_are_colours(
    environment: dict[str, str], terminal: bool, when: Color, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert may_color(Tty() if terminal else io.StringIO(), when) is colored


def test_no_color_wins_over_color() -> None:
    assert Flags(no_color=True, color=Color.ALWAYS).when_colored is Color.NEVER
    assert Flags(color=Color.ALWAYS).when_colored is Color.ALWAYS


@pytest.mark.parametrize(
    ("variable", "value", "ci"), [("CI", "true", True), ("CI", "false", False), ("GITHUB_ACTIONS", "true", True), ("CI", "", False)]
)
def test_when_a_ci_job_runs_it(variable: str, value: str, ci: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    assert in_ci() is ci


def test_wide_signs_take_two_columns() -> None:
    assert (width("abc"), width("中文"), width("🚀"), width("é"), width("e\u0301")) == (3, 4, 2, 1, 1)
    assert padded("中", 4) == "中  "
    assert cut("abcdef", 4) == "abc…"
    assert cut("中文中文", 5) == "中文…"
    assert cut("abc", 3) == "abc"
    assert rows("a" * 81 + "\n\nb\n", 80) == 4


def test_a_table_with_wide_signs_lines_up() -> None:
    text = text_of(table([("中文", "x"), ("a", "y")], ("NAME", "B")), color=False, clean=str)
    assert text == "NAME   B\n中文   x\na      y\n"


def test_colours_do_not_wrap_or_cut_long_lines() -> None:
    text = text_of([line("x" * 500)], color=True, clean=str)
    assert text.rstrip("\n") == "x" * 500


def test_a_tree_is_drawn_in_either_character_set() -> None:
    below = {"a": ("b", "c"), "b": ("d",)}
    drawn = [before + node for before, node in branches(("a", "e"), lambda node: below.get(node, ()))]
    assert drawn == ["├─ a", "│  ├─ b", "│  │  └─ d", "│  └─ c", "└─ e"]
    plain = [before + node for before, node in branches(("a", "e"), lambda node: below.get(node, ()), boxes=False)]
    assert plain == ["|- a", "|  |- b", "|  |  `- d", "|  `- c", "`- e"]
    assert boxes(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert not boxes(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))


def test_a_screen_keeps_within_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LINES", "5")
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setattr(sys, "stdout", out := Tty())
    screen = Screen()
    now = datetime(2026, 1, 2, tzinfo=UTC)
    screen.draw("abcdefghijk\nb\nc\nd\n", 1, now=now)
    screen.draw("b\n", 2, now=now)
    # The time takes two lines of ten columns, the first row two more: nothing else has room.
    assert out.getvalue() == "2026-01-02T00:00:00Z\nabcdefghijk\n\x1b[4A\x1b[J2026-01-02T00:00:00Z\nb\n"


@pytest.fixture
def program(tmp_path: Path) -> tuple[str, ...]:
    """Something that prints as many lines as its argument says."""
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    return (sys.executable, str(file))


@pytest.fixture
def pager(tmp_path: Path) -> str:
    """A pager that numbers what it shows."""
    file = tmp_path / "numbers"
    file.write_text("#!/bin/sh\necho \"pager $1 $LESS\"\nsed 's/^/paged /'\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("lines", "arguments", "environment", "paged"),
    [
        (40, (), {}, True),
        (22, (), {}, False),
        (40, ("--no-pager",), {}, False),
        (40, (), {"CI": "true"}, False),
        (40, (), {"GITCTL_PAGER": "cat"}, False),
        (40, (), {"GITCTL_PAGER": ""}, False),
        (40, (), {"TERM": "dumb"}, False),
    ],
    ids=["long", "fits", "--no-pager", "in CI", "cat", "empty", "dumb"],
)
def test_long_results_go_through_the_pager(
    lines: int, arguments: tuple[str, ...], environment: dict[str, str], paged: bool, program: tuple[str, ...], pager: str, tmp_path: Path
) -> None:
    seen = at_terminal(lines, *arguments, cwd=tmp_path, env={"PAGER": f"'{pager}' --flag"} | environment, program=program)  # type: ignore[arg-type]
    assert seen.code == 0
    assert ("pager --flag FRX\npaged row 0\n" in seen.text) is paged
    assert seen.text.count("row") == lines
    assert seen.text.endswith("end\n")


@pytest.mark.parametrize(("named", "said"), [("no-such-pager", "not on PATH"), ("'less", "open quote")])
def test_a_broken_pager_costs_nothing(named: str, said: str, program: tuple[str, ...], tmp_path: Path) -> None:
    seen = at_terminal("40", cwd=tmp_path, env={"GITCTL_PAGER": named}, program=program)
    assert said in seen.text
    assert "row 39" in seen.text
    assert seen.code == 0


def test_a_pager_that_ends_early_is_no_error(program: tuple[str, ...], tmp_path: Path) -> None:
    seen = at_terminal("40000", cwd=tmp_path, env={"GITCTL_PAGER": "head -n 2"}, program=program)
    assert (seen.text, seen.code) == ("row 0\nrow 1\nend\n", 0)
