"""Points in time as people write them: RFC 3339, or a duration from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from gitctl.config.duration import parse_duration
from gitctl.errors import ConfigError, ErrorId

PATTERN = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
_LATER = re.compile(r"(?:(\d{1,4})d)?(.*)", re.ASCII)


def parse_time(text: str) -> datetime:
    """`2026-12-01T09:00:00+01:00` in UTC. Raises ConfigError."""
    try:
        if not re.fullmatch(PATTERN, text, re.ASCII):
            raise ValueError
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(f"{text!r} is not a time", id=ErrorId.CONFIG_VALUE, hint="write it like 2026-12-01T09:00:00Z") from None


def parse_until(text: str, now: datetime) -> datetime:
    """A time, or `2h`, `3d`, `1d12h` from now. Raises ConfigError for what is neither, or not in the future."""
    match = _LATER.fullmatch(text)
    assert match is not None  # the pattern takes any text
    days, rest = match.groups()
    try:
        seconds = parse_duration(rest) if rest else 0.0
        found = now + timedelta(days=int(days or 0), seconds=seconds) if text else None
    except (ConfigError, OverflowError):
        found = None
    if found is None:
        try:
            found = parse_time(text)
        except ConfigError as error:
            raise ConfigError(error.message, id=ErrorId.CONFIG_VALUE, hint="write it like 2h, 3d or 2026-12-01T09:00:00Z") from None
    if found <= now:
        raise ConfigError(f"{text!r} is not in the future", id=ErrorId.CONFIG_VALUE, hint="write it like 2h, 3d or 2026-12-01T09:00:00Z")
    return found
