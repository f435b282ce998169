"""Running programs: values, time limits, progress, daemons, and which process is which."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, RenderError
from gitctl.process import Command, birth, run, spawn


def test_output_input_and_code_are_values() -> None:
    done = run(Command(("sh", "-c", "cat; echo oh >&2; exit 3"), stdin=b"in\0put"))
    assert (done.code, done.stdout, done.stderr) == (3, b"in\0put", "oh\n")


def test_a_missing_program_is_named() -> None:
    with raises(ErrorId.TOOL_MISSING, match="no-such-program is not on PATH"):
        run(Command(("no-such-program",)))


def test_a_time_limit_ends_the_program(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(RenderError, match=r"sh did not end within 0\.2 s"):
        run(Command(("sh", "-c", f"exec sleep 1 && touch {mark}"), timeout=0.2))
    assert not mark.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_time_limit_ends_what_the_program_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(RenderError):
        run(Command(("sh", "-c", f"sh -c 'echo $$ > {note}; sleep 30; true' & wait"), timeout=0.5))
    pid = int(note.read_text())
    end = time.monotonic() + 5
    while birth(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert birth(pid) == ""


def test_git_variables_of_a_hook_do_not_reach_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("KEPT", "1")
    seen = run(Command(("env",), env={"ADDED": "2"}, unset=("HOME",))).stdout.decode().splitlines()
    assert {"KEPT=1", "ADDED=2"} <= set(seen)
    assert not any(line.startswith(("GIT_DIR=", "HOME=")) for line in seen)


def test_secrets_are_taken_out_of_stderr() -> None:
    done = run(Command(("sh", "-c", "echo key=hunter2 >&2"), secret=("hunter2", "")))
    assert done.stderr == "key=***\n"


def test_progress_is_told_while_it_runs_and_nothing_is_lost() -> None:
    ticks: list[float] = []
    done = run(Command(("sh", "-c", "for part in a b c d e f; do head -c 100000 /dev/zero; sleep 0.1; done")), tick=ticks.append, every=0.1)
    assert len(done.stdout) == 600_000
    assert len(ticks) >= 2
    assert ticks == sorted(ticks)


def test_input_and_progress_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="takes no input"):
        run(Command(("cat",), stdin=b"x"), tick=lambda _seconds: None)


def test_a_time_limit_holds_with_progress_too() -> None:
    with raises(ErrorId.PROGRAM_TIMEOUT, match="did not end within"):
        run(Command(("sleep", "5"), timeout=0.3), tick=lambda _seconds: None, every=0.1)


def test_an_error_in_progress_ends_the_program() -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(Command(("sleep", "5")), tick=interrupt, every=0.1)
    assert time.monotonic() - began < 4


def test_a_daemon_writes_to_its_log_and_outlives_its_session(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    pid = spawn(Command(("sh", "-c", "echo $$; exec sleep 30"), cwd=str(tmp_path)), log=log)
    while len(log.read_text().splitlines()) < 2:
        time.sleep(0.01)
    assert log.read_text() == f"before\n{pid}\n"
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGKILL)


def test_birth_tells_processes_apart_and_knows_the_dead(tmp_path: Path) -> None:
    one, two = (spawn(Command(("sleep", "30")), log=tmp_path / "log") for _ in range(2))
    assert birth(one) == birth(one) != ""
    time.sleep(0.02)
    os.kill(one, signal.SIGKILL)
    while birth(one):
        time.sleep(0.01)
    assert birth(two)
    os.kill(two, signal.SIGKILL)


def test_our_own_process_has_a_birth() -> None:
    assert birth(os.getpid())
    assert birth(2**22 + 1) == ""
