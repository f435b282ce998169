"""PURE: the API server's clock: certificates of several machines are compared by it, and by no other."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def server_clock(headers: Mapping[str, str], *, otherwise: int) -> int:
    """The time of an answer, in seconds since 1970; `otherwise` where it names none."""
    try:
        return int(parsedate_to_datetime(headers["Date"]).timestamp())
    except (KeyError, TypeError, ValueError):
        return otherwise
