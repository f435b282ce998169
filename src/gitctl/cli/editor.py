"""The user's editor."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from gitctl.errors import ErrorId, UsageError

_KNOWN = ("vim", "nano", "vi")


def attend_editor(file: Path) -> int:
    """Open a file in SOPS_EDITOR, EDITOR or the first known editor; the result is its exit code. Raises UsageError, ToolMissing."""
    from gitctl.process import Command, attend

    return attend(Command((*_editor(), str(file))))


def _editor() -> tuple[str, ...]:
    from gitctl.process import find

    named = os.environ.get("SOPS_EDITOR") or os.environ.get("EDITOR") or next((e for e in _KNOWN if find(e)), "")
    try:
        words = tuple(shlex.split(named))
    except ValueError:
        raise UsageError("the editor's name has an open quote", id=ErrorId.EDITOR_MISSING, hint="correct SOPS_EDITOR or EDITOR") from None
    if not words:
        raise UsageError("no editor", id=ErrorId.EDITOR_MISSING, hint="set SOPS_EDITOR or EDITOR")
    return words
