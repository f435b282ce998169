"""Verdicts: short constructors of Health, so that a rule reads as its own sentence. `assess` adds the rule's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from gitctl.health.live import Live
from gitctl.model.health import Health, HealthState

Check: TypeAlias = Callable[[Live], Health | None]

MESSAGE_LIMIT = 400


def healthy(message: str = "") -> Health:
    """It works."""
    return _verdict(HealthState.HEALTHY, message)


def progressing(message: str) -> Health:
    """It does not work yet; `message` names what blocks."""
    return _verdict(HealthState.PROGRESSING, message)


def failed(message: str) -> Health:
    """It does not work, and its controller says so."""
    return _verdict(HealthState.FAILED, message)


def suspended(message: str) -> Health:
    """Somebody stopped it on purpose."""
    return _verdict(HealthState.SUSPENDED, message)


def deleting(message: str) -> Health:
    """It is on its way out."""
    return _verdict(HealthState.DELETING, message)


def unknown(message: str) -> Health:
    """Nothing can be said."""
    return _verdict(HealthState.UNKNOWN, message)


def join(parts: Iterable[object]) -> str:
    """What there is of some parts, as one message."""
    return "; ".join(text for text in (str(part) for part in parts if part is not None) if text)


def _verdict(state: HealthState, message: str) -> Health:
    """Status messages of operators run over many lines (stack traces): one line, cut, keeps tables and events readable."""
    line = " ".join(message.split())
    return Health(state, line if len(line) <= MESSAGE_LIMIT else line[: MESSAGE_LIMIT - 1] + "…")
