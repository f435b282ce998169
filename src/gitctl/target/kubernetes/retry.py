"""PURE: which failures are worth another try, and after how long.

Waiting follows stamina's rule (exponential, capped, with jitter); it is written out because the server's own Retry-After comes first.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = 0.1
CAP = 5.0
SERVER_ERRORS = 3
"""Attempts at a plain 500: a webhook that always fails must not hold up every object for the whole budget."""

_BUSY = frozenset({429, 502, 503, 504})
# The API server answers 500 to a patch that can never work: wrong types, fields that its schema does not have.
_FINAL = (b"typed patch", b"typed live", b"not declared in schema", b"failed to convert", b"duplicate entries for key")


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one attempt: a status with its body, or (status 0) no complete answer.

    `sent` is False when the request certainly never reached the server.
    """

    status: int = 0
    body: bytes = b""
    retry_after: str = ""
    sent: bool = True


def may_retry(failure: Failure, attempt: int, *, repeatable: bool) -> bool:
    """Is another attempt sensible? `attempt` counts from 1; `repeatable` says that doing the request twice does no harm."""
    if failure.status == 429 or not failure.sent:
        return True
    if not repeatable:
        return False
    if failure.status == 500:
        return attempt < SERVER_ERRORS and not any(text in failure.body for text in _FINAL)
    return failure.status == 0 or failure.status in _BUSY


def pause(attempt: int, retry_after: str = "") -> float:
    """Seconds to wait after the given attempt (from 1): jittered, never less than the server's Retry-After (seconds)."""
    waiting = min(CAP, FIRST * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)
    return max(waiting, seconds_of(retry_after))


def seconds_of(retry_after: str) -> float:
    """The header Retry-After in seconds: a minute at most, 0 for what is no number."""
    return min(60.0, float(retry_after)) if retry_after.isdecimal() else 0.0
