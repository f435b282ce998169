"""Who holds a lock, and since when it has been silent."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gitctl.target import silence
from gitctl.target.holder import Holder, boottime, this_run
from gitctl.target.silence import Silence


def test_this_run_lives_and_each_is_one_of_its_own() -> None:
    one, other = this_run(), this_run()
    assert one.identity != other.identity
    assert not one.is_dead(other)
    assert one.pid == os.getpid()


@pytest.fixture
def ended() -> int:
    """The pid of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_process_that_is_gone_is_dead(ended: int) -> None:
    me = this_run()
    assert replace(me, pid=ended).is_dead(me)


def test_a_pid_that_another_process_has_now_is_dead() -> None:
    me = this_run()
    assert replace(me, started="another start").is_dead(me)


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"boot": "another"}, {"pids": "pid:[1]"}, {"boot": ""}, {"pids": ""}])
def test_of_other_machines_nothing_is_known(ended: int, change: dict[str, str]) -> None:
    me = this_run()
    assert not replace(me, pid=ended, **change).is_dead(me)  # type: ignore[arg-type]


def test_nothing_is_known_without_a_start_time() -> None:
    me = this_run()
    assert not Holder("x", me.host, me.boot, me.pids, me.pid, "").is_dead(me)


def test_silence_is_counted_from_the_first_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = boottime()
    monkeypatch.setattr(silence, "boottime", lambda: now)
    notes = tmp_path / "notes"
    assert Silence(notes, "k").seconds("v1") == 0
    now += 40
    assert Silence(notes, "k").seconds("v1") == 40
    assert Silence(notes, "other").seconds("v1") == 0
    assert Silence(notes, "k").seconds("v2") == 0
    now += 10
    assert Silence(notes, "k").seconds("v2") == 10
    assert notes.stat().st_mode & 0o077 == 0


def test_a_restart_of_the_machine_starts_the_count_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Silence(tmp_path, "k").seconds("v1") == 0
    monkeypatch.setattr(silence, "boot_id", lambda: "another boot")
    monkeypatch.setattr(silence, "boottime", lambda: 1e9)
    assert Silence(tmp_path, "k").seconds("v1") == 0


@pytest.mark.parametrize("text", ["", "junk", "[]", '{"version": "v1", "seen": "x"}'])
def test_a_broken_note_starts_the_count_anew(tmp_path: Path, text: str) -> None:
    notes = Silence(tmp_path, "k")
    notes.seconds("v1")
    next(tmp_path.glob("*.json")).write_text(text)
    assert notes.seconds("v1") == 0
