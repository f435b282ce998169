"""Where wanted objects go: Target, with its Lock and what a comparison is asked with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from gitctl.model.certificate import Verify
from gitctl.model.change import Change, Comparison
from gitctl.model.lock import Holding
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.observed import Observed
from gitctl.model.outcome import Event, Outcome
from gitctl.model.rights import ServedKind
from gitctl.model.rival import Rival
from gitctl.model.state import AppState, InventoryEntry

Emit = Callable[[Event], None]


class Cancel(Protocol):
    """Asked between steps: has the user pressed Ctrl-C, or is the time over?"""

    def requested(self) -> bool:
        """True once nothing new may start."""
        ...


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How a comparison is made.

    `namespaces` and `kinds` (group, kind) are created by the same selection; `prepare(manifest, live)` gives the body to send
    (ignored fields left out: plan/ignore.py); `adopt` folds earlier managers, `adopt_from` those of these controllers too;
    `former` are other owner ids whose objects are ours now; `keep_additions` leaves human additions alone;
    `verify`: how many proven objects are asked about all the same.
    """

    owner: str
    prepare: Callable[[Manifest, Json], Json]
    namespaces: frozenset[str] = frozenset()
    kinds: frozenset[tuple[str, str]] = frozenset()
    adopt: bool = False
    keep_additions: bool = False
    adopt_from: frozenset[Rival] = frozenset()
    former: frozenset[str] = frozenset()
    verify: Verify = Verify.SAMPLE


class Lock(Protocol):
    """A held lock."""

    def check(self) -> None:
        """Raise Locked when the lock is lost or may be: called before every write."""
        ...


class Target(Protocol):
    """Where wanted objects go. All methods raise ClusterError family errors when the target cannot be used at all."""

    @property
    def name(self) -> str:
        """What people call the target: the context, or the branch."""
        ...

    @property
    def namespace(self) -> str:
        """Where objects go that name no namespace and whose app names none; "" where the target has no such thing."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the target warns about so far, such as deprecated versions, or a proof of its own that was wrong; each once."""
        ...

    def locate(self, manifests: Sequence[Manifest], *, kinds: frozenset[tuple[str, str]]) -> tuple[Manifest, ...]:
        """The manifests with their scope settled (namespace dropped for cluster scope). Raises ManifestError for a kind
        that neither the target nor `kinds` knows, naming the likely CRD."""
        ...

    def served(self, kinds: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], ServedKind]:
        """How rules of access name these kinds (group, kind); those that the target does not serve are left out."""
        ...

    def read_state(self, owner: str) -> AppState:
        """The stored state; an empty one when there is none."""
        ...

    def write_state(self, state: AppState) -> AppState:
        """Store, and in the same step carry out what was gathered for this owner id; the result carries the new token. Raises
        StateMoved when the token is not the stored one."""
        ...

    def list_states(self) -> tuple[AppState, ...]:
        """All states in the state namespace."""
        ...

    def remove_state(self, owner: str) -> None:
        """Forget an owner id, if there is anything to forget, and in the same step carry out what was gathered for it."""
        ...

    def lock(self, owner: str, *, timeout: float, emit: Emit, cancel: Cancel | None = None) -> AbstractContextManager[Lock]:
        """Hold the app's lock. Raises Locked, naming the holder, after `timeout` seconds (0: at once); Interrupted while waiting."""
        ...

    def holding(self, owner: str, *, seconds: float, cancel: Cancel | None = None) -> Holding | None:
        """Who holds the app's lock, None when nobody does. Watches for at most `seconds` whether the holder lives. Writes nothing."""
        ...

    def evict(self, owner: str, found: Holding, *, emit: Emit) -> AbstractContextManager[Lock]:
        """Take the app's lock from the holder that was found, and hold it: that run writes nothing more once this is entered.

        Raises Locked when another run has it by now."""
        ...

    def observe(self, owner: str, refs: Sequence[tuple[ObjectRef, str]]) -> Observed:
        """The live objects of (ref, api version) pairs: one LIST a kind by owner label, GETs for the rest."""
        ...

    def compare(
        self, manifests: Sequence[Manifest], inventory: Mapping[ObjectRef, InventoryEntry], *, options: CompareOptions
    ) -> tuple[Comparison, ...]:
        """Compare wanted with live, in the same order, by forced dry-run or certificate. Failures per object are values."""
        ...

    def keep_proofs(self, owner: str) -> str:
        """At a sync's end: store what it learnt, so that later comparisons need not ask. Best effort: why that failed, else ""."""
        ...

    def owned(self, owner: str, *, namespaces: Collection[str]) -> tuple[InventoryEntry, ...]:
        """What carries the owner id, whatever the state says; entries have no revision and no digest. Dear: for a lost state.

        Where not the whole target may be looked through, `namespaces` are."""
        ...

    def apply(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """Create, update, adopt, replace or release one object. Never raises for the object's own failure."""
        ...

    def delete(self, change: Change, *, owner: str) -> Outcome:
        """Delete one object under the preconditions of design.md §5.6 (asked again on the live object)."""
        ...

    def conclude(self, outcomes: tuple[Outcome, ...], *, whole: bool) -> tuple[Outcome, ...]:
        """The end of a run's writes; `whole`: nothing failed. A target that gathers them drops them now, or keeps them for the state."""
        ...

    def refresh(self, kinds: Collection[tuple[str, str]]) -> None:
        """Wait until newly applied definitions are served, and forget cached discovery."""
        ...

    def watch(self, refs: Sequence[tuple[ObjectRef, str]], *, seconds: float) -> Iterator[tuple[ObjectRef, Json | None]]:
        """Current objects first, then every change (None: gone), until `seconds` passed. May also yield nothing for a
        while: callers close the iterator to stop."""
        ...

    def explain(self, ref: ObjectRef, live: Json | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Events (newest last) and last log lines of a failing object's pods; empty when there are none."""
        ...

    def fields_owned(self, live: Json) -> str:
        """Our canonical FieldsV1 JSON on a live object, "" when we own nothing."""
        ...

    def identity(self) -> str:
        """The cluster's uid (of kube-system), or the branch's URL."""
        ...
