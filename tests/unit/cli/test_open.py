"""What is built for one run, and no more of it than the run needs."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import cast

import pytest

from gitctl.cli.commands import VERBS, plain_verb
from gitctl.cli.flags import Flags
from gitctl.cli.rendering import last_kept
from gitctl.cli.session import Session
from gitctl.cli.stores import withhold_listed
from gitctl.model.app import App
from gitctl.model.manifest import RenderResult
from gitctl.protocols import Tree


@pytest.mark.parametrize(
    ("arguments", "verbs"),
    [
        (["diff", "-e", "dev"], ("diff",)),
        (["drift-check"], ("drift_check",)),
        (["drift_check"], None),
        (["-C", "diff", "sync"], None),
        (["--help"], None),
        (["dif"], None),
        ([], None),
    ],
)
def test_the_verb_that_is_built(arguments: list[str], verbs: tuple[str, ...] | None) -> None:
    assert plain_verb(arguments) == verbs


def test_every_verb_can_be_built_alone() -> None:
    assert [plain_verb([verb.replace("_", "-")]) for verb in VERBS] == [(verb,) for verb in VERBS]


def test_variables_for_references_leave_the_environment_before_a_program_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "kanarienvogel")
    session = Session(Flags())
    withhold_listed(session, b"references:\n  env: [SHOP_TOKEN, UNSET]\n")
    withhold_listed(session, b"references: [broken")
    assert "SHOP_TOKEN" not in os.environ
    assert session.withheld == {"SHOP_TOKEN": "kanarienvogel"}
    assert session.redactor.clean("a kanarienvogel") == "a ***"


def test_a_render_is_made_once_for_the_same_app_and_tree() -> None:
    made: list[App] = []
    trees = [cast(Tree, object()) for _ in range(2)]
    run = last_kept(lambda app, _: (made.append(app), cast(RenderResult, object()))[1])
    web = App(project="p", env="dev", name="web", path="web")
    assert run(web, trees[0]) is run(replace(web), trees[0])
    assert len(made) == 1
    run(replace(web, namespace="other"), trees[0])
    run(web, trees[1])
    run(web, trees[0])
    assert len(made) == 4
