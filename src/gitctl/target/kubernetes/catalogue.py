"""Which kinds a cluster serves, as a run sees it: read once, and again when definitions come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from gitctl.model.manifest import ObjectRef
from gitctl.parallel import mutex
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.definitions import wait_served
from gitctl.target.kubernetes.discover import Kinds, discover
from gitctl.target.kubernetes.labelled import Wanted
from gitctl.target.kubernetes.resource import Resource, split_api_version

Refs = Sequence[tuple[ObjectRef, str]]


class Catalogue:
    """Nothing is asked before the first use."""

    def __init__(self, client: Callable[[], Client], cache: Path) -> None:
        """`client` may check first which cluster it is; `cache` is the user's cache folder."""
        self._client = client
        self._cache = cache
        self._looking = mutex()
        self._kinds: Kinds | None = None

    @property
    def kinds(self) -> Kinds:
        """All kinds. Raises ClusterError family errors."""
        if self._kinds is None:
            self._kinds = discover(self._client(), self._cache)
        return self._kinds

    def wait(self, kinds: Collection[tuple[str, str, str]]) -> None:
        """Wait until (group, kind, version or "") are served. Raises NotHealthy when one is not within a minute."""
        client = self._client()
        self._kinds = wait_served(client, kinds, lambda: discover(client, self._cache))

    def at_version(self, ref: ObjectRef, api_version: str) -> Resource | None:
        """The resource at just this version: discovery shows a new one some time after its definition was applied.

        None for a kind that is not served at all. Raises NotHealthy when it is not served at this version within a minute.
        """
        wanted = (ref.group, ref.kind, split_api_version(api_version)[1])
        with self._looking:
            if self.kinds.find(*wanted) is None and self.kinds.find(ref.group, ref.kind) is not None:
                self.wait([wanted])
        return self.kinds.find(*wanted)

    def resource(self, ref: ObjectRef, api_version: str = "") -> Resource | None:
        """The resource at the wanted version, else at the one that the server prefers."""
        version = split_api_version(api_version)[1] if api_version else ""
        return (self.kinds.find(ref.group, ref.kind, version) if version else None) or self.kinds.find(ref.group, ref.kind)

    def resolve(self, refs: Refs) -> tuple[list[Wanted], list[ObjectRef]]:
        """What can be asked for, and refs whose kind is not served."""
        found = [(ref, self.resource(ref, api_version)) for ref, api_version in refs]
        wanted = [Wanted(ref, resource) for ref, resource in found if resource is not None]
        return wanted, [ref for ref, resource in found if resource is None]

    def resolve_now(self, refs: Refs) -> tuple[list[Wanted], list[ObjectRef]]:
        """The same for a process that goes on: kinds come and go."""
        wanted, lost = self.resolve(refs)
        if not lost:
            return wanted, lost
        self._kinds = None
        return self.resolve(refs)
