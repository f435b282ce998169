"""Keeping: rounds for as long as a process runs: when the source moved, when an object was changed, when an earlier round failed.

What a round does is handed in (`Work`): a sync, or a look for drift. Whatever happens while one is under way waits for its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gitctl.errors import GitctlError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.quantity import counted
from gitctl.parallel import Bell, Deadline
from gitctl.protocols import Followable, Following, Stir
from gitctl.workflow.agenda import SOON, Agenda, Due, Key, Slowed

Say = Callable[[str], None]

WHOLE = 600.0
"""Seconds after which all apps are due, whatever was heard: what others changed of the rules, a cluster that was put back from a copy."""

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Done:
    """A round of one app ended. `objects` are to be followed from now on (None: as before); `seen` is how the round saw or left some of
    them; `well` and `soon` as in `Agenda.ended`."""

    key: Key
    objects: Sequence[tuple[ObjectRef, str]] | None = None
    seen: Sequence[tuple[ObjectRef, Json | None]] = ()
    well: bool = True
    soon: bool = False


class Work(Protocol):
    """What is done in rounds."""

    def poll(self) -> Collection[Key]:
        """Read the source anew; the apps that are due for it. What goes wrong is told, and does not end the rounds."""
        ...

    def keys(self) -> Collection[Key]:
        """All apps that there are now."""
        ...

    def carry_out(self, due: Sequence[Due]) -> Iterable[Done]:
        """One round of some apps."""
        ...

    def target(self, place: str) -> Followable | None:
        """The place anew, for as long as the process runs; None for one that tells of no changes."""
        ...


class Keeping:
    """Runs until cancelled, or until `ends` is over. `every`: seconds between two polls; `beat` is called before each."""

    def __init__(
        self, work: Work, *, every: float, cancel: Deadline, say: Say, beat: Callable[[], None], ends: Deadline | None = None
    ) -> None:
        self._work = work
        self._every = every
        self._cancel = cancel
        self._say = say
        self._beat = beat
        self._ends = ends or Deadline()
        self._bell = Bell()
        self._agenda = Agenda(every)
        self._objects: dict[str, dict[str, Sequence[tuple[ObjectRef, str]]]] = {}
        self._followed: dict[str, Following] = {}
        self._late: dict[str, int] = {}
        self._late_at = float("inf")
        self._poll_at = 0.0
        self._whole_at = float("-inf")

    def run(self) -> None:
        """Go on until the end. Raises what `Work` lets through."""
        self._cancel.wakes(self._bell)
        try:
            while not self._over():
                self._turn()
        finally:
            for following in self._followed.values():
                following.close()

    def _over(self) -> bool:
        return self._cancel.requested() or not self._ends.left()

    def _turn(self) -> None:
        polls = time.monotonic() >= self._poll_at
        if polls:
            self._poll()
        due = self._agenda.take(time.monotonic())
        if due and not self._cancel.requested():
            self._carry_out(due)
        if polls:
            self._poll_at = time.monotonic() + self._every
        if time.monotonic() >= self._late_at:
            self._track({place: [] for place in self._late})
        self._tell()
        if not self._over():
            now = time.monotonic()
            self._bell.wait(min(self._agenda.next() - now, self._poll_at - now, self._late_at - now, self._ends.left()))
            self._gather()

    def _poll(self) -> None:
        self._beat()
        for following in self._followed.values():
            following.look()
        moved, keys = set(self._work.poll()), self._work.keys()
        self._agenda.keep(keys)
        self._agenda.moved(moved | self._unheard(keys), time.monotonic())
        for place, objects in self._objects.items():
            for owner in [o for o in objects if (place, o) not in keys]:
                del objects[owner]
                self._late.setdefault(place, 0)
        self._track({place: [] for place in self._late})

    def _unheard(self, keys: Collection[Key]) -> set[Key]:
        """Apps of places that tell of no changes; after a while all."""
        if time.monotonic() - self._whole_at < WHOLE:
            return {key for key in keys if key[0] not in self._followed}
        self._whole_at = time.monotonic()
        return set(keys)

    def _carry_out(self, due: Sequence[Due]) -> None:
        seen: dict[str, list[tuple[ObjectRef, Json | None]]] = {}
        for done in self._work.carry_out(due):
            place, owner = done.key
            self._agenda.ended(done.key, time.monotonic(), well=done.well, soon=done.soon)
            if done.objects is not None:
                self._objects.setdefault(place, {})[owner] = done.objects
            seen.setdefault(place, []).extend(done.seen)
        self._track(seen)

    def _track(self, places: dict[str, list[tuple[ObjectRef, Json | None]]]) -> None:
        """Follow what there is now. A place that is out of reach is followed later."""
        for place, seen in places.items():
            try:
                following = self._following(place)
                if following is not None:
                    following.track(self._objects.get(place, {}))
                    for ref, live in seen:
                        following.expect(ref, live)
                self._late.pop(place, None)
            except GitctlError as error:
                if not self._late.get(place):
                    self._say(f"{place}: not watched yet: {error.message}")
                self._late[place] = self._late.get(place, 0) + 1
        waits = (min(self._every, SOON * 2.0 ** min(tries, 16)) for tries in self._late.values())
        self._late_at = time.monotonic() + min(waits, default=float("inf"))

    def _following(self, place: str) -> Following | None:
        if place in self._followed:
            return self._followed[place]
        target = self._work.target(place) if self._objects.get(place) else None
        if target is None:
            return None
        self._followed[place] = target.follow(self._bell.ring)
        return self._followed[place]

    def _gather(self) -> None:
        for place, following in self._followed.items():
            for stir in following.take():
                slowed = self._agenda.stirred(place, stir, time.monotonic())
                if slowed:
                    self._say(slowed_text(slowed))

    def _tell(self) -> None:
        for place, following in self._followed.items():
            for note in following.notes():
                self._say(f"{place}: {note}")


def slowed_text(slowed: Slowed) -> str:
    """Who fights about what, and what is done about it."""
    often = f"{counted(slowed.rounds, 'time')} in {slowed.during:.0f}s"
    return f"{slowed.stir.ref} is {changed_text(slowed.stir)} again, after {often}: looked at in {slowed.wait:.0f}s"


def changed_text(stir: Stir) -> str:
    """What happened to an object, and who did it."""
    return "gone" if stir.gone else f"changed by {stir.by or 'somebody unknown'}"


def reasons(due: Sequence[Due]) -> tuple[str, ...]:
    """Why there is a round, object by object; many are counted."""
    stirs = [stir for one in due for stir in one.stirs if not stir.first]
    told = tuple(f"{stir.ref}: {changed_text(stir)}" for stir in stirs[:_MOST_TOLD])
    return told + ((f"and {counted(len(stirs) - len(told), 'object')} more",) if len(stirs) > len(told) else ())
