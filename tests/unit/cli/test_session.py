"""Results in the forms of -o: secrets hidden, the syntax whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl import documents
from gitctl.cli.flags import Flags
from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.rendered import show_rendered
from gitctl.model.app import App
from gitctl.model.manifest import Manifest, ObjectRef, Origin, RenderInputs, RenderResult
from gitctl.model.revision import Revision
from gitctl.redact import MASK, Redactor, is_printable
from gitctl.workflow.plan import Rendered

NASTY = 'pass"word\\with: [every, {kind\nof: harm}] \x9b\u202e # in it'


def session(output: Output, *secrets: str) -> Session:
    """A session with a redactor of its own."""
    made = Session(Flags(output=output))
    made.redactor = Redactor(secrets)
    return made


def read(output: Output, text: str) -> Any:
    """A printed result, as a program reads it."""
    if output is Output.JSON:
        return json.loads(text)
    (document,) = documents.load_all(text.encode(), where="stdout")
    return document.value


@pytest.mark.parametrize("output", [Output.JSON, Output.YAML])
def test_a_secret_with_syntax_in_it_breaks_no_result(output: Output, capsys: pytest.CaptureFixture[str]) -> None:
    body = {"message": f"bad value {NASTY}!", "values": [NASTY, json.dumps({"a": NASTY})], NASTY: 1, "number": 12345678, "odd": "a\r\n\x9b"}
    session(output, NASTY, "12345678").result("Some", body, text=str)
    text = capsys.readouterr().out
    assert read(output, text) == {
        "apiVersion": "gitctl.dev/v1",
        "kind": "Some",
        "message": f"bad value {MASK}!",
        "values": [MASK, f'{{"a": "{MASK}"}}'],
        MASK: 1,
        "number": MASK,  # a secret that is a number
        "odd": "a\r\n\x9b",
    }
    assert is_printable(text)


@given(st.text(min_size=8), st.lists(st.text()))
def test_no_secret_breaks_the_syntax(secret: str, around: list[str]) -> None:
    text = session(Output.JSON, secret).as_json([secret.join([one, one]) for one in around])
    assert len(json.loads(text)) == len(around)
    assert is_printable(text)


@pytest.mark.parametrize("output", [Output.JSON, Output.YAML])
def test_rendered_objects_are_whole_and_exact(output: Output, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"windows": "a\r\nb\r\n", "escape": "\x1b[31m", "copy": f"x{NASTY}y"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}
    manifest = Manifest(ObjectRef("", "ConfigMap", "", "a"), "v1", body, Origin("a.yaml"))
    app = App(project="p", env="dev", name="web", path="web")
    result = RenderResult("web", Revision("repo", "0" * 40, "main"), RenderInputs(renderer="plain"), (manifest,), digest="")
    show_rendered(session(output, NASTY), [Rendered(app, result)], plain=False)
    text = capsys.readouterr().out
    shown = read(output, text)
    (found,) = shown["items"] if output is Output.JSON else [shown]
    assert found == body | {"data": data | {"copy": f"x{MASK}y"}}
    assert is_printable(text)
