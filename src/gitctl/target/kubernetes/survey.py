"""Survey: what one look at many apps has read so far: states, certificates, and the live objects of all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gitctl.errors import GitctlError, Unauthenticated, Unreachable
from gitctl.model.manifest import ObjectRef
from gitctl.model.state import AppState
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.labelled import Labelled, Place, Wanted
from gitctl.target.kubernetes.proof.store import PART as CERTIFICATES
from gitctl.target.kubernetes.shelf import Shelf
from gitctl.target.kubernetes.state import PART as STATES
from gitctl.target.kubernetes.state import StateStore
from gitctl.target.kubernetes.verify import Sampler


class Survey:
    """Everything is read when it is first asked for, and then stays."""

    def __init__(self, client: Client, namespace: str, owners: Collection[str]) -> None:
        """`namespace` is the state namespace."""
        self._owners = frozenset(owners)
        self.states = Shelf(client, namespace, STATES, owners)
        self.certificates = Shelf(client, namespace, CERTIFICATES, owners)
        self.labelled = Labelled(client, owners)
        self.sampler = Sampler()
        self.places: frozenset[Place] = frozenset()
        self.known: dict[str, AppState] = {}

    def covers(self, owner: str) -> bool:
        """Is this one of the owners that are looked at?"""
        return owner in self._owners

    def read_states(self, store: StateStore) -> None:
        """Read all states. One that is damaged hides no other: whoever asks for it gets the error. Raises Unreachable, Unauthenticated."""
        for owner in self._owners:
            try:
                self.known[owner] = store.read(owner)
            except (Unreachable, Unauthenticated):
                raise
            except GitctlError:
                continue

    @property
    def refs(self) -> Iterator[tuple[ObjectRef, str]]:
        """All objects of the inventories, with their API versions."""
        return ((entry.ref, entry.api_version) for state in self.known.values() for entry in state.inventory)

    def expect(self, wanted: Collection[Wanted]) -> None:
        """All that will be asked for: where to list is chosen by that, and how many objects make a sample."""
        self.labelled.expect(wanted)
        self.places = frozenset((one.resource, one.ref.namespace) for one in wanted)
        self.sampler = Sampler(total=len(wanted))
