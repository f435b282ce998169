"""KubernetesTarget: `protocols.Target` for one cluster. Each verb is one line that leads to its module."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from gitctl.errors import NotHealthy
from gitctl.model.app import Cluster
from gitctl.model.change import Action, Change, Comparison
from gitctl.model.fieldset import of_manager
from gitctl.model.lock import Holding
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.model.restoration import Restored, Undo
from gitctl.model.rights import Need, Rule, ServedKind
from gitctl.model.state import AppState, InventoryEntry
from gitctl.model.tree import Ancestry, Descent, Outlined
from gitctl.parallel import map_bounded, mutex
from gitctl.protocols import Cancel, CompareOptions, Emit, Following, Lock, Observed
from gitctl.target.kubernetes.acting import Actors
from gitctl.target.kubernetes.catalogue import Catalogue, Refs
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.compare import Desk, Pair
from gitctl.target.kubernetes.definitions import Registry
from gitctl.target.kubernetes.descend import descend, outlines
from gitctl.target.kubernetes.explain import Texts, explain
from gitctl.target.kubernetes.labelled import Labelled, Wanted
from gitctl.target.kubernetes.locate import locate, require_foreign
from gitctl.target.kubernetes.lock import Locks
from gitctl.target.kubernetes.lost import with_lost
from gitctl.target.kubernetes.observe import observe
from gitctl.target.kubernetes.openapi import PublishedSchemas, published
from gitctl.target.kubernetes.origin import climb, find_live
from gitctl.target.kubernetes.owned import owned
from gitctl.target.kubernetes.owner import marked
from gitctl.target.kubernetes.pin import read_uid, require_uid
from gitctl.target.kubernetes.places import missing_namespaces
from gitctl.target.kubernetes.proof.proofs import Proofs
from gitctl.target.kubernetes.rehearse import rehearse_change
from gitctl.target.kubernetes.release import release_change
from gitctl.target.kubernetes.remove import delete_change
from gitctl.target.kubernetes.resource import split_api_version
from gitctl.target.kubernetes.rights import held_rules, is_forbidden, permitted, user_name
from gitctl.target.kubernetes.state import StateStore
from gitctl.target.kubernetes.survey import Survey
from gitctl.target.kubernetes.trials import Trials
from gitctl.target.kubernetes.undo import restore_object
from gitctl.target.kubernetes.verify import Sampler, compare_all
from gitctl.target.kubernetes.watch import watch
from gitctl.target.kubernetes.write import apply_change


class KubernetesTarget:
    """A cluster. Nothing is asked of it before the first use; then its uid is checked against the pinned one before all else."""

    def __init__(
        self,
        cluster: Cluster,
        client: Client,
        *,
        cache: Path,
        accounts: Mapping[str, str] | None = None,
        clock: Callable[[int], int] = int,
    ) -> None:
        """`accounts` are service accounts (NAMESPACE/NAME) by owner id: they compare and apply that owner's objects.

        `cache` is the user's cache folder: discovery, lock notes and certificates are kept below it. `clock` maps the server's clock
        (seconds since 1970) to the one that certificates go by: tests let time pass.
        """
        self._cluster = cluster
        self._unchecked = client
        self._cache = cache
        self._mutex = mutex()
        self._uid = ""
        self._checked = False
        self._catalogue = Catalogue(self._client, cache)
        self._owners: dict[ObjectRef, str] = {}
        self._alarms: list[str] = []
        actors = Actors(self._client, accounts or {})
        self._looker, self._writer = actors.looker, actors.writer
        self._looked: Survey | None = None
        self._proofs = Proofs(client, cluster.state_namespace, cache, lambda: self._catalogue.kinds, acting=self._looker, clock=clock)

    @property
    def requests(self) -> int:
        """Requests made so far."""
        return self._unchecked.requests

    @property
    def warnings(self) -> tuple[str, ...]:
        """See Target."""
        return (*self._alarms, *(f"the API server says: {warning}" for warning in self._unchecked.warnings))

    @property
    def name(self) -> str:
        """The context."""
        return self._unchecked.access.endpoint.context

    @property
    def namespace(self) -> str:
        """The namespace of the context, "" when it names none: what kubectl would use."""
        return self._unchecked.access.endpoint.namespace

    @property
    def where(self) -> str:
        """Context and server, for messages."""
        return self._unchecked.where

    def identity(self) -> str:
        """The uid of kube-system. Raises Forbidden, Refused (not the pinned cluster), ClusterError."""
        client = self._client()
        if not self._uid:
            self._uid = read_uid(client)
        return self._uid

    def locate(self, manifests: Sequence[Manifest], *, kinds: frozenset[tuple[str, str]]) -> tuple[Manifest, ...]:
        """See Target. Where a namespace is needed and none is named: `default`, whatever the context says.

        Raises ManifestError for the state namespace too: no app may come to delete what it is remembered by.
        """
        require_foreign(manifests, self._cluster.state_namespace)
        return locate(manifests, self._catalogue.kinds, coming=kinds)

    def served(self, kinds: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], ServedKind]:
        """See Target."""
        found = ((key, self._catalogue.kinds.find(*key)) for key in kinds)
        return {key: ServedKind(one.group, one.kind, one.plural, one.namespaced) for key, one in found if one is not None}

    @contextmanager
    def survey(self, owners: Collection[str], *, wanted: Refs = ()) -> Iterator[None]:
        """See protocols.Survey. Raises Refused (not the pinned cluster), ClusterError."""
        self._looked = Survey(self._client(), self._cluster.state_namespace, owners)
        try:
            with self._proofs.survey(self._looked.certificates):
                self._looked.read_states(self._states())
                self._looked.expect(self._catalogue.resolve([*wanted, *self._looked.refs])[0])
                yield
        finally:
            self._looked = None

    def read_state(self, owner: str) -> AppState:
        """See Target."""
        known = self._looked.known.get(owner) if self._looked else None
        return known or self._states().read(owner)

    def write_state(self, state: AppState) -> AppState:
        """See Target."""
        return self._states().write(state)

    def list_states(self) -> tuple[AppState, ...]:
        """See Target. One that cannot be read hides no other: it is warned about."""
        states, damaged = self._states().list()
        told = (
            f"the state of {owner} cannot be read, and is left out of what is counted: `gitctl explain state-damaged`" for owner in damaged
        )
        self._alarms += [one for one in told if one not in self._alarms]
        return states

    def remove_state(self, owner: str) -> None:
        """See Target."""
        self._states().remove(owner)
        self._proofs.forget(owner)

    def lock(self, owner: str, *, timeout: float, emit: Emit, cancel: Cancel | None = None) -> AbstractContextManager[Lock]:
        """See Target."""
        return self._locks().hold(owner, timeout=timeout, emit=emit, cancel=cancel)

    def holding(self, owner: str, *, seconds: float, cancel: Cancel | None = None) -> Holding | None:
        """See Target."""
        return self._locks().holding(owner, seconds=seconds, cancel=cancel)

    def evict(self, owner: str, found: Holding, *, emit: Emit) -> AbstractContextManager[Lock]:
        """See Target."""
        return self._locks().evict(owner, found, emit=emit)

    def observe(self, owner: str, refs: Refs) -> Observed:
        """See Target. A kind that is not served: its objects are gone when its definition is, else unknown."""
        if not refs:
            return Observed({}, {})
        self._owners |= {ref: owner for ref, _ in refs}
        wanted, lost = self._catalogue.resolve(refs)
        seen = observe(self._labelled(owner), self._looker(owner), wanted)
        return with_lost(seen, lost, self._registry() if lost else None, self._catalogue.kinds)

    def owned(self, owner: str, *, namespaces: Collection[str]) -> tuple[InventoryEntry, ...]:
        """See Target."""
        return owned(self._looker(owner), self._catalogue.kinds, owner, namespaces)

    def compare(
        self, manifests: Sequence[Manifest], inventory: Mapping[ObjectRef, InventoryEntry], *, options: CompareOptions
    ) -> tuple[Comparison, ...]:
        """See Target."""
        if not manifests:
            return ()
        client = self._looker(options.owner)
        self._owners |= {m.ref: options.owner for m in manifests}
        wanted, lost = self._catalogue.resolve([(m.ref, m.api_version) for m in manifests])
        observed = self._observed(options.owner, wanted, inventory)
        served = {w.ref: w.resource for w in wanted}
        still = [ref for ref in lost if (ref.group, ref.kind) not in options.kinds]
        observed = with_lost(observed, still, self._registry() if still else None, self._catalogue.kinds)
        pairs = [Pair(m, served.get(m.ref), inventory.get(m.ref), (m.ref.group, m.ref.kind) in options.kinds) for m in manifests]
        sampler = self._looked.sampler if self._looked else Sampler()
        present = [(p.resource, p.manifest.ref.namespace) for p in pairs if p.resource and observed.objects.get(p.manifest.ref)]
        if present:
            self._proofs.begin(options.owner, present)
        compared = compare_all(Desk(client, observed, options, self._proofs, Trials(client)), pairs, sampler)
        self._alarms += compared.alarms
        self._proofs.keep_here(options.owner)
        return missing_namespaces(self._client(), compared.comparisons, options.namespaces)

    def keep_proofs(self, owner: str) -> str:
        """See Target."""
        return self._proofs.keep(owner)

    def apply(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """See Target. Takes fields by force that the comparison says were ours; with `force` all others too."""
        if change.action is Action.RELEASE:
            return self._release(change, owner)
        if change.comparison is None:
            return Outcome(change, OutcomeResult.FAILED, error="there is nothing to apply")
        try:
            resource = self._catalogue.at_version(change.ref, change.comparison.desired.api_version)
        except NotHealthy as late:
            return Outcome(change, OutcomeResult.FAILED, error=late.message, code=404)
        if resource is None:
            return Outcome(change, OutcomeResult.FAILED, error=f"the cluster does not serve {change.ref.kind}", code=404)
        scene = self._proofs.expect(owner, change.ref, resource)
        outcome = apply_change(self._writer(owner), resource, change, owner=owner, force=force)
        if outcome.live is not None:
            self._proofs.learn(owner, change.ref, marked(change.comparison.sent, owner), outcome.live, change.comparison.live, scene)
        return outcome

    def _release(self, change: Change, owner: str) -> Outcome:
        resource = self._catalogue.resource(change.ref)
        if resource is None:
            return Outcome(change, OutcomeResult.FAILED, error=f"the cluster does not serve {change.ref.kind}", code=404)
        return release_change(self._writer(owner), resource, change, owner=owner)

    def delete(self, change: Change, *, owner: str) -> Outcome:
        """See Target. The deletion runs in the background: the caller looks until the object is gone."""
        resource = self._catalogue.resource(change.ref)
        if resource is None:
            return Outcome(change, OutcomeResult.FAILED, error=f"the cluster does not serve {change.ref.kind}", code=404)
        return delete_change(self._writer(owner), resource, change, owner=owner)

    def rehearse(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """See Reversible."""
        wanted = change.comparison.desired.api_version if change.comparison else ""
        served = self._catalogue.kinds
        version = split_api_version(wanted)[1] if wanted else ""
        resource = served.find(change.ref.group, change.ref.kind, *([version] if version else []))
        if resource is None:
            return Outcome(change, OutcomeResult.NOT_TRIED, error="its kind is not served yet")
        return rehearse_change(self._writer(owner), resource, change, owner=owner, force=force)

    def restore(self, outcome: Outcome, *, owner: str) -> Restored:
        """See Reversible."""
        ref = outcome.change.ref
        before = (outcome.change.comparison.live if outcome.change.comparison else outcome.change.live) or {}
        resource = self._catalogue.resource(ref, str(before.get("apiVersion", "")))
        if resource is None:
            return Restored(ref, Undo.LEFT, f"the cluster does not serve {ref.kind} any more")
        return restore_object(self._writer(owner), resource, outcome)

    def conclude(self, outcomes: tuple[Outcome, ...], *, whole: bool) -> tuple[Outcome, ...]:
        """See Target: everything is written already."""
        del whole
        return outcomes

    def refresh(self, kinds: Collection[tuple[str, str]]) -> None:
        """See Target. Raises NotHealthy when a kind is not served within a minute."""
        self._catalogue.wait([(group, kind, "") for group, kind in kinds])

    def watch(self, refs: Refs, *, seconds: float) -> Iterator[tuple[ObjectRef, Json | None]]:
        """See Target. Objects whose kind is not served are reported as gone."""
        wanted, lost = self._catalogue.resolve(refs)
        yield from ((ref, None) for ref in lost)
        owners = {self._owners.get(ref, "") for ref, _ in refs}
        client = self._looker(next(iter(owners))) if len(owners) == 1 else self._client()
        yield from watch(client, wanted, owners=owners, seconds=seconds)

    def follow(self, wake: Callable[[], None]) -> Following:
        """See Followable. Raises ClusterError family errors."""
        from gitctl.target.kubernetes.follow.follower import Follower

        return Follower(self._client(), self._catalogue.resolve_now, wake)

    def explain(self, ref: ObjectRef, live: Json | None) -> tuple[Texts, Texts]:
        """See Target."""
        return explain(self._looker(self._owners.get(ref, "")), ref, live)

    def descendants(self, roots: Sequence[Json]) -> Descent:
        """See Lineage."""
        return descend(self._client(), roots, self._catalogue.kinds) if roots else Descent()

    def outlines(self, group: str, kind: str, namespaces: Collection[str]) -> Outlined:
        """See protocols.Outlines."""
        return outlines(self._client(), self._catalogue.kinds.find(group, kind), namespaces)

    def ancestors(self, live: Json) -> Ancestry:
        """See Lineage."""
        return climb(self._client(), live, self._catalogue.kinds)

    def find(self, word: str, name: str, namespaces: Sequence[str]) -> tuple[Json, ...]:
        """See Lineage."""
        return find_live(self._client(), self._catalogue.kinds, word, name, namespaces)

    @property
    def state_namespace(self) -> str:
        """See Permissions."""
        return self._cluster.state_namespace

    def held(self, owner: str, namespaces: Collection[str]) -> Mapping[str, tuple[Rule, ...]]:
        """See Permissions."""
        return held_rules(self._writer(owner), namespaces)

    def permitted(self, owner: str, needs: Collection[Need]) -> tuple[Need, ...]:
        """See Permissions."""
        return permitted(self._writer(owner), needs)

    def refuses(self, change: Change, *, owner: str) -> bool:
        """See Permissions."""
        resource = self._catalogue.resource(change.ref, change.comparison.desired.api_version) if change.comparison else None
        return resource is not None and is_forbidden(self._writer(owner), resource, change)

    def user(self, owner: str) -> str:
        """See Permissions."""
        return user_name(self._writer(owner))

    def schemas(self, *, offline: bool = False) -> PublishedSchemas:
        """What the server publishes about its kinds; `offline`: as it was kept from an earlier run. Raises as `published` does."""
        return published(self._unchecked if offline else self._client(), self._cache, offline=offline)

    def fields_owned(self, live: Json) -> str:
        """See Target."""
        return of_manager(live, FIELD_MANAGER).canonical()

    def _client(self) -> Client:
        """The client, once the cluster is known to be the pinned one. Raises Refused, ClusterError."""
        with self._mutex:
            if not self._checked:
                if self._cluster.uid:
                    self._uid = read_uid(self._unchecked)
                    require_uid(self._cluster, self._uid, self._unchecked)
                self._checked = True
        return self._unchecked

    def _locks(self) -> Locks:
        return Locks(self._client(), self._cluster.state_namespace, self._cache / "locks")

    def _states(self) -> StateStore:
        return StateStore(self._client(), self._cluster.state_namespace, self._looked.states if self._looked else None)

    def _observed(self, owner: str, wanted: Sequence[Wanted], inventory: Collection[ObjectRef]) -> Observed:
        """The live objects; at the same time what certificates are judged by, where there may be some: of what was applied before."""
        places = {(one.resource, one.ref.namespace) for one in wanted if one.ref in inventory}
        observed: list[Observed] = []
        reads: list[Callable[[], None]] = [lambda: observed.append(observe(self._labelled(owner), self._looker(owner), wanted))]
        if places:
            places |= self._looked.places if self._looked else set()
            reads.append(lambda: self._proofs.begin(owner, places))
        map_bounded(lambda read: read(), reads, limit=2)
        return observed[0]

    def _labelled(self, owner: str) -> Labelled:
        """What carries the owner's label: read for many at once, but for whom an account of its own looks."""
        looker = self._looker(owner)
        if self._looked and self._looked.covers(owner) and looker is self._client():
            return self._looked.labelled
        return Labelled(looker, (owner,))

    def _registry(self) -> Registry:
        return Registry.read(self._client())
