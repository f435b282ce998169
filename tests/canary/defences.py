"""Defences that can be switched off in the process of one command: `first=named(no_redaction)`. Without them the searches would prove nothing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
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


def _replace(place: Any, name: str, value: Any) -> None:
    setattr(place, name, value)
