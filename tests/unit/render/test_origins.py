from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.render.trees import config_map, render_files

from gitctl.documents import load_all
from gitctl.render.origins import asking

ASKED = [
    b"resources: [a.yaml]\n",
    b"# a comment\n\n---\n# another\nresources: [a.yaml]\n",
    b"---   \nresources: [a.yaml]",
    b"# crlf\r\n---\r\nresources: [a.yaml]\r\n",
    b"resources: [a.yaml]\nconfigMapGenerator:\n- name: x\n  literals:\n  - |+\n    a=b\n\n",
    b"resources: [a.yaml]\nconfigMapGenerator:\n- name: x\n  literals:\n  - |\n    a=b",
]


@pytest.mark.parametrize("text", ASKED)
def test_only_the_request_is_added(text: bytes) -> None:
    asked = asking(text)
    assert asked is not None
    before, after = (load_all(t, where="x")[0].value for t in (text, asked))
    assert after == {**before, "buildMetadata": ["originAnnotations"]}


@pytest.mark.parametrize(
    "text", [b"{resources: [a.yaml]}", b"  resources: [a.yaml]\n", b"buildMetadata: []\n", b"", b"%YAML 1.1\n---\na: b\n", b"--- {a: b}\n"]
)
def test_other_styles_are_left_alone(text: bytes) -> None:
    assert asking(text) is None


@pytest.mark.parametrize("text", ASKED)
def test_kustomize_takes_it(text: bytes, tmp_path: Path) -> None:
    result = render_files(tmp_path, {"app/kustomization.yaml": text, "app/a.yaml": config_map("a")})
    assert "app/a.yaml" in [m.origin.path for m in result.manifests]
