"""Processes of a control plane: the pid file tells our process from a stranger with its pid."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from gitctl.process import birth
from gitctl.sandbox import daemon
from gitctl.sandbox.layout import Layout, layout
from gitctl.sandbox.part import Part

SLEEP = ("sleep", "60")
STUBBORN = ("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done")


@pytest.fixture
def files() -> Layout:
    """The files of a control plane whose parts are played by sleep."""
    found = layout("x")
    found.folder.mkdir(parents=True)
    return found


def test_started_seen_and_stopped(files: Layout) -> None:
    started = daemon.start(files, Part.ETCD, SLEEP)
    assert daemon.running(files, Part.ETCD) == started
    assert daemon.running(files, Part.KWOK) is None
    assert daemon.stop(files, (Part.ETCD, Part.KWOK)) == (Part.ETCD,)
    assert daemon.running(files, Part.ETCD) is None
    assert not files.pid_file(Part.ETCD).exists()


def test_stopping_what_does_not_run_is_no_error(files: Layout) -> None:
    assert daemon.stop(files, tuple(Part)) == ()


def test_a_process_with_the_same_pid_is_not_ours_and_lives_on(files: Layout) -> None:
    stranger = daemon.start(files, Part.ETCD, SLEEP)
    record = files.pid_file(Part.ETCD)
    record.write_text(json.dumps({"pid": stranger.pid, "birth": "another boot/12345"}))
    assert daemon.running(files, Part.ETCD) is None
    assert daemon.stop(files, (Part.ETCD,)) == ()
    assert stranger.alive()
    os.kill(stranger.pid, signal.SIGKILL)


def test_a_pid_file_that_outlived_its_process_is_nobody(files: Layout) -> None:
    started = daemon.start(files, Part.ETCD, SLEEP)
    os.kill(started.pid, signal.SIGKILL)
    wait_until_gone(started)
    assert files.pid_file(Part.ETCD).exists()
    assert daemon.running(files, Part.ETCD) is None


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"pid": "x", "birth": "y"}', '{"pid": 1, "birth": ""}', '{"pid": 1}'])
def test_a_damaged_pid_file_is_nobody(files: Layout, record: str) -> None:
    files.pid_file(Part.ETCD).parent.mkdir(parents=True)
    files.pid_file(Part.ETCD).write_text(record)
    assert daemon.running(files, Part.ETCD) is None


def test_a_part_that_ignores_sigterm_is_killed(files: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "_STOP_LIMIT", 0.3)
    started = daemon.start(files, Part.ETCD, STUBBORN)
    while "ready" not in files.log(Part.ETCD).read_text():
        time.sleep(0.01)
    began = time.monotonic()
    assert daemon.stop(files, (Part.ETCD,)) == (Part.ETCD,)
    assert time.monotonic() - began >= 0.3
    assert birth(started.pid) == ""


def test_the_log_before_the_last_start_is_kept(files: Layout) -> None:
    for word in ("first", "second"):
        wait_until_gone(daemon.start(files, Part.ETCD, ("echo", word)))
    log = files.log(Part.ETCD)
    assert (log.read_text(), log.with_name("etcd.log.1").read_text()) == ("second\n", "first\n")
    assert daemon.last_lines(log) == ("second",)
    assert daemon.last_lines(files.log(Part.KWOK)) == ()


def test_a_part_does_not_see_credentials_or_settings_of_the_user(files: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ETCD_NAME", "KUBECONFIG", "KWOK_X", "SOPS_AGE_KEY", "AWS_SECRET_ACCESS_KEY", "GITCTL_GIT_TOKEN"):
        monkeypatch.setenv(name, "hidden-value")
    wait_until_gone(daemon.start(files, Part.ETCD, ("env",)))
    seen = files.log(Part.ETCD).read_text()
    assert "hidden-value" not in seen
    assert f"HOME={files.folder}\n" in seen


def test_a_part_survives_the_terminal(files: Layout) -> None:
    started = daemon.start(files, Part.ETCD, SLEEP)
    assert os.getsid(started.pid) == started.pid
    daemon.stop(files, (Part.ETCD,))


def wait_until_gone(started: daemon.Daemon) -> None:
    """Until the process has ended, at most ten seconds."""
    end = time.monotonic() + 10
    while started.alive():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_state_and_logs_are_for_this_user_alone(files: Layout) -> None:
    daemon.start(files, Part.ETCD, SLEEP)
    daemon.stop(files, (Part.ETCD,))
    folders: list[Path] = [files.log(Part.ETCD).parent, files.pid_file(Part.ETCD).parent]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700, 0o700]
