"""The private room: in memory, ours alone, gone however the process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.secrets import room

pytestmark = pytest.mark.usefixtures("runtime_folder")

OCCUPY = """
import signal, sys, time
# A job started in the background by a shell ignores Ctrl-C, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
from gitctl.secrets.room import private_room
with private_room() as folder:
    (folder / "plain").write_text("kanarienvogel")
    print(folder, flush=True)
    time.sleep(60)
"""


def occupied() -> tuple[subprocess.Popen[str], Path]:
    """A process with a room that has a file in it."""
    child = subprocess.Popen([sys.executable, "-c", OCCUPY], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, Path(child.stdout.readline().strip())


def gone(folder: Path, seconds: float = 10) -> bool:
    """Is the folder removed in time?"""
    end = time.monotonic() + seconds
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not folder.exists()


def test_it_is_in_memory_and_private() -> None:
    with room.private_room() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_dev == room.memory_folder().stat().st_dev  # type: ignore[union-attr]
        (folder / "deep").mkdir()
        (folder / "deep" / "plain").write_text("x")
    assert not folder.exists()


def test_it_is_removed_on_an_error() -> None:
    with pytest.raises(ValueError, match="boom"), room.private_room() as folder:
        raise ValueError("boom")
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_becomes_an_error_that_names_it(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with raises(ErrorId.TERMINATED, match=number.name), room.private_room() as folder:
        signal.raise_signal(number)
    assert not folder.exists()
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_is_removed_when_the_process_is_killed(number: signal.Signals) -> None:
    child, folder = occupied()
    assert (folder / "plain").is_file()
    child.send_signal(number)
    child.wait(timeout=10)
    assert gone(folder)


def test_a_signal_to_the_whole_group_does_not_reach_the_one_that_stands_by() -> None:
    child = subprocess.Popen([sys.executable, "-c", OCCUPY], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout is not None
    folder = Path(child.stdout.readline().strip())
    os.killpg(child.pid, signal.SIGKILL)
    child.wait(timeout=10)
    assert gone(folder)


def test_the_disk_is_refused_unless_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "memory_folder", lambda: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with raises(ErrorId.NO_MEMORY_FOLDER) as caught, room.private_room():
        pass
    assert "--dangerous-disk" in caught.value.hint
    with room.private_room(on_disk=True) as folder:
        assert folder.parent == tmp_path


def test_a_folder_on_the_disk_does_not_pass_for_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Path(__file__).parent
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(disk))
    assert room.memory_folder() != disk
