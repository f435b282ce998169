"""The table of forms names every command, and what is not in it is refused before anything is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.main import get_command

from gitctl.cli.app import command_tree, run
from gitctl.cli.forms import FORMS, Output
from gitctl.errors import ErrorId

# Positional arguments that a command cannot be called without.
ARGUMENTS = {
    "trace": ["deploy/web"],
    "completion": ["bash"],
    "rollback": ["web"],
    "history": ["web"],
    "suspend": ["web"],
    "resume": ["web"],
    "unlock": ["web"],
    "sandbox restart": ["etcd"],
}
FILES = ("encrypt", "decrypt", "edit", "view", "rotate")
ARGUMENTS |= {f"secret {verb}": ["file.yaml"] for verb in FILES}
ARGUMENTS |= {f"secret {verb}": ["--recovery-private-key", "k"] for verb in ("unseal", "reseal")}
ARGUMENTS |= {f"secret {verb}": ["file.yaml"] for verb in ("conflicts", "textconv", "recipients add", "recipients remove")}
ARGUMENTS |= {f"secret {verb}": ["file.yaml", "--", "true"] for verb in ("exec-env", "exec-file")}
ARGUMENTS |= {"secret merge-driver": ["base", "ours", "theirs", "file.yaml"]}


def commands() -> Iterator[str]:
    """The words of every command."""

    def walk(command: object, words: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(words)
        for name, one in (inner or {}).items():
            yield from walk(one, (*words, name))

    yield from walk(get_command(command_tree()), ())


def test_the_table_names_every_command_and_no_other() -> None:
    assert sorted(FORMS) == sorted(commands())


@pytest.mark.parametrize(("command", "form"), [(c, f) for c in FORMS for f in Output if f not in FORMS[c]])
def test_another_form_is_wrong_usage(command: str, form: Output, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-o", form, *command.split(), *ARGUMENTS.get(command, [])]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: -o {form} is no form of `gitctl {command}`\n  hint: it prints text")
    assert told.err.endswith(f"  see: gitctl explain {ErrorId.OUTPUT_FORM}\n")


def test_a_form_from_the_environment_is_named_as_such(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GITCTL_OUTPUT", "markdown")
    assert run(["version"]) == 2
    assert "GITCTL_OUTPUT=markdown is no form of `gitctl version`" in capsys.readouterr().err
