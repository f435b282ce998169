"""The exit codes of the `gitctl` command: a contract with scripts (docs/exit-codes.md)."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Every exit code of the `gitctl` command."""

    DONE = 0
    DIFFERENT = 1
    USAGE = 2
    INPUT = 3
    SOURCE = 4
    RENDER = 5
    CLUSTER = 6
    REFUSED = 7
    PARTIAL = 8
    UNHEALTHY = 9
    LOCKED = 10
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143
