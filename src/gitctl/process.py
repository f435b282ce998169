"""The only subprocess: argv lists, a scrubbed environment, time limits, errors without secrets, and daemons."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gitctl.errors import ErrorId, RenderError, ToolMissing

# pre-commit, hooks and `git rebase --exec` set these for *their* repository; ours may be another one.
_GIT_SCOPE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_COMMON_DIR")


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a program. `env` is added to a copy of our environment less `GIT_*` scope; `stdin` never touches a file.

    `secret` are strings that must not appear in an error. `most_output` is the most that it may print, in bytes for each stream
    (0: any amount); such a command takes no `stdin`. `name` is what errors call it, where `argv` starts with another program.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    timeout: float = 120.0
    secret: tuple[str, ...] = ()
    most_output: int = 0
    name: str = ""

    @property
    def title(self) -> str:
        """What errors call it."""
        return self.name or self.argv[0]


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program answered. `code` is its exit code, negative for a signal."""

    code: int
    stdout: bytes
    stderr: str


def find(program: str) -> str | None:
    """The program's path, or None when it is not on PATH."""
    return shutil.which(program)


def run(command: Command, *, tick: Callable[[float], None] | None = None, every: float = 5.0) -> Finished:
    """Run to the end. Raises ToolMissing (not on PATH), RenderError (time limit, too much output); a non-zero code is a value.

    While it runs, `tick` is called about every `every` seconds with the seconds since the start; such a command takes no `stdin`.
    """
    argv = (_located(command), *command.argv[1:])
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, cwd=command.cwd, env=_environment(command)) as child:
        try:
            stdout, stderr = _talk(child, command, tick, every)
        except subprocess.TimeoutExpired as late:
            _kill_family(child)
            raise RenderError(
                f"{command.title} did not end within {command.timeout:g} s",
                id=ErrorId.PROGRAM_TIMEOUT,
                hint="look for a loop or a prompt in its input",
            ) from late
        except BaseException:
            _kill_family(child)
            raise
    return Finished(child.returncode, stdout, _clean(stderr, command.secret))


