"""Where a command runs."""

from __future__ import annotations

from pathlib import Path

from gitctl.cli.session import Session
from gitctl.errors import ErrorId, UsageError


def start_folder(session: Session) -> Path:
    """Where the command runs: -C, else the current folder. Raises UsageError."""
    folder = (session.flags.directory or Path()).absolute()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", id=ErrorId.ARGUMENT_INVALID, hint="-C names the folder to run in")
    return folder
