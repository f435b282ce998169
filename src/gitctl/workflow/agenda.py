"""Agenda: which apps are due, and when. Pure: times (seconds of one clock) are arguments.

An app is due at once when the source moved; shortly after one of its objects was changed, so that changes made together are one
round; again after a while when its last round failed. An object that is changed again and again is put back less and less often:
two that fight about it must not keep the API server busy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gitctl.model.manifest import ObjectRef
from gitctl.protocols import Stir

Key = tuple[str, str]
"""A place (cluster or branch) and an owner id."""

QUIET = 0.3
"""Seconds that a change is given to be followed by others."""
FREE = 5
"""Rounds that an object may cause one after the other before the next one is held back."""
FIRST, CAP = 2.0, 300.0
"""Seconds that it is held back at first, doubled each time, and at most."""
CALM = 60.0
"""Seconds without a change, beyond what it was held back, after which an object begins anew."""
SOON = 2.0
"""Seconds after which a round is tried again that failed for a reason that may pass: doubled each time, up to the interval."""


@dataclass(slots=True)
class _Pace:
    """How often an object caused a round, when first and when last."""

    rounds: int = 0
    first: float = 0.0
    last: float = 0.0

    @property
    def delay(self) -> float:
        """Seconds between its last round and the next one."""
        return 0.0 if self.rounds < FREE else min(CAP, FIRST * 2.0 ** min(self.rounds - FREE, 16))

    def is_over(self, now: float) -> bool:
        """Has it been left in peace?"""
        return now - self.last > self.delay + CALM


@dataclass(frozen=True, slots=True)
class Slowed:
    """An object is held back: how often it was put right in how many seconds, who changes it, and when it is its turn."""

    stir: Stir
    rounds: int
    during: float
    wait: float


@dataclass(frozen=True, slots=True)
class Due:
    """One app whose turn it is, and the changes that brought it about (none: the source moved, or an earlier round failed)."""

    key: Key
    stirs: tuple[Stir, ...] = ()


@dataclass(slots=True)
class _App:
    """`due`: when it is its turn (None: it is not)."""

    due: float | None = None
    stirs: dict[ObjectRef, Stir] = field(default_factory=dict)
    failures: int = 0


class Agenda:
    """`every`: the interval, in seconds, after which a failed round is tried again at the latest."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._apps: dict[Key, _App] = {}
        self._paces: dict[tuple[str, ObjectRef], _Pace] = {}

    def moved(self, keys: Iterable[Key], now: float) -> None:
        """These apps are due now."""
        for key in keys:
            self._by(key, now)

    def stirred(self, place: str, stir: Stir, now: float) -> Slowed | None:
        """An object was changed; what is to be said when it is held back (once for each time)."""
        key = (place, stir.owner)
        pace = self._paces.get((place, stir.ref), _Pace())
        held = 0.0 if pace.is_over(now) else max(0.0, pace.last + pace.delay - now)
        app = self._apps.setdefault(key, _App())
        is_told = stir.ref in app.stirs
        app.stirs[stir.ref] = stir
        self._by(key, now + max(QUIET, held))
        return Slowed(stir, pace.rounds, now - pace.first, held) if held > QUIET and not is_told else None

    def next(self) -> float:
        """When somebody's turn is next; infinity for never."""
        return min((app.due for app in self._apps.values() if app.due is not None), default=float("inf"))

    def take(self, now: float) -> tuple[Due, ...]:
        """The apps whose turn it is; they are off the agenda with this."""
        self._paces = {key: pace for key, pace in self._paces.items() if not pace.is_over(now)}
        due = [key for key, app in self._apps.items() if app.due is not None and app.due <= now]
        return tuple(self._taken(key, now) for key in due)

    def ended(self, key: Key, now: float, *, well: bool, soon: bool = False) -> None:
        """A round of the app ended. One that did not go well is done again: after the interval, or `soon` and less and less so."""
        app = self._apps.setdefault(key, _App())
        app.failures = 0 if well else app.failures + 1
        if not well:
            self._by(key, now + (min(self._every, SOON * 2.0 ** min(app.failures - 1, 16)) if soon else self._every))

    def keep(self, keys: Iterable[Key]) -> None:
        """Forget all apps but these."""
        known = set(keys)
        self._apps = {key: app for key, app in self._apps.items() if key in known}

    def _by(self, key: Key, when: float) -> None:
        app = self._apps.setdefault(key, _App())
        app.due = when if app.due is None else min(app.due, when)

    def _taken(self, key: Key, now: float) -> Due:
        app = self._apps[key]
        stirs = tuple(app.stirs.values())
        app.due, app.stirs = None, {}
        for stir in (stir for stir in stirs if not stir.first):
            pace = self._paces.setdefault((key[0], stir.ref), _Pace(first=now))
            pace.rounds, pace.last = pace.rounds + 1, now
        return Due(key, stirs)
