"""Who changed the files of an app since gitctl last wrote them."""

from __future__ import annotations

from functools import cached_property

from gitctl.model.change import Addition, Conflict
from gitctl.model.manifest import Json, ObjectRef
from gitctl.refs import Refs, Touch
from gitctl.target.branch.edits import author_of, edits
from gitctl.target.branch.files import body_of
from gitctl.target.branch.states import Stored

Losses = tuple[tuple[Conflict, ...], tuple[Addition, ...]]


class Hands:
    """The commits on top of what an app's state has seen. Nothing is asked of Git before the first question."""

    def __init__(self, refs: Refs, stored: Stored, tip: str) -> None:
        self._refs = refs
        self._stored = stored
        self._tip = tip

    @cached_property
    def _touches(self) -> tuple[Touch, ...]:
        """() also where history was rewritten: then nobody knows who did what."""
        return self._refs.touches(self._stored.seen, self._tip, self._stored.place.folder) or ()

    def wrote_last(self, path: str) -> bool:
        """Was it a sync of this app that last wrote the file?"""
        last = next((t for t in self._touches if path in t.paths), None)
        return last is not None and self._is_ours(last)

    def deleter(self, path: str) -> tuple[Conflict, ...]:
        """Who took a file away that a sync wrote; () where that is not known."""
        last = next((t for t in self._touches if path in t.paths), None)
        return () if last is None or self._is_ours(last) or not self._stored.seen else (Conflict((), author_of(last)),)

    def losses(self, path: str, ref: ObjectRef, live: Json) -> Losses:
        """The fields of a file that somebody else wrote since, with the newest commit that did."""
        touches = [t for t in self._touches if path in t.paths]
        if not touches or self._is_ours(touches[0]) or not self._stored.seen:
            return (), ()
        basis = next((t.by.sha for t in touches if self._is_ours(t)), self._stored.seen)
        before = self._refs.files(basis, (path,)).get(path)
        if before is None:
            return (), ()
        return edits(body_of(before, ref, where=path), live, author_of(touches[0]))

    def _is_ours(self, touch: Touch) -> bool:
        return self._stored.state.owner in touch.owners
