"""Follower: all watches of one cluster; see `gitctl.follow.Following`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gitctl.errors import GitctlError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import in_background, mutex
from gitctl.protocols import Stir, Tracked
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.follow.board import Board, owners_of
from gitctl.target.kubernetes.follow.feed import Feed
from gitctl.target.kubernetes.follow.place import Place, places, unwatched
from gitctl.target.kubernetes.labelled import Wanted
from gitctl.target.kubernetes.observe import look_up
from gitctl.target.kubernetes.proof.cache import new_seal
from gitctl.target.kubernetes.watch import label_selector

_MOST_OWNERS = 20
"""Owner ids that a selector names; for more it is our label, whosever."""

Resolve = Callable[[Sequence[tuple[ObjectRef, str]]], tuple[list[Wanted], list[ObjectRef]]]


class Follower:
    """`resolve` finds how objects are served."""

    def __init__(self, client: Client, resolve: Resolve, wake: Callable[[], None]) -> None:
        self._client = client
        self._resolve = resolve
        self._wake = wake
        self._board = Board(new_seal(), wake)
        self._mutex = mutex()
        self._feeds: dict[Place, Feed] = {}
        self._refused: set[Place] = set()
        self._wanted: tuple[Wanted, ...] = ()
        self._labels = ""
        self._cut: dict[Place, str] = {}
        self._notes: list[str] = []
        self._unwatched: tuple[Wanted, ...] = ()
        self._closed = False

    def track(self, objects: Tracked) -> None:
        """See Following. Raises ClusterError when it cannot be found out how kinds are served."""
        wanted, _ = self._resolve([one for refs in objects.values() for one in refs])
        self._board.follow(owners_of(objects))
        labels = label_selector(objects.keys() if len(objects) <= _MOST_OWNERS else ())
        with self._mutex:
            if labels != self._labels:
                self._drop(tuple(place for place in self._feeds if not place.name))
            self._wanted, self._labels = tuple(wanted), labels
            self._arrange()

    def expect(self, ref: ObjectRef, live: Json | None) -> None:
        """See Following."""
        self._board.expect(ref, live)

    def take(self) -> tuple[Stir, ...]:
        """See Following."""
        return self._board.take()

    def look(self) -> None:
        """See Following."""
        try:
            found = look_up(self._client, self._unwatched)
        except GitctlError:
            return  # the next round says it
        for ref, live in found.objects.items():
            self._board.saw(ref, self._board.glance(live))

    def notes(self) -> tuple[str, ...]:
        """See Following."""
        with self._mutex:
            notes, self._notes = self._notes, []
        return tuple(notes)

    def close(self) -> None:
        """See Following."""
        with self._mutex:
            self._closed = True
            self._drop(tuple(self._feeds))

    def _arrange(self) -> None:
        """Begin what is missing, end what is not wanted any more. Under the mutex."""
        chosen = places(self._wanted, self._refused)
        self._drop(tuple(self._feeds.keys() - set(chosen)))
        for place in chosen:
            if place not in self._feeds and not self._closed:
                feed = Feed(self._client, place, self._labels, self._board, self._told, self._denied)
                self._feeds[place] = feed
                in_background(feed.run, name="follow")
        self._say_unwatched(unwatched(self._wanted, chosen))

    def _say_unwatched(self, now: tuple[Wanted, ...]) -> None:
        new = sorted({w.resource.plural for w in now} - {w.resource.plural for w in self._unwatched})
        self._unwatched = now
        if new:
            self._notes.append(f"not watched but looked at after each interval: {', '.join(new)}")

    def _drop(self, gone: Sequence[Place]) -> None:
        for place in gone:
            self._feeds.pop(place).close()
            self._cut.pop(place, None)

    def _denied(self, place: Place) -> None:
        """Called by a feed: its place may not be watched; its parts may be, or its objects are looked at now and then."""
        with self._mutex:
            self._refused.add(place)
            self._arrange()
        self._wake()

    def _told(self, feed: Feed, why: str) -> None:
        """Called by a feed. One note for all that are cut off together."""
        with self._mutex:
            if self._feeds.get(feed.place) is not feed:
                return
            before = bool(self._cut)
            if why:
                self._cut[feed.place] = why
            else:
                self._cut.pop(feed.place, None)
            if before == bool(self._cut):
                return
            self._notes.append(f"the watch is interrupted: {why}; trying again" if why else "the watch goes on")
        self._wake()