def _kill_family(child: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it started, such as git's transport helpers.

    No process group of its own does that: a program outside the terminal's foreground group cannot ask for a passphrase.
    """
    family = _descendants(child.pid)
    child.kill()
    for pid in family:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # proc(5): the program's name stands in parentheses and may hold blanks; state and parent follow it.
            children.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found[1:]


def spawn(command: Command, *, log: Path) -> int:
    """Start a daemon in a session of its own, its output appended to `log`; the result is its pid. `timeout` and `stdin` do not apply."""
    argv = (_located(command), *command.argv[1:])
    with log.open("ab") as out:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=command.cwd,
            env=_environment(command),
            start_new_session=True,
        )
    _daemons[child.pid] = child
    return child.pid


def attend(command: Command) -> int:
    """Run a program that has the terminal to itself, such as an editor; the result is its exit code. `timeout` and `stdin` do not apply.

    Ctrl-C is for that program alone. An exception that arrives meanwhile (a signal's) ends it. Raises ToolMissing.
    """
    argv = (_located(command), *command.argv[1:])
    with _without_interrupts(), subprocess.Popen(argv, cwd=command.cwd, env=_environment(command)) as child:
        try:
            return child.wait()
        except BaseException:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=2)
            child.kill()
            raise


def feed(command: Command, text: str) -> int:
    """Give a program that has the terminal, such as a pager, a text to read; the result is its exit code, also when it read only a part.

    Ctrl-C is for that program alone. `timeout` and `stdin` do not apply. Raises ToolMissing.
    """
    argv = (_located(command), *command.argv[1:])
    with _without_interrupts(), subprocess.Popen(argv, stdin=subprocess.PIPE, cwd=command.cwd, env=_environment(command)) as child:
        assert child.stdin is not None
        with suppress(BrokenPipeError):
            child.stdin.write(text.encode("utf-8", "replace"))
        with suppress(BrokenPipeError):
            child.stdin.close()
        return child.wait()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    # A handler that does nothing, not SIG_IGN: that one the child would inherit.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def removed_after(folder: Path) -> Iterator[None]:
    """Remove the folder at the end, also when this process is killed: a small process of its own session stands by and sees it go."""
    argv = (sys.executable, "-I", "-S", "-c", _REMOVE, str(folder))
    quiet = subprocess.DEVNULL
    # An empty environment: what stands by needs no variable, and some hold keys.
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd="/", env={}, start_new_session=True)
    try:
        yield
    finally:
        child.communicate()


# It ends when the other end of its stdin is closed, by us or by our death. An editor that lives on may save once more meanwhile.
_REMOVE = """
import os, shutil, signal, sys, time
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
sys.stdin.buffer.read()
for _ in range(50):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if not os.path.lexists(sys.argv[1]):
        break
    time.sleep(0.1)
"""

# A daemon that ends before we do stays a zombie until it is asked for here.
_daemons: dict[int, subprocess.Popen[bytes]] = {}


def birth(pid: int) -> str:
    """When a process started: equal for the same process only, empty when there is none. Pids are used again, births are not."""
    child = _daemons.get(pid)
    if child is not None and child.poll() is not None:
        del _daemons[pid]
    return _birth_from_proc(pid) if sys.platform == "linux" else _birth_from_ps(pid)


def _birth_from_proc(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    # proc(5): the program's name stands in parentheses and may hold blanks; the state follows it, the start in ticks 19 fields later.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _birth_from_ps(pid: int) -> str:
    answer = run(Command(("ps", "-o", "stat=,lstart=", "-p", str(pid)), env={"LC_ALL": "C"}, timeout=10))
    state, _, started = answer.stdout.decode().strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def _located(command: Command) -> str:
    path = find(command.argv[0])
    if path is None:
        raise ToolMissing(f"{command.argv[0]} is not on PATH", hint=f"install {command.argv[0]}; `gitctl doctor` says how")
    return path


def _talk(child: subprocess.Popen[bytes], command: Command, tick: Callable[[float], None] | None, every: float) -> tuple[bytes, bytes]:
    if command.most_output:
        return _listen(child, command)
    if tick is None:
        return child.communicate(command.stdin, timeout=command.timeout)
    if command.stdin:
        raise ValueError("a command with progress takes no input: after a time limit `communicate` does not go on sending")
    began = time.monotonic()
    while True:
        left = began + command.timeout - time.monotonic()
        try:
            return child.communicate(timeout=min(every, left))
        except subprocess.TimeoutExpired:
            if time.monotonic() - began >= command.timeout:
                raise
            tick(time.monotonic() - began)


def _listen(child: subprocess.Popen[bytes], command: Command) -> tuple[bytes, bytes]:
    """`communicate` for a program that may print without end: reading stops at the limit."""
    assert child.stdin
    assert child.stdout
    assert child.stderr
    child.stdin.close()
    ends = time.monotonic() + command.timeout
    heard = {child.stdout.fileno(): bytearray(), child.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as open_ones:
        for stream in heard:
            open_ones.register(stream, selectors.EVENT_READ)
        while open_ones.get_map():
            ready = open_ones.select(max(0.0, ends - time.monotonic()))
            if not ready and time.monotonic() >= ends:
                raise subprocess.TimeoutExpired(command.title, command.timeout)
            for key, _ in ready:
                _hear(open_ones, key.fd, heard[key.fd], command)
    child.wait(max(0.0, ends - time.monotonic()))
    out, err = heard.values()
    return bytes(out), bytes(err)


def _hear(open_ones: selectors.BaseSelector, stream: int, heard: bytearray, command: Command) -> None:
    piece = os.read(stream, 1 << 16)
    if not piece:
        open_ones.unregister(stream)
    heard += piece
    if len(heard) > command.most_output:
        raise RenderError(
            f"{command.title} printed more than {command.most_output >> 20} MiB",
            id=ErrorId.PROGRAM_LIMIT,
            hint="look for a loop in its input",
        )


def _environment(command: Command) -> dict[str, str]:
    drop = {*_GIT_SCOPE, *command.unset}
    return {k: v for k, v in os.environ.items() if k not in drop} | dict(command.env)


def _clean(stderr: bytes, secret: tuple[str, ...]) -> str:
    text = stderr.decode("utf-8", "replace")
    for value in secret:
        text = text.replace(value, "***") if value else text
    return text
