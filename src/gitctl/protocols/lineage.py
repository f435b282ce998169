"""Targets in which objects make others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable

from gitctl.model.manifest import Json
from gitctl.model.tree import Ancestry, Descent, Outlined


@runtime_checkable
class Lineage(Protocol):
    """A target in which objects make others: a Deployment ReplicaSets, those Pods. Targets without such a thing leave it out."""

    def descendants(self, roots: Sequence[Json]) -> Descent:
        """What live objects own. Looks only at kinds that theirs may own, in their namespaces, one LIST each."""
        ...

    def ancestors(self, live: Json) -> Ancestry:
        """Who owns a live object, up to the top."""
        ...

    def find(self, word: str, name: str, namespaces: Sequence[str]) -> tuple[Json, ...]:
        """The live objects of a kind as people type it (`deploy`, `pods`, `Deployment.apps`) and a name, in any of some namespaces.

        Raises InputError for a kind that is not served, Forbidden, ClusterError."""
        ...


@runtime_checkable
class Outlines(Protocol):
    """A target that lists objects without their content."""

    def outlines(self, group: str, kind: str, namespaces: Collection[str]) -> Outlined:
        """All objects of a kind in some namespaces, with their metadata alone where that says all about their health (Secrets)."""
        ...
