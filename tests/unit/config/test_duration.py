from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.config.duration import PATTERN, PERIOD, format_duration, parse_duration, parse_period
from gitctl.errors import ConfigError


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h0m1s", 3601), ("0s", 0)])
def test_reads_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "1.5h", "-5m", "5m1h", "5d", "5m\n", "٥m"])
def test_refuses_everything_else(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "seconds"), [("90d", 7776000), ("12h", 43200), ("1d12h", 129600)])
def test_reads_periods(text: str, seconds: float) -> None:
    assert parse_period(text) == seconds
    assert re.search(PERIOD, text)


@pytest.mark.parametrize("text", ["", "90", "d", "12h1d", "5m", "1.5d"])
def test_refuses_what_is_no_period(text: str) -> None:
    assert not re.search(PERIOD, text)
    with pytest.raises(ConfigError, match="is not a period"):
        parse_period(text)


@given(st.integers(min_value=0, max_value=10**8))
@settings(max_examples=60, deadline=None)
def test_format_is_read_back(seconds: int) -> None:
    text = format_duration(seconds)
    assert parse_duration(text) == seconds
    assert re.search(PATTERN, text)
