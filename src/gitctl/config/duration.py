"""Durations as people write them: `90s`, `5m`, `1h30m`; and longer ones: `90d`."""

from __future__ import annotations

import re

from gitctl.errors import ConfigError, ErrorId

PATTERN = r"^(?=\d)(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$"
PERIOD = r"^(?=\d)(\d{1,5}d)?(\d{1,6}h)?$"
_WHOLE = re.compile(r"(?=\d)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of `1h30m`, `5m`, `90s`. Raises ConfigError."""
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise ConfigError(f"{text!r} is not a duration", id=ErrorId.CONFIG_VALUE, hint="write it like 90s, 5m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def parse_period(text: str) -> float:
    """Seconds of `90d`, `12h`, `1d12h`. Raises ConfigError."""
    match = re.fullmatch(PERIOD, text, re.ASCII)
    if match is None:
        raise ConfigError(f"{text!r} is not a period", id=ErrorId.CONFIG_VALUE, hint="write it like 90d or 12h")
    days, hours = (int((part or "0").rstrip("dh")) for part in match.groups())
    return float(days * 86400 + hours * 3600)


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads back: 5400 → `1h30m`. Fractions of a second are cut off."""
    rest, sec = divmod(int(seconds), 60)
    hours, minutes = divmod(rest, 60)
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (sec, "s")) if n]
    return "".join(parts) or "0s"
