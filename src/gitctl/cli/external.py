"""`diff --external`: the changes shown by the user's own program, called as `kubectl diff` calls it.

KUBECTL_EXTERNAL_DIFF names the program and its arguments; the default is `diff -u -N`. It gets two folders, LIVE-… and MERGED-…, with a
file for each object. They are private, hold no secret value, and are gone at the end, however that comes.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from gitctl.cli.show.sides import Side, sides
from gitctl.errors import ErrorId, RenderError, UsageError
from gitctl.model.manifest import ObjectRef, Path

if TYPE_CHECKING:
    from gitctl.cli.session import Session
    from gitctl.model.change import Plan
    from gitctl.model.state import AppState

VARIABLE = "KUBECTL_EXTERNAL_DIFF"
# What kubectl lets through; it drops anything else without a word.
_ARGUMENT = re.compile(r"[A-Za-z0-9=-]+")


def show_external(session: Session, plans: Iterable[tuple[Plan, AppState | None]]) -> None:
    """Show plans by the program. Nothing runs when nothing differs. Raises UsageError, ToolMissing, RenderError (it failed)."""
    before, after = _command()
    found = [side for plan, state in plans for side in sides(plan, _sensitive(state), hide=session.redactor.clean_json)]
    if found:
        _run(before, after, found)


def _sensitive(state: AppState | None) -> dict[ObjectRef, tuple[Path, ...]]:
    return {entry.ref: entry.sensitive for entry in state.inventory} if state else {}


def _command() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before the folders, and, as kubectl has it, after them. Raises UsageError for what kubectl would not pass on."""
    program, *arguments = os.environ.get(VARIABLE, "").split() or [""]
    if not program:
        return ("diff", "-u", "-N"), ()
    bad = next((one for one in arguments if not _ARGUMENT.fullmatch(one)), "")
    if bad:
        what = f"{VARIABLE}: the argument {bad!r} is not allowed"
        raise UsageError(what, id=ErrorId.ARGUMENT_INVALID, hint="arguments hold letters, digits, - and = only")
    return (program,), tuple(arguments)


def _run(before: tuple[str, ...], after: tuple[str, ...], found: Iterable[Side]) -> None:
    from gitctl.process import Command, attend, removed_after

    with tempfile.TemporaryDirectory(prefix="gitctl-diff-", ignore_cleanup_errors=True) as room, removed_after(FilePath(room)):
        live, merged = (FilePath(tempfile.mkdtemp(prefix=prefix, dir=room)) for prefix in ("LIVE-", "MERGED-"))
        for side in found:
            for folder, text in ((live, side.live), (merged, side.merged)):
                if text:
                    (folder / side.name).write_text(text, encoding="utf-8")
        sys.stdout.flush()
        code = attend(Command((*before, str(live), str(merged), *after)))
    if code not in (0, 1):
        hint = f"0 and 1 mean that it compared; {VARIABLE} names the program"
        raise RenderError(f"{before[0]} ended with exit code {code}", id=ErrorId.EXTERNAL_DIFF_FAILED, hint=hint)
