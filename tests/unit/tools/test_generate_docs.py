"""The generated pages of docs/ are those of the command tree, and every command has what a page needs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from gitctl.cli.app import run
from gitctl.cli.manual import MEANING, epilog
from gitctl.errors import ExitCode

ROOT = Path(__file__).parents[3]


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES: dict[Path, str] = _loaded().pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_page_is_fresh(path: Path) -> None:
    assert path.is_file(), "missing: run `make docs`"
    assert path.read_text(encoding="utf-8") == PAGES[path], "stale: run `make docs`"


@pytest.mark.parametrize("folder", ["commands", "errors"])
def test_no_page_is_left_of_what_is_gone(folder: str) -> None:
    assert {*(ROOT / "docs" / folder).glob("*.md")} == {path for path in PAGES if path.parent.name == folder}


def test_every_exit_code_is_explained() -> None:
    assert set(MEANING) == set(ExitCode)


@pytest.mark.parametrize(
    "path", [p for p in PAGES if p.parent.name == "commands" and p.stem not in ("README", "version")], ids=lambda p: p.stem
)
def test_every_command_has_examples(path: Path) -> None:
    assert "Examples\n" in PAGES[path]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_type_of_the_parser_shows(path: Path) -> None:
    assert [word for word in ("<str>", "<path>", "<int", "{APP", "{FILE", "\b") if word in PAGES[path]] == []


def test_an_epilog_lines_up_its_examples() -> None:
    text = epilog([("a", "one"), ("long command", "")], codes={1: "different"}, notes="Note.")
    assert (
        text
        == "Note.\n\n\b\nExamples:\n  a             # one\n  long command\n\n\b\nExit codes (the others: `gitctl --help`):\n    1  different"
    )


@pytest.mark.parametrize("group", [[], ["secret"], ["config"], ["sandbox"]], ids=["root", "secret", "config", "sandbox"])
def test_the_list_of_commands_fits_a_terminal(
    group: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*group, "--help"]) == 0
    rows = capsys.readouterr().out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert len(rows) > 2
    assert [row for row in rows if row.endswith("...") or len(row) > 80] == []
