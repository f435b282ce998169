"""Least used: folders of a cache that make room for others, those first that nobody has used for the longest time."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from gitctl.errors import SourceError
from gitctl.source.lock import locked

MOST_BYTES = 1 << 30
_IN_USE_SECONDS = 3600.0
"""A run reads a folder without its lock after it has taken it: none that was used so lately is removed."""


def lock_of(folder: Path) -> Path:
    """The lock under which a folder is changed, and its time set to that of its use. A few locks do for all: they are never removed."""
    return folder.parent / f"{folder.name[:2]}.lock"


def make_room(home: Path, *, most: int = MOST_BYTES) -> None:
    """Remove repositories below `home` while all of them are larger than `most` bytes, down to three quarters, so that this is not done
    each time. One that is in use, or whose lock another process holds, stays. Best effort."""
    found = sorted(((_used_at(folder), _size(folder), folder) for folder in home.glob("*.git")), reverse=True)
    total = sum(size for _, size, _ in found)
    if total <= most:
        return
    while found and total > most * 3 // 4:
        _, size, folder = found.pop()
        total -= size if _removed(folder) else 0


def _removed(folder: Path) -> bool:
    try:
        with locked(lock_of(folder), timeout=0):
            if time.time() - _used_at(folder) < _IN_USE_SECONDS:
                return False
            # Without HEAD it is no repository: should we be ended now, half of it is never read.
            (folder / "HEAD").unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            return True
    except (OSError, SourceError):
        return False


def _used_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        with suppress(OSError):
            total += sum(os.lstat(os.path.join(place, name)).st_size for name in names)
    return total
