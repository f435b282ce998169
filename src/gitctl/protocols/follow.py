"""Follow: what a target may offer beside `protocols.Target`: to tell of changes as they happen. Structural types; nothing to inherit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gitctl.model.manifest import Json, ObjectRef

Tracked = Mapping[str, Sequence[tuple[ObjectRef, str]]]
"""Owner id → its objects, each with an API version."""


@dataclass(frozen=True, slots=True)
class Stir:
    """An object of an owner id is not as it was, in what gitctl or people own of it. `by` is the manager of the newest change that is
    not ours ("" where nobody is known), `gone` says that it is not there, or not marked as ours, any more; `first`: it was not looked at
    before, and nothing was expected of it, so that it may be as it was."""

    owner: str
    ref: ObjectRef
    by: str = ""
    gone: bool = False
    first: bool = False


class Following(Protocol):
    """Follows objects from `track` until `close`. Only what differs in what gitctl or people own is news: not status, not what
    controllers own, not what `expect` announced."""

    def track(self, objects: Tracked) -> None:
        """Follow these objects and no others. An object that is new here is news once it is looked at, unless it is as expected."""
        ...

    def expect(self, ref: ObjectRef, live: Json | None) -> None:
        """The run itself saw or left the object like this: no news."""
        ...

    def take(self) -> tuple[Stir, ...]:
        """The news since the last time, one an object; what is by now as expected is none."""
        ...

    def look(self) -> None:
        """Look at what cannot be watched. Raises nothing: what cannot be looked at now is the same as before."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What happened to the watches since the last time, for people: cut off, back again, not possible."""
        ...

    def close(self) -> None:
        """End all watches."""
        ...


@runtime_checkable
class Followable(Protocol):
    """A target that tells of changes."""

    def follow(self, wake: Callable[[], None]) -> Following:
        """Begin to follow; `wake` is called, from other threads, when there is news."""
        ...
