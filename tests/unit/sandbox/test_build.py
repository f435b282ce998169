"""Building: keyed by sources and Go version, once at a time, whole or not at all.

A small program stands in for `go` where a real build would take minutes; tests/cluster builds with the real one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, ToolMissing
from gitctl.paths import CACHE_VARIABLE
from gitctl.sandbox import build as building
from gitctl.sandbox.build import build, module_key

ROOT = Path(__file__).parents[3]

FAKE_GO = """#!/bin/sh
if [ "$1" = env ]; then echo '{"GOVERSION": "go9.9.9 X:test", "GOHOSTOS": "plan9", "GOHOSTARCH": "mips"}'; exit; fi
echo "$@" >> "$HOME/calls"
[ -e "$HOME/broken" ] && { echo 'first line' >&2; echo 'module lookup: no route to host' >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
sleep 0.3
touch "$2/sandbox" "$2/kwok"
"""


@pytest.fixture
def fake_go(isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and a `go` that notes its calls; the file of notes."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "go").write_text(FAKE_GO)
    (folder / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return isolated / "calls"


def calls(notes: Path) -> int:
    """How often `go build` ran."""
    return len(notes.read_text().splitlines()) if notes.exists() else 0


def test_built_once_and_then_found(fake_go: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = build(said.append)
    assert first.sandbox == tmp_path / "cache" / "sandbox" / f"{module_key()}-go9.9.9-plan9-mips" / "sandbox"
    assert first.kwok.is_file()
    assert build(said.append) == first
    assert calls(fake_go) == 1
    assert said[0].startswith("building the control plane from source")
    assert said[-1] == "built"


def test_it_says_that_it_still_builds(fake_go: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_TELL_EVERY", 0.1)
    said: list[str] = []
    build(said.append)
    assert "still building: 0 s" in said


def test_a_failed_build_leaves_nothing_and_shows_what_go_said(fake_go: Path, isolated: Path, tmp_path: Path) -> None:
    (isolated / "broken").touch()
    with raises(ErrorId.SANDBOX_BUILD, match="the control plane did not build") as caught:
        build(lambda _text: None)
    assert "module lookup: no route to host" in caught.value.details
    assert [path.name for path in (tmp_path / "cache" / "sandbox").iterdir() if path.is_dir()] == []
    (isolated / "broken").unlink()
    assert build(lambda _text: None).sandbox.is_file()


def test_half_a_build_is_not_taken_for_one(fake_go: Path) -> None:
    first = build(lambda _text: None)
    first.kwok.unlink()
    assert build(lambda _text: None).kwok.is_file()
    assert calls(fake_go) == 2


def test_two_at_once_build_once(fake_go: Path) -> None:
    from gitctl.parallel import map_bounded

    said: list[str] = []
    built = map_bounded(lambda _n: build(said.append), range(2))
    assert built[0] == built[1]
    assert calls(fake_go) == 1
    assert "waiting for another build of the control plane" in said


def test_old_builds_are_forgotten(fake_go: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "sandbox"
    for age in range(5):
        folder = cache / f"old-{age}"
        folder.mkdir(parents=True)
        (folder / "sandbox").touch()
        (folder / "kwok").touch()
        os.utime(folder, (1000 - age, 1000 - age))
    newest = build(lambda _text: None).sandbox.parent.name
    assert {path.name for path in cache.iterdir() if path.is_dir()} == {newest, "old-0", "old-1"}


def test_without_go_it_says_what_to_install_and_what_else_would_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="go is not on PATH") as caught:
        build(lambda _text: None)
    assert all(word in caught.value.hint for word in ("install Go 1.26", "kind", "k3d", "--kubeconfig"))


def test_without_go_an_earlier_build_of_the_same_sources_will_do(fake_go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(lambda _text: None)
    monkeypatch.setenv("PATH", str(tmp_path / "no-bin"))
    assert build(lambda _text: None) == first


def test_the_key_follows_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = module_key()
    copy = tmp_path / "module"
    shutil.copytree(building.MODULE, copy)
    monkeypatch.setattr(building, "MODULE", copy)
    assert module_key() == before
    (copy / "notes.txt").write_text("not a source")
    assert module_key() == before
    (copy / "main.go").write_text((copy / "main.go").read_text() + "\n")
    assert module_key() != before


def test_the_module_is_found_under_tools_too() -> None:
    assert (ROOT / "tools" / "sandbox").resolve() == building.MODULE.resolve()


def test_the_module_requires_the_version_that_the_server_will_name() -> None:
    assert f"k8s.io/kubernetes v{building.KUBERNETES}\n" in (building.MODULE / "go.mod").read_text()
