"""Whole projects rendered by the real tools: tests/golden/render/CASE → CASE/expected.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.render.trees import NoSecrets

from gitctl.config.load import load
from gitctl.config.resolve import resolve
from gitctl.documents import dump
from gitctl.model.app import App
from gitctl.model.manifest import RenderResult
from gitctl.render.run import render
from gitctl.source.worktree import WorkTree

CASES = Path(__file__).parents[2] / "golden" / "render"
NAMES = sorted(p.name for p in CASES.iterdir())


def only_app(case: Path) -> App:
    project = load((case / "gitctl.yaml").read_bytes(), path="gitctl.yaml")
    ((app,),) = (selection.apps for selection in resolve(project, ""))
    return app


def rendered(case: Path, cache: Path | None = None) -> RenderResult:
    return render(only_app(case), WorkTree(case), vault=NoSecrets(), cache=cache)


def text_of(result: RenderResult) -> str:
    head = [f"# {result.inputs.renderer}, reads {' '.join(result.read_set)}\n", *(f"# warning: {w}\n" for w in result.warnings)]
    return "".join([*head, *(f"---\n# {m.ref}, from {m.origin}\n{dump(m.body)}" for m in result.manifests)])


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str) -> None:
    assert text_of(rendered(CASES / name)) == (CASES / name / "expected.yaml").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_cache_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    fresh, kept = rendered(CASES / name, tmp_path), rendered(CASES / name, tmp_path)
    assert text_of(fresh) == text_of(kept)
    assert (fresh.digest, fresh.inputs) == (kept.digest, kept.inputs)
