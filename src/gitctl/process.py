"""The only subprocess: argv lists, a scrubbed environment, time limits, and errors without secrets."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitctl.errors import RenderError, ToolMissing

# pre-commit, hooks and `git rebase --exec` set these for *their* repository; ours may be another one.
_GIT_SCOPE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_COMMON_DIR")


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a program. `env` is added to a copy of our environment less `GIT_*` scope; `stdin` never touches a file.

    `secret` are strings that must not appear in an error.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    timeout: float = 120.0
    secret: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program answered. `code` is its exit code, negative for a signal."""

    code: int
    stdout: bytes
    stderr: str


def find(program: str) -> str | None:
    """The program's path, or None when it is not on PATH."""
    return shutil.which(program)


def run(command: Command) -> Finished:
    """Run to the end. Raises ToolMissing (not on PATH), RenderError (time limit); a non-zero code is a value."""
    path = find(command.argv[0])
    if path is None:
        raise ToolMissing(f"{command.argv[0]} is not on PATH", hint=f"install {command.argv[0]}; `gitctl doctor` says how")
    try:
        done = subprocess.run(
            (path, *command.argv[1:]),
            input=command.stdin,
            capture_output=True,
            cwd=command.cwd,
            env=_environment(command),
            timeout=command.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise RenderError(
            f"{command.argv[0]} did not end within {command.timeout:g} s", hint="look for a loop or a prompt in its input"
        ) from late
    return Finished(done.returncode, done.stdout, _clean(done.stderr, command.secret))


def _environment(command: Command) -> dict[str, str]:
    drop = {*_GIT_SCOPE, *command.unset}
    return {k: v for k, v in os.environ.items() if k not in drop} | dict(command.env)


def _clean(stderr: bytes, secret: tuple[str, ...]) -> str:
    text = stderr.decode("utf-8", "replace")
    for value in secret:
        text = text.replace(value, "***") if value else text
    return text
