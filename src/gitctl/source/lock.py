"""A file lock: one process at a time changes a mirror."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitctl.errors import ErrorId, SourceError

_POLL_SECONDS = 0.1


@contextmanager
def locked(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold an exclusive lock on `path`, which is created and stays. The system lets go of it when we die. Raises SourceError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _wait(handle, path, time.monotonic() + timeout)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, path: Path, end: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= end:
                raise SourceError(
                    "another gitctl is still fetching this remote", id=ErrorId.REMOTE_BUSY, hint="wait for it, or end it", where=str(path)
                ) from None
            time.sleep(_POLL_SECONDS)
