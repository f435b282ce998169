"""Labelled: live objects by the label of their owners, each collection read once, however many apps ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import OWNER_LABEL, label, owner_label
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.exchange import Response
from gitctl.target.kubernetes.lists import Unlistable, list_all
from gitctl.target.kubernetes.resource import Resource

WIDE_FROM = 4
"""From so many namespaces on, one LIST of the whole cluster."""

_LONGEST_SELECTOR = 3000
"""Characters: what still fits in a URL that proxies let through."""

Place = tuple[Resource, str]
"""A kind, and a namespace ("" for the whole cluster)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object to look at, and the resource that serves it."""

    ref: ObjectRef
    resource: Resource


class Labelled:
    """The live objects of some owners. What was read stays: this is for one look."""

    def __init__(self, client: Client, owners: Collection[str]) -> None:
        """Reads nothing yet."""
        self._client = client
        self._labels = frozenset(map(owner_label, owners))
        self._read: dict[Place, dict[ObjectRef, Json] | Response] = {}
        self._namespaces: dict[Resource, set[str]] = {}
        self._counts: dict[Resource, int] = {}

    def expect(self, wanted: Iterable[Wanted]) -> None:
        """Say what will be asked for, by all owners together: by that it is chosen where to list."""
        for one in wanted:
            self._namespaces.setdefault(one.resource, set()).add(one.ref.namespace)
            self._counts[one.resource] = self._counts.get(one.resource, 0) + 1

    def expected(self, resource: Resource) -> int:
        """How many objects of a kind will be asked for, as far as that is known."""
        return self._counts.get(resource, 0)

    def scopes(self, resource: Resource, namespaces: Collection[str]) -> list[str]:
        """Where to list for these namespaces: in each of a few, else "" for the whole cluster."""
        known = self._namespaces.setdefault(resource, set())
        known |= set(namespaces)
        return [""] if len(known) >= WIDE_FROM else sorted(namespaces)

    def read(self, places: Collection[Place]) -> list[dict[ObjectRef, Json] | Response]:
        """The objects in places, or the server's refusal, in their order."""
        new = [place for place in dict.fromkeys(places) if place not in self._read]
        self._read |= dict(zip(new, map_bounded(self._list, new, limit=WORKERS), strict=True))
        return [self._read[place] for place in places]

    def _list(self, place: Place) -> dict[ObjectRef, Json] | Response:
        resource, namespace = place
        try:
            items = list_all(self._client, resource.collection(namespace), (("labelSelector", self._selector()),))
        except Unlistable as refused:
            return refused.answer
        return {ref_of(item, resource): item for item in items if label(item, OWNER_LABEL) in self._labels}

    def _selector(self) -> str:
        names = sorted(self._labels)
        if len(names) == 1:
            return f"{OWNER_LABEL}={names[0]}"
        text = f"{OWNER_LABEL} in ({','.join(names)})"
        return text if len(text) <= _LONGEST_SELECTOR else OWNER_LABEL


def ref_of(live: Json, resource: Resource) -> ObjectRef:
    """The identity of a live object."""
    metadata = live["metadata"]
    return ObjectRef(resource.group, resource.kind, metadata.get("namespace", "") if resource.namespaced else "", metadata["name"])
