"""Weather: faults for the fault proxy, drawn from a seed. The same seed draws the same for the same requests, whatever their order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

from tests.servers.fault_proxy import Cut, Delay, Drip, Fault, Request, Reset, Status, Truncate

BUSY = {Status(429, retry_after=1, reason="TooManyRequests"): 0.30}
ERRORS = {Status(500): 0.017, Status(503): 0.017, Status(504): 0.016}
BROKEN = {Reset(): 0.03, Reset(after_server=True): 0.03, Cut(): 0.03, Truncate(): 0.03}
SLOW = {Delay(2.0): 0.10, Drip(pause=0.4, most=15): 0.02}
_FIRST = 2
"""Requests until a client knows that there is a server at all: those it gives up early, by design."""

STORM = BUSY | ERRORS | BROKEN | SLOW


class Weather:
    """`odds` says how likely each fault is; together they stay under 1. `unlike` are words that differ from run to run."""

    def __init__(self, seed: int, odds: Mapping[Fault, float], *, unlike: str = "") -> None:
        assert sum(odds.values()) < 1
        self.seed = seed
        self.drawn: Counter[str] = Counter()
        self._odds = odds
        self._unlike = unlike
        self._seen: Counter[str] = Counter()

    def __call__(self, request: Request) -> Fault | None:
        """The fault for a request, None for a fine day."""
        key = f"{request.method} {request.path}?{request.query}"
        if self._unlike:
            key = key.replace(self._unlike, "")
        self._seen[key] += 1
        if self._seen.total() <= _FIRST:
            return None
        left = random.Random(f"{self.seed} {key} {self._seen[key]}").random()
        for fault, share in self._odds.items():
            left -= share
            if left < 0:
                self.drawn[_name(fault)] += 1
                return fault
        return None


def _name(fault: Fault) -> str:
    return f"Status {fault.code}" if isinstance(fault, Status) else type(fault).__name__
