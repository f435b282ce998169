"""Tree: an app's objects with what they own, and who owns an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gitctl.errors import GitctlError
from gitctl.model.health import Health, HealthState, worst
from gitctl.model.manifest import Json, ObjectRef


@dataclass(frozen=True, slots=True)
class Unseen:
    """A collection that could not be looked at. `namespace` is "" for the whole cluster."""

    kind: str
    namespace: str
    reason: str

    def __str__(self) -> str:
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.kind}{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Descent:
    """What live objects own, directly or not: an owner's uid → the objects that it owns, as they are (those of kinds without a status
    with their metadata alone). `unseen` could not be looked at."""

    owned: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    unseen: tuple[Unseen, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlined:
    """Live objects of one kind; of kinds without a status, such as Secrets, their metadata alone. `unseen` could not be looked at."""

    objects: tuple[Json, ...] = ()
    unseen: tuple[Unseen, ...] = ()


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Who owns a live object, the nearest owner first. `gap` says why the last one's own owner is not known, "" when it has none."""

    owners: tuple[Json, ...] = ()
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One object. `created` is RFC 3339, "" for one that is not there; `owned` are the objects that it owns."""

    ref: ObjectRef
    health: Health
    created: str = ""
    owned: tuple[Node, ...] = ()

    def all(self) -> Iterator[Node]:
        """The node and everything below it."""
        yield self
        for node in self.owned:
            yield from node.all()


@dataclass(frozen=True, slots=True)
class AppTree:
    """An app, the objects that it applied, and what they own. `message` says why there are none; `error`: why nothing is known."""

    app: str
    owner: str
    nodes: tuple[Node, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    message: str = ""
    error: GitctlError | None = None

    @property
    def state(self) -> HealthState:
        """The gravest health of the objects that the app applied: theirs says what that of their own means."""
        return worst(tuple(n.health.state for n in self.nodes)) if self.nodes else HealthState.UNKNOWN
