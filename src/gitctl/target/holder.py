"""Holder: who holds a lock, so that others can name it and, on the same machine, see whether it still lives."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from gitctl.process import birth

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Holder:
    """One run. `host` and `boot` name the machine since its start, `pids` the process namespace, `started` the process's start."""

    identity: str
    host: str
    boot: str
    pids: str
    pid: int
    started: str

    def is_neighbour(self, here: Holder) -> bool:
        """Is it a process that `here` can see: of the same machine, boot and process namespace?"""
        return bool(self.boot and self.pids) and (self.host, self.boot, self.pids) == (here.host, here.boot, here.pids)

    def is_dead(self, here: Holder) -> bool:
        """Is this certainly over? Known only of a neighbour."""
        return self.is_neighbour(here) and not self._exists()

    def lives(self, here: Holder) -> bool:
        """Does the process certainly exist? Known only of a neighbour; it may be stopped, or hang."""
        return self.is_neighbour(here) and self._exists()

    def _exists(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            pass
        now = birth(self.pid)
        return not (self.started and now) or now == self.started


def this_run() -> Holder:
    """The holder that this process is; each call is a run of its own."""
    host = socket.gethostname()
    return Holder(
        identity=f"{_user()}@{host}:{secrets.token_hex(4)}",
        host=host,
        boot=boot_id(),
        pids=_pid_namespace(),
        pid=os.getpid(),
        started=birth(os.getpid()),
    )


def boot_id() -> str:
    """Changes with every start of the machine; "" where the system does not tell."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def boottime() -> float:
    """Seconds that go on while the machine sleeps and that no clock setting changes."""
    # macOS has no CLOCK_BOOTTIME; its monotonic clock counts sleep.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for its user
        return str(os.getuid())


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
