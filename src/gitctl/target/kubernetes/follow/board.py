"""Board: the last glance at each object that is followed, and which of them are news. One entry an object, however much happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import mutex
from gitctl.protocols import Stir
from gitctl.target.kubernetes.follow.glance import NOTHING, Glance, glance
from gitctl.target.kubernetes.follow.place import Place
from gitctl.target.kubernetes.proof.seal import Seal


class Board:
    """Written by the threads that watch, read by the one that acts."""

    def __init__(self, seal: Seal, wake: Callable[[], None]) -> None:
        self._seal = seal
        self._wake = wake
        self._mutex = mutex()
        self._owners: dict[ObjectRef, str] = {}
        self._seen: dict[ObjectRef, Glance] = {}
        self._expected: dict[ObjectRef, str] = {}
        self._news: dict[ObjectRef, bool] = {}

    def follow(self, owners: Mapping[ObjectRef, str]) -> None:
        """Follow these objects (ref → owner id) and forget all others."""
        with self._mutex:
            self._owners = dict(owners)
            for known in (self._seen, self._expected, self._news):
                for ref in known.keys() - self._owners.keys():
                    del known[ref]

    def follows(self, ref: ObjectRef) -> bool:
        """Is the object one of those?"""
        return ref in self._owners

    def glance(self, live: Json | None) -> Glance:
        """What is kept of a live object."""
        return glance(live, self._seal)

    def expect(self, ref: ObjectRef, live: Json | None) -> None:
        """No news when the object is, or comes to be, like this."""
        mark = self.glance(live).mark
        with self._mutex:
            self._expected[ref] = mark

    def saw(self, ref: ObjectRef, seen: Glance) -> None:
        """An event."""
        with self._mutex:
            if ref not in self._owners or not self._note(ref, seen):
                return
        self._wake()

    def listed(self, place: Place, found: Mapping[ObjectRef, Glance]) -> None:
        """All that is in a place: what is followed there and not found is not there."""
        with self._mutex:
            here = [ref for ref in self._owners if place.covers(ref)]
            # Everything is noted before anybody is woken.
            changed = [self._note(ref, found.get(ref, NOTHING)) for ref in here]
        if any(changed):
            self._wake()

    def take(self) -> tuple[Stir, ...]:
        """The news, without what is as expected by now."""
        with self._mutex:
            news, self._news = self._news, {}
            return tuple(self._stir(ref, first) for ref, first in news.items() if self._expected.get(ref) != self._seen[ref].mark)

    def _note(self, ref: ObjectRef, seen: Glance) -> bool:
        before = self._seen.get(ref)
        self._seen[ref] = seen
        if before is not None and before.mark == seen.mark:
            return False
        self._news[ref] = before is None or self._news.get(ref, False)
        return True

    def _stir(self, ref: ObjectRef, first: bool) -> Stir:
        seen = self._seen[ref]
        return Stir(self._owners[ref], ref, seen.by, gone=not seen.mark, first=first and ref not in self._expected)


def owners_of(objects: Mapping[str, Iterable[tuple[ObjectRef, str]]]) -> dict[ObjectRef, str]:
    """Object → owner id."""
    return {ref: owner for owner, refs in objects.items() for ref, _ in refs}
