"""Points in time as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gitctl.config.moment import parse_time, parse_until
from gitctl.errors import ConfigError

NOW = datetime(2026, 11, 26, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("2026-11-26T17:30:00+01:00", timedelta(hours=1, minutes=30)),
        ("2026-11-26T15:00:01.5Z", timedelta(seconds=1.5)),
    ],
)
def test_an_end_is_a_time_or_a_while_from_now(text: str, later: timedelta) -> None:
    assert parse_until(text, NOW) == NOW + later


@pytest.mark.parametrize("text", ["", "soon", "3", "d", "2026-11-27", "2026-13-01T00:00:00Z", "2026-11-27T00:00:00", "9999999999999d"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a time"):
        parse_until(text, NOW)


@pytest.mark.parametrize("text", ["0s", "2026-11-26T15:00:00Z", "2020-01-01T00:00:00Z"])
def test_an_end_lies_ahead(text: str) -> None:
    with pytest.raises(ConfigError, match="not in the future"):
        parse_until(text, NOW)


def test_times_are_utc() -> None:
    assert parse_time("2026-01-01T00:30:00+01:00") == datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
