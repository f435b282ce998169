"""Which apps a changed file concerns."""

from __future__ import annotations

import pytest

from gitctl.errors import InputError
from gitctl.model.app import App
from gitctl.workflow.touched import touched

READS = {"web": ("web/", "base/", "values.yaml"), "all": ("",), "one": ("one.yaml",)}


def app(name: str) -> App:
    return App(project="p", env="dev", name=name, path=name)


def reads(one: App) -> tuple[str, ...]:
    if one.name == "broken":
        raise InputError("a remote base")
    return READS[one.name]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("web/a.yaml", ["web", "all", "broken"]),
        ("base/x/y", ["web", "all", "broken"]),
        ("values.yaml", ["web", "all", "broken"]),
        ("values.yaml.old", ["all", "broken"]),
        ("website/a.yaml", ["all", "broken"]),
        ("one.yaml", ["all", "one", "broken"]),
    ],
)
def test_apps_that_read_the_file_or_cannot_say(file: str, expected: list[str]) -> None:
    apps = [app(name) for name in ("web", "all", "one", "broken", "web")]
    assert [a.name for a in touched(apps, [file], reads)] == expected


def test_no_file_touches_only_what_cannot_say() -> None:
    assert [a.name for a in touched([app("web"), app("all"), app("broken")], [], reads)] == ["broken"]
