"""Every error has an id, every id a page and a test that provokes it."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.test_house import MODULES, PACKAGE, ROOT, name_of, tree_of
from typer.core import TyperGroup
from typer.main import get_command

from gitctl.cli.app import command_tree
from gitctl.errors import ErrorId, GitctlError, ManyErrors
from gitctl.model.change import Refusal
from gitctl.reference.page import page_of, parse, source_of

TREE = get_command(command_tree())
PAGES = sorted((PACKAGE / "reference" / "errors").glob("*.md"))
TESTS = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if path != Path(__file__)]


def made(path: Path) -> Iterator[tuple[ast.Call, type]]:
    """Where a module makes errors and refusals, and of which class."""
    tree = tree_of(path)
    module = importlib.import_module(".".join(("gitctl", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            kind = class_of(ast.unparse(node.func), module)
            if isinstance(kind, type) and issubclass(kind, GitctlError | Refusal) and kind is not ManyErrors:
                yield node, kind


def class_of(name: str, module: object) -> object:
    """What a name means in a module; names that are imported inside of a function come from `gitctl.errors`."""
    found: object = module
    for step in name.split("."):
        found = getattr(found, step, None)
    return found or getattr(importlib.import_module("gitctl.errors"), name, None)


def ids_in(node: ast.AST) -> set[str]:
    """The members of ErrorId that a piece of code names."""
    return {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "ErrorId"}


MADE = [(path, call, kind) for path in MODULES if "Error" in path.read_text() or "Refus" in path.read_text() for call, kind in made(path)]


def test_every_error_is_made_with_an_id() -> None:
    without = [
        f"{name_of(path)}:{call.lineno} {kind.__name__}"
        for path, call, kind in MADE
        if issubclass(kind, GitctlError) and kind.default_id is None and not any(k.arg == "id" for k in call.keywords)
    ]
    assert len(MADE) > 200
    assert without == [], "add `id=ErrorId.…`: CONTRIBUTING.md, Errors"


def test_an_id_has_the_exit_code_of_the_errors_that_carry_it() -> None:
    wrong = []
    for path, call, kind in MADE:
        if issubclass(kind, GitctlError):
            given = [ids_in(k.value) for k in call.keywords if k.arg == "id"]
            ids = {ErrorId[name] for name in given[0]} if given else {kind.default_id}
            wrong += [f"{name_of(path)}:{call.lineno} {one}" for one in ids if one and one.exit_code != kind.exit_code]
    assert wrong == []


def test_every_id_is_used() -> None:
    used = {name for path in MODULES if path.name != "error_id.py" for name in ids_in(tree_of(path))}
    assert {one.name for one in ErrorId} - used == set()


def test_every_id_has_a_page_and_every_page_an_id() -> None:
    assert {path.stem for path in PAGES} == {str(one) for one in ErrorId}


@pytest.mark.parametrize("one", ErrorId)
def test_a_page_helps(one: ErrorId) -> None:
    page = page_of(one)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z]+)*", one)
    assert not page.title.endswith(".")
    assert one not in page.related
    assert len(page.text.split()) > 25, "it says too little"
    assert "## " in page.text, "it does not say what to do"
    assert [row for row in page.text.splitlines() if len(row) > 108] == []


@pytest.mark.parametrize("text", ["held: no head", "# other: of another id", "# held", "# held: x\n\ny\n\nRelated: no-such-id"])
def test_a_page_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"held|no-such-id"):
        parse(ErrorId.HELD, text)


def commands(text: str) -> Iterator[list[str]]:
    """The gitctl commands that a page shows, in blocks and in sentences."""
    shown = [*re.findall(r"^ {4,}(.*)$", text, re.MULTILINE), *re.findall(r"`([^`]*)`", text.replace("\n", " "))]
    for line in shown:
        for part in re.split(r"\s#\s|\|\s|&&|[;>]", line):
            words = shlex.split(re.sub(r"['\"]", "", part))
            words = words[1:] if words[:1] and "=" in words[0] else words
            if words[:1] == ["gitctl"] and len(words) > 1:
                yield words[1:]


def unknown(words: list[str]) -> list[str]:
    """The words of a command line that are no command or no flag of it."""
    command = TREE
    common = {flag for parameter in command.params for flag in parameter.opts}
    while isinstance(command, TyperGroup):
        rest = [word for word in words if word not in common]
        name = next((word for word in rest if word in command.commands), None)
        if name is None:
            return [word for word in words if word.isalpha()][:1]
        command, words = command.commands[name], [word for word in words if word != name]
    known = common | {flag for p in command.params for flag in (*p.opts, *p.secondary_opts)} | {"--help", "-h"}
    return [word for word in words if word.startswith("-") and word not in known and not re.fullmatch(r"-v+", word)]


def test_pages_show_commands_that_exist() -> None:
    shown = {one: list(commands(source_of(one))) for one in ErrorId}
    assert sum(map(len, shown.values())) > 150
    assert {f"{one}: {' '.join(words)}": bad for one, lines in shown.items() for words in lines if (bad := unknown(words))} == {}


@pytest.mark.parametrize(
    ("line", "bad"), [("sync web --adopted", ["--adopted"]), ("snyc web", ["snyc"]), ("-e prod diff web", []), ("secret veiw a", ["veiw"])]
)
def test_a_command_that_does_not_exist_is_found(line: str, bad: list[str]) -> None:
    assert unknown(line.split()) == bad


def provoked(path: Path) -> set[str]:
    """The ids that a test file expects: all that it names, but those that it gives to an error itself."""
    tree = tree_of(path)
    given = [k.value for n in ast.walk(tree) if isinstance(n, ast.Call) for k in n.keywords if k.arg == "id"]
    return ids_in(tree) - {name for value in given for name in ids_in(value)}


def test_every_id_is_provoked_by_a_test() -> None:
    expected = {name for path in TESTS if "ErrorId" in path.read_text() for name in provoked(path)}
    missing = sorted(str(one) for one in ErrorId if one.name not in expected)
    assert missing == [], "no test expects these: `with raises(ErrorId.…)` (tests/fixtures/errors.py) or `gitctl(…).error(ErrorId.…)`"
