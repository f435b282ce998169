"""The jail of programs that read what others wrote: memory, time and output are limited, and the network is cut off where that needs
no administrator.

Limits and namespace are set by programs that stand in front of the tool (util-linux on Linux): nothing runs between fork and exec in
our own process, whose threads may hold locks there. The limits are those of setrlimit(2); the network is a namespace of its own,
without any interface (user_namespaces(7), network_namespaces(7)).
"""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from gitctl.errors import GitctlError
from gitctl.process import Command, find, run

_MEBIBYTE = 1024 * 1024
_NAMESPACE = ("--user", "--net")
# What a limit on data says, by Go's runtime and by the C library.
_NO_MEMORY = ("out of memory", "cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of memory, of one written file and of each output stream; seconds of processor time, and until the end."""

    memory: int = 4096 * _MEBIBYTE
    file: int = 256 * _MEBIBYTE
    output: int = 200 * _MEBIBYTE
    processor: int = 300
    seconds: float = 120.0


LIMITS = Limits()


class Network(StrEnum):
    """Whether a jailed program can reach a network."""

    NONE = "none"
    HOST = "host"


def jailed(argv: tuple[str, ...], limits: Limits = LIMITS, *, online: bool = False) -> tuple[str, ...]:
    """The call with what limits it in front. `online` leaves the network: for programs that fetch."""
    walls = () if online else _walls()
    return (*_limiter(limits), *walls, *argv)


@cache
def network() -> Network:
    """Whether the network can be cut off here: the kernel is asked once, with a program that does nothing."""
    walls, nothing = _unshare(), find("true")
    if not (walls and nothing):
        return Network.HOST
    try:
        done = run(Command((*walls, nothing), timeout=10))
    except (GitctlError, OSError):
        return Network.HOST
    return Network.HOST if done.code else Network.NONE


def no_memory(stderr: str) -> bool:
    """Did a program end because it wanted more memory than it may have?"""
    return any(words in stderr for words in _NO_MEMORY)


def _walls() -> tuple[str, ...]:
    return _unshare() if network() is Network.NONE else ()


def _unshare() -> tuple[str, ...]:
    program = find("unshare") if sys.platform == "linux" else None
    return (program, *_NAMESPACE, "--") if program else ()


def _limiter(limits: Limits) -> tuple[str, ...]:
    memory = _allowed(resource.RLIMIT_DATA, limits.memory)
    file = _allowed(resource.RLIMIT_FSIZE, limits.file)
    processor = _allowed(resource.RLIMIT_CPU, limits.processor)
    program = find("prlimit") if sys.platform == "linux" else None
    if program:
        return (program, f"--data={memory}", f"--fsize={file}", f"--cpu={processor}", "--core=0", "--")
    return (sys.executable, "-I", "-S", "-c", _LIMIT, str(memory), str(file), str(processor))


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
