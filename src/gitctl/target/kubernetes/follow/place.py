"""PURE: which collections are watched: one a kind and namespace, one for the whole cluster where a kind is spread over many, objects
by name where nothing else is allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from gitctl.model.manifest import ObjectRef
from gitctl.target.kubernetes.labelled import Wanted
from gitctl.target.kubernetes.resource import Resource

_WIDE_FROM = 4
_MOST_NAMES = 8
"""Objects of a kind and namespace that are watched one by one; more are looked at now and then."""

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What one watch covers: a kind in a namespace ("": in all of them, or a kind without namespaces), or one object by its name."""

    resource: Resource
    namespace: str = ""
    name: str = ""

    @property
    def path(self) -> str:
        """Where its objects are listed."""
        return self.resource.collection(self.namespace)

    def covers(self, ref: ObjectRef) -> bool:
        """Is an object seen here?"""
        kind = (ref.group, ref.kind) == (self.resource.group, self.resource.kind)
        return kind and self.namespace in ("", ref.namespace) and self.name in ("", ref.name)

    def query(self, labels: str) -> Query:
        """The selector: the name, else our label, which keeps everybody else's objects out."""
        return (("fieldSelector", f"metadata.name={self.name}"),) if self.name else (("labelSelector", labels),)

    def __str__(self) -> str:
        inside = f" in {self.namespace}" if self.namespace else ""
        return f"{self.resource.plural}{f' {self.name}' if self.name else ''}{inside}"


def places(wanted: Iterable[Wanted], refused: Collection[Place]) -> tuple[Place, ...]:
    """Where to watch; what was refused is watched in smaller parts, or () of it where it cannot be."""
    by_kind: dict[Resource, set[ObjectRef]] = {}
    for one in wanted:
        by_kind.setdefault(one.resource, set()).add(one.ref)
    return tuple(place for resource, refs in by_kind.items() for place in _of_kind(resource, refs, refused))


def unwatched(wanted: Iterable[Wanted], chosen: Collection[Place]) -> tuple[Wanted, ...]:
    """Objects that no place covers."""
    return tuple(w for w in wanted if not any(place.covers(w.ref) for place in chosen))


def _of_kind(resource: Resource, refs: set[ObjectRef], refused: Collection[Place]) -> list[Place]:
    if resource.verbs and not {"list", "watch"} <= resource.verbs:
        return []
    namespaces = sorted({ref.namespace for ref in refs})
    wide = Place(resource)
    if (len(namespaces) >= _WIDE_FROM or not resource.namespaced) and wide not in refused:
        return [wide]
    narrow = [replace(wide, namespace=namespace) for namespace in namespaces]
    return [part for place in narrow for part in _or_names(place, [r for r in refs if place.covers(r)], refused)]


def _or_names(place: Place, refs: Collection[ObjectRef], refused: Collection[Place]) -> list[Place]:
    if place not in refused:
        return [place]
    named = [replace(place, name=ref.name) for ref in sorted(refs)]
    return [one for one in named if one not in refused] if len(named) <= _MOST_NAMES else []
