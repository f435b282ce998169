"""docs/configuration.md names every key of gitctl.yaml, and its example is valid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gitctl.config.load import load
from gitctl.config.schema import schema_text
from gitctl.documents import load_all

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")


def _keys() -> list[str]:
    schema: dict[str, Any] = load_all(schema_text().encode(), where="schema")[0].value
    shapes = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for shape in shapes for key in shape.get("properties", {})})


@pytest.mark.parametrize("key", _keys())
def test_every_key_is_explained(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_the_example_is_valid() -> None:
    example = re.search(r"```yaml\n(# yaml-language-server.*?)```", PAGE, re.DOTALL)
    assert example
    assert {spec.template.name for spec in load(example[1].encode()).apps} == {"web", "database"}


PROJECT = "apiVersion: gitctl.dev/v1\nkind: Project\nname: shop\nenvironments: {dev: {}}\n"
MOVING = sorted((Path(__file__).parents[2] / "docs" / "moving").glob("*.md"))
APPS = [(page, block) for page in MOVING for block in re.findall(r"```yaml\n(apps:\n.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)]


@pytest.mark.parametrize(("page", "block"), APPS, ids=[page.stem for page, _ in APPS])
def test_what_the_guides_write_into_the_file_is_valid(page: Path, block: str) -> None:
    assert {spec.template.name for spec in load(f"{PROJECT}{block}  database: {{path: apps/database}}\n".encode()).apps} > {"database"}


def test_there_are_guides_to_look_at() -> None:
    assert {page.stem for page, _ in APPS} == {"argocd", "flux", "kluctl"}


def test_there_are_keys_to_look_for() -> None:
    assert {"create_namespace", "prune_share", "state_namespace"} <= set(_keys())
