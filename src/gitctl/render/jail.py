"""The jail of programs that read what others wrote: memory, time and output are limited, and the network is cut off where that needs
no administrator.

As the limits (`gitctl.limits`), the namespace is set by a program that stands in front of the tool (util-linux on Linux): a network
without any interface (user_namespaces(7), network_namespaces(7)).
"""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import cache

from gitctl.errors import GitctlError
from gitctl.limits import Limits, limited
from gitctl.process import Command, find, run

_NAMESPACE = ("--user", "--net")
LIMITS = Limits()


class Network(StrEnum):
    """Whether a jailed program can reach a network."""

    NONE = "none"
    HOST = "host"


def jailed(argv: tuple[str, ...], limits: Limits = LIMITS, *, online: bool = False) -> tuple[str, ...]:
    """The call with what limits it in front. `online` leaves the network: for programs that fetch."""
    walls = () if online else _walls()
    return limited((*walls, *argv), limits)


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


def _walls() -> tuple[str, ...]:
    return _unshare() if network() is Network.NONE else ()


def _unshare() -> tuple[str, ...]:
    program = find("unshare") if sys.platform == "linux" else None
    return (program, *_NAMESPACE, "--") if program else ()
