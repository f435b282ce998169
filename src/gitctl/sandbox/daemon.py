"""One process of a control plane: start it, see whether it still is the one that we started, end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ClusterError, ErrorId
from gitctl.paths import private_folder, write_private
from gitctl.process import Command, birth, spawn
from gitctl.sandbox.layout import Layout
from gitctl.sandbox.part import Part

_STOP_LIMIT = 20.0
_KILL_LIMIT = 5.0
_INTERVAL = 0.05


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running process. Its birth tells it from a later process with the same pid."""

    pid: int
    birth: str

    def alive(self) -> bool:
        """Does it still run?"""
        return bool(self.birth) and birth(self.pid) == self.birth

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it ended."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def start(files: Layout, part: Part, argv: tuple[str, ...]) -> Daemon:
    """Start a part and remember it in its pid file."""
    log = files.log(part)
    private_folder(log.parent)
    private_folder(files.pid_file(part).parent)
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))
    pid = spawn(Command(argv, cwd=str(files.folder), env={"HOME": str(files.folder)}, unset=_foreign_settings()), log=log)
    daemon = Daemon(pid, birth(pid))
    write_private(files.pid_file(part), json.dumps({"pid": daemon.pid, "birth": daemon.birth}) + "\n")
    return daemon


def running(files: Layout, part: Part) -> Daemon | None:
    """The part's process, None when it does not run; a pid file that outlived its process, or whose pid another one has now, is no one."""
    try:
        record = json.loads(files.pid_file(part).read_text())
        daemon = Daemon(int(record["pid"]), str(record["birth"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return daemon if daemon.alive() else None


def stop(files: Layout, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """End the parts together: SIGTERM, after 20 s SIGKILL. Returns those that ran. Raises ClusterError when one does not end."""
    daemons = {part: daemon for part in parts if (daemon := running(files, part))}
    for daemon in daemons.values():
        daemon.signal(signal.SIGTERM)
    if not _gone(tuple(daemons.values()), _STOP_LIMIT):
        for daemon in daemons.values():
            daemon.signal(signal.SIGKILL)
        if not _gone(tuple(daemons.values()), _KILL_LIMIT):
            names = ", ".join(part for part, daemon in daemons.items() if daemon.alive())
            raise ClusterError(f"{names} did not end", id=ErrorId.SANDBOX_FAILED, hint=f"see {files.folder / 'logs'}")
    for part in parts:
        files.pid_file(part).unlink(missing_ok=True)
    return tuple(daemons)


def last_lines(log: Path, *, count: int = 12) -> tuple[str, ...]:
    """The end of a log."""
    try:
        return tuple(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return ()


def _gone(daemons: tuple[Daemon, ...], limit: float) -> bool:
    end = time.monotonic() + limit
    while any(daemon.alive() for daemon in daemons):
        if time.monotonic() > end:
            return False
        time.sleep(_INTERVAL)
    return True


def _foreign_settings() -> tuple[str, ...]:
    """Variables that would change a part behind our back, or carry the user's credentials into a daemon."""
    prefixes = ("ETCD_", "KWOK_", "KUBE", "GITCTL_", "SOPS_", "AWS_", "GOOGLE_", "AZURE_", "VAULT_")
    return tuple(name for name in os.environ if name.startswith(prefixes))
