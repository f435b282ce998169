"""Snapshot: branch and states as they were at one moment. A plan is made from one; the refs move only if they still are so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gitctl.model.manifest import ObjectRef
from gitctl.model.state import AppState, InventoryEntry
from gitctl.refs import STATE_REFS, Refs
from gitctl.target.branch import states
from gitctl.target.branch.hands import Hands
from gitctl.target.branch.place import Place
from gitctl.target.branch.states import Stored


@dataclass(frozen=True, slots=True)
class Homes:
    """Where apps of a branch lie. `folders` are by owner id; `places` are all that the configuration gives an app, one a cluster
    where they differ: a state of the app anywhere else is what a former configuration left."""

    branch: str
    folders: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, frozenset[Place]] = field(default_factory=dict)

    def place(self, owner: str) -> Place:
        """The app's place in this branch."""
        return Place(self.branch, self.folders.get(owner, ""))


class Snapshot:
    """`tips` are the branch and the states; contents are read when they are asked for."""

    def __init__(self, refs: Refs, homes: Homes, tips: Mapping[str, str]) -> None:
        self._refs = refs
        self._homes = homes
        self._tips = tips
        self._stored: dict[str, Stored] = {}
        self._files: dict[str, Mapping[str, bytes]] = {}

    def place(self, owner: str) -> Place:
        """The app's place in this branch; of an app that the configuration does not know, the one that its state has."""
        if owner in self._homes.folders:
            return self._homes.place(owner)
        left = (s.place for s in self.all if s.state.owner == owner and s.place.branch == self._homes.branch)
        return next(left, self._homes.place(owner))

    def after(self, moves: Mapping[str, str]) -> Snapshot:
        """The same once refs were moved: ref → commit, "" for one that is gone."""
        return Snapshot(self._refs, self._homes, {ref: sha for ref, sha in {**self._tips, **moves}.items() if sha})

    @property
    def tip(self) -> str:
        """The branch's commit, "" where there is no such branch."""
        return self._tips.get(Place(self._homes.branch, "").ref, "")

    def commit_of(self, ref: str) -> str:
        """The commit of a ref, "" where it is not there."""
        return self._tips.get(ref, "")

    def stored(self, owner: str) -> Stored:
        """The app's state; that of its former place where it has none here."""
        if owner not in self._stored:
            self._stored[owner] = self._read(owner)
        return self._stored[owner]

    def _read(self, owner: str) -> Stored:
        place = self.place(owner)
        sha = self._tips.get(place.state_ref(owner), "")
        if sha:
            return states.read(self._refs, sha)
        for former in self.former(owner):
            leaves = former.paths if former.place.branch == place.branch else ()
            return Stored(former.state, place, leaves=leaves)
        return Stored(AppState(owner), place)

    def former(self, owner: str) -> tuple[Stored, ...]:
        """States that the app has at places where no configuration puts it any more."""
        known = {self.place(owner), *self._homes.places.get(owner, ())}
        return tuple(s for s in self.all if s.state.owner == owner and s.place not in known)

    @cached_property
    def all(self) -> tuple[Stored, ...]:
        """Every state in the repository."""
        return tuple(states.read(self._refs, sha) for ref, sha in sorted(self._tips.items()) if ref.startswith(STATE_REFS))

    @cached_property
    def _claims(self) -> Mapping[str, str]:
        """File in this branch → owner id of the app whose sync wrote it."""
        here = (s for s in self.all if s.place.branch == self._homes.branch)
        return {path: s.state.owner for s in here for path in s.paths}

    def files(self, owner: str) -> Mapping[str, bytes]:
        """The files in the app's folder."""
        below = self.place(owner).below
        if below not in self._files:
            self._files[below] = self._refs.files(self.tip, (below,))
        return self._files[below]

    def hands(self, owner: str) -> Hands:
        """Who changed the app's files since its last sync."""
        return Hands(self._refs, self.stored(owner), self.tip)

    def owner_of(self, ref: ObjectRef, owner: str, entry: InventoryEntry | None, hands: Hands) -> str:
        """Whose is the file of an object, "" for nobody's.

        A sync that died after its commit and before its state knew of it left an entry without uid: the commit says whose it is.
        """
        path = self.place(owner).path(ref)
        if entry is not None and (entry.uid or hands.wrote_last(path)):
            return owner
        return self._claims.get(path, "")
