"""README, runbooks and hooks name commands and flags that gitctl has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from gitctl.cli.commands import root
from gitctl.workflow.bootstrap.example import example_start
from gitctl.workflow.bootstrap.files import scaffold_files
from gitctl.workflow.bootstrap.wanted import Ci, Example, Layout, Scaffold

START = example_start(Example.WEB, Layout.MONO, project="shop", environments=("dev", "prod"))
FILES = {
    (ci, file.path): file.content.decode()
    for ci in (Ci.GITHUB, Ci.GITLAB)
    for file in scaffold_files(Scaffold("shop", ("dev", "prod"), START, ci=ci, pre_commit=True), lambda _: None)
}
COMMANDS: Any = typer.main.get_command(root())


def named(text: str) -> Iterator[str]:
    """Commands in code spans, in hooks, and in scripts."""
    yield from re.findall(r"`(gitctl [^`]+)`", text)
    yield from re.findall(r"entry: (gitctl .+)", text)
    if text.startswith("#!"):
        yield from (found.strip() for found in re.findall(r"^(?: *|check )(gitctl [a-z][^>|\n]*)", text, flags=re.MULTILINE))


def unknown(command: str) -> list[str]:
    """The words of a command that gitctl does not know: verbs and flags."""
    group, words = COMMANDS, shlex.split(command.replace("…", ""))[1:]
    while words and hasattr(group, "commands") and not words[0].startswith("-"):
        word = words.pop(0)
        if word not in group.commands:
            return [word]
        group = group.commands[word]
    flags = {name for parameter in group.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help", "--version"}
    return [word for word in words if word.startswith("-") and word.partition("=")[0] not in flags]


@pytest.mark.parametrize(("ci", "path"), FILES, ids=lambda value: str(value))
def test_commands_are_known(ci: Ci, path: str) -> None:
    assert {command: bad for command in named(FILES[ci, path]) if (bad := unknown(command))} == {}


def test_commands_are_found_at_all() -> None:
    assert len([command for text in FILES.values() for command in named(text)]) > 80
    assert unknown("gitctl rollback web --dry-run") == ["--dry-run"]
    assert unknown("gitctl secret rotat") == ["rotat"]


def test_links_lead_somewhere() -> None:
    for (ci, path), text in FILES.items():
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            folder = path.rpartition("/")[0].split("/") if "/" in path else []
            for step in target.split("/"):
                folder = folder[:-1] if step == ".." else [*folder, step]
            there = {name for forge, name in FILES if forge is ci}
            assert "/".join(folder) in there, (path, target)
