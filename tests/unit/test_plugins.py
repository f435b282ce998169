"""Renderers as entry points of an installed package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl import plugins
from gitctl.errors import ErrorId

GOOD = """\
from gitctl.protocols import Document, Reads, Rendering

class Words:
    name = "words"
    repeatable = True

    def detects(self, names):
        return "it has words.txt" if "words.txt" in names else ""

    def reads(self, app, tree):
        return Reads(files=(f"{app.path}/words.txt",))

    def fingerprint(self):
        return ""

    def render(self, request):
        text = "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: words}\\ndata: {words: %s}\\n"
        content = next(iter(request.files.values())).decode().strip()
        return Rendering((Document((text % content).encode(), "app/words.txt"),))
"""


def install(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch, *, name: str = "words") -> None:
    """A package on the path, with metadata as pip leaves it."""
    module = f"gitctl_{folder.name.replace('-', '_')}"
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[gitctl.renderers]\n{name} = {module}:Words\n")
    (folder / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, module, raising=False)


def test_the_built_in_ones() -> None:
    assert {"plain", "kustomize", "helm"} <= plugins.renderers().keys()


def test_a_plugin_renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.render.trees import NoSecrets, app, write

    from gitctl.render.run import render
    from gitctl.source.worktree import WorkTree

    install(tmp_path / "good", GOOD, monkeypatch)
    tree = WorkTree(write(tmp_path / "tree", {"app/words.txt": "hello\n"}))
    result = render(app(), tree, vault=NoSecrets(), renderers=plugins.renderers())
    assert result.inputs.renderer == "words"
    assert result.manifests[0].body["data"] == {"words": "hello"}


def test_a_plugin_cannot_replace_a_built_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "thief", GOOD, monkeypatch, name="helm")
    assert type(plugins.renderers()["helm"]).__module__ == "gitctl.render.helm"


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("broken", "import no_such_module", "does not load: ModuleNotFoundError"),
        ("other", "class Words: name = 'x'", "it lacks repeatable, detects"),
    ],
)
def test_a_bad_plugin_is_named(name: str, code: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / name, code, monkeypatch)
    with raises(ErrorId.PLUGIN_BROKEN, match=message):
        plugins.renderers()
