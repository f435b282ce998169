"""Limits of a program that reads what others wrote: memory, written files, output and time.

They are those of setrlimit(2), set by a program that stands in front of the other one (util-linux on Linux): nothing runs between fork
and exec in our own process, whose threads may hold locks there.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass

from gitctl.process import find

_MEBIBYTE = 1024 * 1024
# What a limit on data says, by Go's runtime, by the C library and by git.
_NO_MEMORY = ("out of memory", "cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of memory, of one written file and of each output stream; seconds of processor time, and until the end."""

    memory: int = 4096 * _MEBIBYTE
    file: int = 256 * _MEBIBYTE
    output: int = 200 * _MEBIBYTE
    processor: int = 300
    seconds: float = 120.0


def limited(argv: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    """The call (`argv` begins with a path) with what limits memory, files and processor time in front. `output` and `seconds` are left
    to who runs it."""
    memory = _allowed(resource.RLIMIT_DATA, limits.memory)
    file = _allowed(resource.RLIMIT_FSIZE, limits.file)
    processor = _allowed(resource.RLIMIT_CPU, limits.processor)
    program = find("prlimit") if sys.platform == "linux" else None
    if program:
        return (program, f"--data={memory}", f"--fsize={file}", f"--cpu={processor}", "--core=0", "--", *argv)
    return (sys.executable, "-I", "-S", "-c", _LIMIT, str(memory), str(file), str(processor), *argv)


def no_memory(stderr: str) -> bool:
    """Did a program end because it wanted more memory than it may have?"""
    return any(words in stderr.lower() for words in _NO_MEMORY)


def _allowed(what: int, most: int) -> int:
    """A limit that we have ourselves cannot be raised."""
    hard = resource.getrlimit(what)[1]
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


# For systems without prlimit(1): a small interpreter that limits itself and becomes the program.
_LIMIT = """
import contextlib, os, resource, sys
for name, most in zip(("DATA", "FSIZE", "CPU", "CORE"), (*sys.argv[1:4], "0")):
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(getattr(resource, "RLIMIT_" + name), (int(most), int(most)))
os.execv(sys.argv[4], sys.argv[4:])
"""
