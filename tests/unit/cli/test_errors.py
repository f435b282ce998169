"""What every failure prints, and `gitctl explain`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.fixtures.schemas import conforms

from gitctl.cli.app import run
from gitctl.cli.show.error import error_json, print_error
from gitctl.errors import ErrorId, ExitCode, ManyErrors, Refused, RenderError, UsageError

Captured = pytest.CaptureFixture[str]


def test_the_last_line_of_an_error_says_where_more_is_said(capsys: Captured) -> None:
    print_error(Refused("no", id=ErrorId.HELD, hint="wait", details=["a: b"]))
    assert capsys.readouterr().err == f"error: no\n  a: b\n  hint: wait\n  see: gitctl explain {ErrorId.HELD}\n"


def test_errors_of_one_kind_say_it_once(capsys: Captured) -> None:
    one, other = (UsageError(text, id=ErrorId.FLAGS_CONFLICT) for text in "ab")
    print_error(ManyErrors([one, Refused("c", id=ErrorId.HELD), other]))
    assert capsys.readouterr().err == "error: a\nerror: c\nerror: b\n  see: gitctl explain flags-conflict held\n"


def test_an_error_of_a_plugin_needs_no_id(capsys: Captured) -> None:
    error = RenderError("the plug-in is not well")
    print_error(error)
    assert capsys.readouterr().err == "error: the plug-in is not well\n"
    assert error_json(error)["id"] == ""


def test_data_has_the_id() -> None:
    body = error_json(ManyErrors([Refused("c", id=ErrorId.HELD)]))
    assert body["errors"][0]["id"] == "held"


def test_a_bug_is_an_error_with_a_page_and_a_log(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise LookupError("of a programmer")

    monkeypatch.setattr("gitctl.cli.commands.root", broken)
    assert run(["diff"]) == ErrorId.BUG.exit_code
    told = capsys.readouterr().err
    assert told.startswith("error: a bug in gitctl: LookupError; the log is ")
    assert told.endswith(f"  see: gitctl explain {ErrorId.BUG}\n")
    log = re.search(r"the log is (\S+)", told)
    assert log is not None
    assert "of a programmer" in Path(log[1]).read_text()
    Path(log[1]).unlink()


def test_ctrl_c_before_anything_began(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gitctl.cli.commands.root", pressed)
    assert run(["diff"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == f"error: interrupted\n  see: gitctl explain {ErrorId.INTERRUPTED}\n"


def test_a_page_in_the_terminal(capsys: Captured) -> None:
    assert run(["explain", "held", "plan-digest", "held"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[:2] == ["held: the app is held at an earlier version", "exit code 7: refused by a guard; nothing was written or deleted"]
    assert "What to do" in rows
    assert "Related: plan-digest, no-healthy-record" in rows
    assert [row for row in rows if row.startswith(("held: ", "plan-digest: "))] == [
        rows[0],
        "plan-digest: the plan is not the one that was permitted",
    ]


def test_all_errors_are_listed(capsys: Captured) -> None:
    assert run(["explain"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "EXIT", "ABOUT"]
    assert [row.split()[0] for row in rows] == [str(one) for one in ErrorId]


def test_a_page_as_data(capsys: Captured) -> None:
    assert run(["explain", "held", "-o", "json"]) == 0
    (item,) = conforms(json.loads(capsys.readouterr().out), "ErrorReference")["items"]
    assert (item["id"], item["exitCode"], item["related"]) == ("held", 7, ["plan-digest", "no-healthy-record"])
    assert "gitctl sync web -e prod --release" in item["text"]


@pytest.mark.parametrize(
    ("word", "hint"), [("helt", "did you mean 'held'?"), ("deployment.spec.replicas", "for fields of objects there is `kubectl explain`")]
)
def test_an_id_that_does_not_exist(word: str, hint: str, capsys: Captured) -> None:
    assert run(["explain", word]) == ErrorId.ARGUMENT_INVALID.exit_code
    told = capsys.readouterr().err
    assert told.startswith(f"error: no error has the id '{word}'\n  hint: ")
    assert hint in told
