"""Which program plays which part."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitctl.sandbox import programs as module
from gitctl.sandbox.build import Built
from gitctl.sandbox.part import Part
from gitctl.sandbox.programs import programs

OURS = Built(Path("/built/sandbox"), Path("/built/kwok"))


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our build is there."""
    monkeypatch.setattr(module, "build", lambda _say: OURS)


def put(folder: Path, *names: str) -> Path:
    """A folder with programs of these names."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def quiet(_text: str) -> None:
    """Say nothing."""


def test_all_parts_are_ours_by_default() -> None:
    found = programs(quiet)
    assert found.starts[Part.ETCD] == ("/built/sandbox", "etcd")
    assert found.starts[Part.KWOK] == ("/built/kwok",)
    assert set(found.starts) == set(Part)
    assert found.tool == OURS.sandbox


def test_the_users_own_api_server_and_etcd_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = put(tmp_path / "assets", "etcd", "kube-apiserver")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    said: list[str] = []
    found = programs(said.append)
    assert found.starts[Part.ETCD] == (str(assets / "etcd"),)
    assert found.starts[Part.API_SERVER] == (str(assets / "kube-apiserver"),)
    assert found.starts[Part.SCHEDULER] == ("/built/sandbox", "kube-scheduler")
    assert said == [f"using {assets}/kube-apiserver and {assets}/etcd"]


def test_path_is_searched_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(tmp_path / "bin", "etcd", "kube-apiserver")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert programs(quiet).starts[Part.ETCD] == (str(folder / "etcd"),)


def test_one_of_the_two_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(put(tmp_path / "assets", "etcd")))
    assert programs(quiet).starts[Part.ETCD] == ("/built/sandbox", "etcd")
