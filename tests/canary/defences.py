"""Defences that can be switched off in the process of one command: `first=named(no_redaction)`. Without them the searches would prove nothing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any


def named(function: Callable[[], None]) -> str:
    """How a command's process is told to call it first (tests/fixtures/warm.py)."""
    return f"{function.__module__}:{function.__name__}"


def no_redaction() -> None:
    """What is printed goes through no filter, and the server's words about Secrets are quoted."""
    from gitctl import redact
    from gitctl.target.kubernetes import failure

    real: Any = failure.explain
    _replace(redact.Redactor, "clean", lambda _, text: text)
    _replace(redact.Redactor, "clean_json", lambda _, value: value)
    _replace(failure, "explain", lambda answer, **_: real(answer, sensitive=False))


def preimages_on_disk() -> None:
    """What an atomic sync would put back is also written into a temporary file."""
    from gitctl.workflow import atomic

    real: Any = atomic.undo

    def undo(plan: Any, outcomes: Any, target: Any, *, steps: Any) -> Any:
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            json.dump([o.change.comparison.live for o in outcomes if o.change.comparison], file)
        return real(plan, outcomes, target, steps=steps)

    _replace(atomic, "undo", undo)


def no_masks_in_diffs() -> None:
    """A diff shows values."""
    from gitctl.secrets import textconv

    _replace(textconv, "mask_value", lambda value, **_: str(value))


def merges_on_disk() -> None:
    """The versions of a merge are also written into the folder of git's own temporary files."""
    from gitctl.secrets import merge

    real: Any = merge._opened

    def opened(file: str, content: bytes, kind: Any) -> bytes:
        plain: bytes = real(file, content, kind)
        Path(".git", "merged").write_bytes(plain)
        return plain

    _replace(merge, "_opened", opened)


def nobody_stands_by() -> None:
    """A killed run has nobody who removes its room."""
    from gitctl.secrets import room

    _replace(room, "removed_after", lambda _: nullcontext())


def _replace(place: Any, name: str, value: Any) -> None:
    setattr(place, name, value)
