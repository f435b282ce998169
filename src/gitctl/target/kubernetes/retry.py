"""PURE: which failures are worth another try, and after how long.

Where the server says when (Retry-After), that is when. Else waiting follows stamina's rule: exponential, capped, with jitter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = 0.1
CAP = 5.0
SERVER_ERRORS = 3
"""Plain 500s that are enough: a webhook that always fails must not hold up every object for the whole budget."""
LONGEST = 60.0
"""Seconds that a server may ask us to wait."""

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


@dataclass(slots=True)
class Tries:
    """The failures of one request so far. 500s are counted apart, and waits that the server asked for do not make ours longer."""

    errors: int = 0
    waits: int = 0

    def pause_after(self, failure: Failure, *, repeatable: bool) -> float | None:
        """Seconds until the next attempt, None where none is sensible."""
        self.errors += failure.status == 500
        self.waits += not seconds_of(failure.retry_after)
        return pause(self.waits, failure.retry_after) if may_retry(failure, self.errors, repeatable=repeatable) else None


def may_retry(failure: Failure, errors: int, *, repeatable: bool) -> bool:
    """Is another attempt sensible? `errors` counts the 500s so far; `repeatable` says that doing the request twice does no harm."""
    if failure.status == 429 or not failure.sent:
        return True
    if not repeatable:
        return False
    if failure.status == 500:
        return errors < SERVER_ERRORS and not any(text in failure.body for text in _FINAL)
    return failure.status == 0 or failure.status in _BUSY


def pause(waits: int, retry_after: str = "") -> float:
    """Seconds to wait: the server's Retry-After, or up to a quarter more; without one our own, which double with `waits` (from 1)."""
    asked = seconds_of(retry_after)
    if asked:
        return min(LONGEST, asked * random.uniform(1.0, 1.25))
    return min(CAP, FIRST * 2.0 ** (waits - 1)) * random.uniform(0.5, 1.0)


def seconds_of(retry_after: str) -> float:
    """The header Retry-After in seconds: a minute at most, 0 for what is no number."""
    return min(LONGEST, float(retry_after)) if retry_after.isdecimal() else 0.0
