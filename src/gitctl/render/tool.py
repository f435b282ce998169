"""External renderers: found, of a version that was tried, run without a home, and their errors fit to be shown."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gitctl.errors import ErrorId, RenderError, ToolMissing
from gitctl.limits import Limits, no_memory
from gitctl.process import Command, Finished, find, run
from gitctl.redact import Redactor
from gitctl.render.jail import LIMITS, jailed
from gitctl.render.private import Room, environment, foreign_variables

Version = tuple[int, int, int]

_MOST_LINES = 20
_LONGEST_LINE = 500
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, how it tells its version, and the range from `low` up to and without `high` that gitctl was tried with."""

    name: str
    ask: tuple[str, ...]
    low: Version
    high: Version
    install: str


def fingerprint(tool: Tool) -> str:
    """Place, size and time of the program: changes with every update, without running it. Raises ToolMissing."""
    path = find(tool.name)
    if path is None:
        raise ToolMissing(f"{tool.name} is not on PATH", hint=f"install it: {tool.install}")
    about = Path(path).resolve().stat()
    return f"{os.path.realpath(path)}:{about.st_size}:{about.st_mtime_ns}"


def checked_version(tool: Tool) -> str:
    """The version as text, such as `4.3.0`. Raises ToolMissing when the program is missing or out of range."""
    return _version(tool, fingerprint(tool))


@cache
def _version(tool: Tool, _fingerprint: str) -> str:
    answer = run(Command((tool.name, *tool.ask), timeout=30))
    found = _VERSION.search(answer.stdout.decode("utf-8", "replace") + answer.stderr)
    if answer.code or not found:
        raise ToolMissing(f"{tool.name} does not tell its version", id=ErrorId.TOOL_VERSION, hint=f"install it again: {tool.install}")
    version = (int(found[1]), int(found[2]), int(found[3] or 0))
    text = ".".join(map(str, version))
    if not tool.low <= version < tool.high:
        wanted = f">={'.'.join(map(str, tool.low))},<{'.'.join(map(str, tool.high))}"
        raise ToolMissing(
            f"{tool.name} {text} is not of the versions that gitctl works with ({wanted})",
            id=ErrorId.TOOL_VERSION,
            hint=f"install it: {tool.install}",
        )
    return text


def run_tool(
    tool: Tool, arguments: tuple[str, ...], place: Room, variables: dict[str, str] | None = None, *, limits: Limits = LIMITS
) -> bytes:
    """Standard output. Raises RenderError with the program's own message, shortened, and without private paths; also when it wants more
    than `limits`."""
    command = Command(
        jailed((find(tool.name) or tool.name, *arguments), limits),
        cwd=str(place.work),
        env={**environment(place.home), **(variables or {})},
        unset=foreign_variables(),
        timeout=limits.seconds,
        most_output=limits.output,
        name=tool.name,
    )
    done = run(command)
    if done.code:
        _check_memory(tool, done, limits)
        message, *more = _shown(done.stderr, place) or [f"{tool.name} ended with code {done.code} and said nothing"]
        raise RenderError(f"{tool.name}: {message}", id=ErrorId.RENDER_FAILED, details=more)
    return done.stdout


def _check_memory(tool: Tool, done: Finished, limits: Limits) -> None:
    """What a program says when it may have no more memory is pages about its own state."""
    if no_memory(done.stderr):
        raise RenderError(
            f"{tool.name} wanted more than {limits.memory >> 20} MiB of memory",
            id=ErrorId.PROGRAM_LIMIT,
            hint="look for a loop in its input",
        )


def _shown(stderr: str, place: Room) -> list[str]:
    text = Redactor().clean(stderr).replace(f"{place.work}/", "").replace(str(place.work), ".").replace(str(place.home), "~")
    lines = [line.removeprefix("Error: ").removeprefix("error: ") for line in text.splitlines() if line.strip()]
    cut = [line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + " …" for line in lines]
    return cut if len(cut) <= _MOST_LINES else [*cut[:_MOST_LINES], f"({len(cut) - _MOST_LINES} more lines)"]
