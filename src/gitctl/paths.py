"""Where gitctl keeps files of its own: the cache (may be deleted at any time), the state (may not), and the locks in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# They move all our files at once, also where platformdirs knows no variable (macOS).
CACHE_VARIABLE = "GITCTL_CACHE_DIR"
STATE_VARIABLE = "GITCTL_STATE_DIR"


def cache_folder() -> Path:
    """Built programs, git mirrors, charts: everything that can be made again. Not created here."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("gitctl")


def state_folder() -> Path:
    """Data of the sandbox's control planes: what nothing else could restore. Not created here."""
    named = os.environ.get(STATE_VARIABLE)
    if named:
        return Path(named).absolute()
    from platformdirs import user_state_path

    return user_state_path("gitctl")


def private_folder(path: Path) -> Path:
    """Create the folder for this user alone (0700), parents too."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file for this user alone (0600), whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def exclusive(lock: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock file; its owner's death frees it. `waiting` is called once when somebody else holds it."""
    import fcntl

    private_folder(lock.parent)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
