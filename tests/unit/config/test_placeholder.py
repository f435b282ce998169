from __future__ import annotations

import pytest

from gitctl.config.placeholder import fill, problem, used


def test_fills_the_three_names_and_leaves_the_rest() -> None:
    assert fill("apps/{app}/{env}-{cluster}/{other}", {"app": "web", "env": "dev", "cluster": "eu"}) == "apps/web/dev-eu/{other}"


def test_a_value_is_not_filled_again() -> None:
    assert fill("{env}", {"env": "{app}", "app": "x"}) == "{app}"


def test_used() -> None:
    assert used("a/{env}/{env}/{app}") == {"env", "app"}


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("apps/{env}", "", ""),
        ("apps/{envv}", "envv", "unknown placeholder {envv}"),
        ("apps/{}", "", "unknown placeholder {}"),
        ("apps/{env", "", "a brace without its partner"),
        ("apps/env}", "", "a brace without its partner"),
        ("{{env}}", "", "a brace without its partner"),
    ],
)
def test_problem(text: str, name: str, message: str) -> None:
    assert problem(text) == (name, message)
