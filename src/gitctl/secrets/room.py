"""A private room: a folder in memory, for this user alone, in which an editor may see plaintext; gone when we are gone.

It is removed at the end, on an error, on SIGTERM and SIGHUP, and, by a process that stands by, when gitctl itself is killed. What is
left when that process is killed too (a power cut leaves nothing: memory is lost): a folder `gitctl-secret-*` of mode 0700 below
XDG_RUNTIME_DIR or /dev/shm. Memory can be swapped out; encrypt the swap.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gitctl.errors import ErrorId, Refused, Terminated
from gitctl.process import removed_after

PREFIX = "gitctl-secret-"
_IN_MEMORY = ("tmpfs", "ramfs")


@contextmanager
def private_room(*, on_disk: bool = False) -> Iterator[Path]:
    """An empty folder (0700) in memory; on disk only when `on_disk` permits it and there is no other place. Raises Refused."""
    parent = memory_folder()
    if parent is None and not on_disk:
        raise Refused(
            "no memory-backed folder to edit in: plaintext would touch the disk",
            id=ErrorId.NO_MEMORY_FOLDER,
            hint="use Linux with /dev/shm or XDG_RUNTIME_DIR on tmpfs, or permit it with --dangerous-disk",
        )
    with (
        _ended_by_signals(),
        tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True) as name,
        removed_after(Path(name)),
    ):
        yield Path(name)


def memory_folder() -> Path | None:
    """A writable folder on a file system in memory: XDG_RUNTIME_DIR (only ours), else /dev/shm; None without one."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    candidates = [Path(named)] if named else []
    return next((f for f in (*candidates, Path("/dev/shm")) if _is_in_memory(f) and os.access(f, os.W_OK | os.X_OK)), None)


def _is_in_memory(folder: Path) -> bool:
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        real = folder.resolve(strict=True)
    except OSError:
        return False
    types = {fields[1]: fields[2] for line in mounts if len(fields := line.split()) > 2}
    return next((types[str(p)] for p in (real, *real.parents) if str(p) in types), "") in _IN_MEMORY


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP (a closed terminal) become an exception, so that every `finally` runs."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise Terminated(f"ended by {signal.Signals(number).name}")

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
