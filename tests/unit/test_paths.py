"""Folders of gitctl's own, private files, locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitctl.parallel import in_background
from gitctl.paths import cache_folder, exclusive, private_folder, state_folder, write_private


def test_the_variables_name_the_folders(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (cache_folder(), state_folder()) == (isolated / "cache", isolated / "state")
    monkeypatch.chdir(isolated)
    monkeypatch.setenv("GITCTL_CACHE_DIR", "relative")
    assert cache_folder() == isolated / "relative"


def test_without_them_the_platform_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITCTL_CACHE_DIR")
    monkeypatch.delenv("GITCTL_STATE_DIR")
    assert cache_folder().name == state_folder().name == "gitctl"
    assert cache_folder() != state_folder()


def test_a_private_file_replaces_the_old_one_whole(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "a" / "b")
    file = folder / "file"
    file.write_text("older and longer")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(folder.iterdir()) == [file]


def test_a_private_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    (folder / "file").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_private(folder / "file", "new")
    assert [one.name for one in folder.iterdir()] == ["file"]


def test_a_lock_is_held_by_one_and_the_other_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    events: list[str] = []

    def second() -> None:
        with exclusive(lock, waiting=lambda: events.append("waits")):
            events.append("second")

    with exclusive(lock):
        other = in_background(second, name="second")
        while not events:
            other.join(0.01)
        assert events == ["waits"]
    other.join(5)
    assert events == ["waits", "second"]


def test_a_lock_is_freed_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="boom"), exclusive(tmp_path / "lock"):
        raise ValueError("boom")
    with exclusive(tmp_path / "lock", waiting=pytest.fail):
        pass
