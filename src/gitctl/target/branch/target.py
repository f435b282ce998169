"""BranchTarget: `protocols.Target` for one branch of one repository. Writes are gathered and land in one commit, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path as FilePath

from gitctl.errors import StateMoved
from gitctl.model.change import Action, Change, Comparison, Proof
from gitctl.model.fieldset import of_manager
from gitctl.model.lock import Holding
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.outcome import Event, EventKind, Outcome, OutcomeResult
from gitctl.model.rights import ServedKind
from gitctl.model.state import AppState, InventoryEntry
from gitctl.parallel import Deadline
from gitctl.protocols import Cancel, CompareOptions, Emit, Lock, Observed
from gitctl.refs import STATE_REFS, RefMove, Refs
from gitctl.target.branch import states
from gitctl.target.branch.check import check_manifests
from gitctl.target.branch.files import as_live, body_of, content_of, uid_of, written
from gitctl.target.branch.hands import Hands
from gitctl.target.branch.lock import RefLock
from gitctl.target.branch.message import message_of
from gitctl.target.branch.place import Place
from gitctl.target.branch.snapshot import Homes, Snapshot
from gitctl.target.branch.states import Stored

_DROPPED = "nothing was committed: a sync into a branch is whole or not at all"
_DONE = (OutcomeResult.APPLIED, OutcomeResult.DELETED)


def _silent(_: Event) -> None:
    """Tell nobody."""


class BranchTarget:
    """A branch with its apps. The repository is asked at the first use, and again under the lock."""

    namespace = ""

    def __init__(self, refs: Refs, homes: Homes, *, cache: FilePath) -> None:
        """`cache` is the user's cache folder: lock notes are kept below it."""
        self._refs = refs
        self._homes = homes
        self._notes = cache / "locks"
        self._emit: Emit = _silent
        self._branch = Place(homes.branch, "")
        self._now: Snapshot | None = None
        self._owners: dict[ObjectRef, str] = {}
        self._planned_at: dict[str, str] = {}
        self._gathered: dict[str, dict[str, bytes | None]] = {}
        self._held: list[RefLock] = []

    @property
    def name(self) -> str:
        """The branch."""
        return self._homes.branch

    @property
    def warnings(self) -> tuple[str, ...]:
        """See Target."""
        snapshot = self._now
        if snapshot is None:
            return self._refs.warnings
        former = [(owner, one.place) for owner in self._homes.folders for one in snapshot.former(owner)]
        return (*self._refs.warnings, *(self._moving(owner, place) for owner, place in former))

    def _moving(self, owner: str, place: Place) -> str:
        """What becomes of files where a former configuration put them."""
        if place.branch == self.name:
            return f"{owner} was last written to {place}: the next sync moves it to {self._homes.place(owner)}"
        return f"{owner} was last written to {place}: the files there stay; remove them by hand when nothing reads that branch any more"

    def identity(self) -> str:
        """Repository and branch."""
        return f"{self._refs.where} {self.name}"

    def locate(self, manifests: Sequence[Manifest], *, kinds: frozenset[tuple[str, str]]) -> tuple[Manifest, ...]:
        """See Target: whoever applies the branch knows the kinds. Raises Refused for objects that hold a secret in the open."""
        del kinds
        check_manifests(manifests, self._branch)
        return tuple(manifests)

    def served(self, kinds: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], ServedKind]:
        """See Target: none."""
        del kinds
        return {}

    def read_state(self, owner: str) -> AppState:
        """See Target. The token is that of the state and of the branch: a plan holds for both."""
        return self._with_token(self._look().stored(owner))

    def write_state(self, state: AppState) -> AppState:
        """See Target. The commit with the manifests, and the state that knows of it, become visible in one step."""
        look = self._look()
        before = look.stored(state.owner)
        if state.token.partition(":")[0] != before.sha:
            raise StateMoved(f"the state of {state.owner} was changed by another run", hint="run the command again")
        confirmed = state.acknowledged != before.state.acknowledged
        new, commit = self._with_commit(replace(before, state=replace(state, token="")), confirmed=confirmed)
        new = states.write(self._refs, new)
        moves = [RefMove(self._branch.ref, look.tip, commit)] if commit else []
        moves.append(RefMove(new.ref, before.sha, new.sha))
        moves += [RefMove(one.ref, one.sha, "") for one in look.former(state.owner)]
        self._move(moves)
        if commit:
            self._emit(Event(EventKind.STEP, self._committed(commit)))
        return self._with_token(new)

    def _with_commit(self, new: Stored, *, confirmed: bool) -> tuple[Stored, str]:
        """The state with what was gathered for it in a commit; "" where there is nothing to commit.

        `confirmed`: the whole app is known to be as a revision wants it.
        """
        state, look = new.state, self._look()
        files = self._gathered.pop(state.owner, {})
        if not states.is_closing(state):
            return new, ""
        confirmed = confirmed or (bool(files) and states.is_whole(state))
        if confirmed:
            files |= {path: None for path in new.leaves if path not in (*files, *new.paths)}
            new = replace(new, leaves=(), seen=look.tip)
        if not files:
            return new, ""
        if self._planned_at.get(state.owner, look.tip) != look.tip:
            raise StateMoved(f"the branch {self.name} was changed by somebody else meanwhile", hint="run the command again")
        record = state.records[-1]
        commit = self._refs.commit(files, message_of(state.owner, record), parent=look.tip)
        if commit == look.tip:
            return new, ""
        records = (*state.records[:-1], replace(record, commit=commit))
        seen = commit if confirmed or not new.seen else new.seen
        return replace(new, seen=seen, state=replace(state, records=records)), commit

    def _committed(self, commit: str) -> str:
        how = "pushed" if self._refs.shared else "not pushed: others see it after a push (--push)"
        return f"committed {commit[:8]} to {self.name}, {how}"

    def list_states(self) -> tuple[AppState, ...]:
        """See Target: those of apps in this branch."""
        return tuple(self._with_token(stored) for stored in self._look().all if stored.place.branch == self.name)

    def keep_proofs(self, owner: str) -> str:  # noqa: ARG002
        """See Target. A branch holds what it was given: there is nothing to prove."""
        return ""

    def remove_state(self, owner: str) -> None:
        """See Target. Deletes that were gathered become visible in the same step."""
        look = self._look()
        stored = look.stored(owner)
        if not stored.sha:
            return
        files = self._gathered.pop(owner, {})
        commit = self._refs.commit(files, message_of(owner, stored.state.records[-1]), parent=look.tip) if files else ""
        moves = [RefMove(self._branch.ref, look.tip, commit)] if commit else []
        self._move([*moves, RefMove(stored.ref, stored.sha, "")])
        if commit:
            self._emit(Event(EventKind.STEP, self._committed(commit)))

    @contextmanager
    def lock(self, owner: str, *, timeout: float, emit: Emit, cancel: Cancel | None = None) -> Iterator[Lock]:
        """See Target. Raises Refused when a work tree has the branch checked out."""
        self._look()
        self._refs.require_writable(self._branch.ref)
        lock = self._lock(owner)
        with lock.held(timeout=timeout, emit=emit, cancel=cancel), self._under(lock):
            self._emit, self._now = emit, None
            yield lock

    def holding(self, owner: str, *, seconds: float, cancel: Cancel | None = None) -> Holding | None:
        """See Target."""
        return self._lock(owner).holding(seconds=seconds, cancel=cancel)

    @contextmanager
    def evict(self, owner: str, found: Holding, *, emit: Emit) -> Iterator[Lock]:
        """See Target."""
        lock = self._lock(owner)
        with lock.evicting(found), self._under(lock):
            self._emit, self._now = emit, None
            yield lock

    def _lock(self, owner: str) -> RefLock:
        return RefLock(self._refs, self._look().place(owner).lock_ref(owner), owner, notes=self._notes)

    @contextmanager
    def _under(self, lock: RefLock) -> Iterator[None]:
        """While inside, whatever is written moves the lock along."""
        self._held.append(lock)
        try:
            yield
        finally:
            self._held.remove(lock)

    def observe(self, owner: str, refs: Sequence[tuple[ObjectRef, str]]) -> Observed:
        """See Target."""
        look, place = self._look(), self._look().place(owner)
        entries = {e.ref: e for e in look.stored(owner).state.inventory}
        files, hands = look.files(owner), look.hands(owner)
        self._owners |= {ref: owner for ref, _ in refs}
        objects: dict[ObjectRef, Json | None] = {}
        for ref, _ in refs:
            content = files.get(place.path(ref))
            objects[ref] = None
            if content is not None:
                objects[ref] = _live(content, ref, place, look.owner_of(ref, owner, entries.get(ref), hands))
        return Observed(objects, {})

    def owned(self, owner: str, *, namespaces: Collection[str]) -> tuple[InventoryEntry, ...]:
        """See Target: none. Without its state an app's files are nobody's, and can be adopted."""
        del owner, namespaces
        return ()

    def compare(
        self, manifests: Sequence[Manifest], inventory: Mapping[ObjectRef, InventoryEntry], *, options: CompareOptions
    ) -> tuple[Comparison, ...]:
        """See Target. An apply leaves exactly what is wanted, so there is nothing to try."""
        owner, look = options.owner, self._look()
        self._planned_at[owner] = look.tip
        self._owners |= {m.ref: owner for m in manifests}
        hands = look.hands(owner)
        return tuple(self._compare(look, m, inventory.get(m.ref), hands, options) for m in manifests)

    def _compare(
        self, look: Snapshot, manifest: Manifest, entry: InventoryEntry | None, hands: Hands, options: CompareOptions
    ) -> Comparison:
        ref, place = manifest.ref, self._look().place(options.owner)
        content = look.files(options.owner).get(place.path(ref))
        if content is None:
            deleted = hands.deleter(place.path(ref)) if entry is not None and entry.uid else ()
            return Comparison(manifest, None, None, written(manifest, manifest.body), taken=deleted)
        owner = look.owner_of(ref, options.owner, entry, hands)
        there = body_of(content, ref, where=place.path(ref))
        live = as_live(there, ref, place, owner=owner)
        body = written(manifest, options.prepare(manifest, live))
        found = Comparison(manifest, live, as_live(body, ref, place, owner=owner), body, owner=owner, proof=Proof.SERVER)
        if owner != options.owner or there == body:
            return found
        taken, additions = hands.losses(place.path(ref), ref, there)
        return replace(found, taken=taken, additions=additions)

    def apply(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """See Target. The file is gathered for the commit that closes the record. Released files stay: they carry no mark."""
        del force
        if change.action is Action.RELEASE:
            return Outcome(change, OutcomeResult.APPLIED, live=change.live)
        wanted = change.comparison
        if wanted is None:
            return Outcome(change, OutcomeResult.FAILED, error="there is nothing to apply")
        place = self._look().place(owner)
        self._gather(owner, place.path(change.ref), content_of(wanted.desired, wanted.sent))
        return Outcome(change, OutcomeResult.APPLIED, live=as_live(wanted.sent, change.ref, place, owner=owner))

    def delete(self, change: Change, *, owner: str) -> Outcome:
        """See Target. The commit fails when the branch has moved since the plan, so what was planned is what is there."""
        place = self._look().place(owner)
        if change.live_uid != uid_of(change.ref, place):
            return Outcome(change, OutcomeResult.FAILED, error="the file is not where it was", code=409)
        self._gather(owner, place.path(change.ref), None)
        return Outcome(change, OutcomeResult.DELETED)

    def conclude(self, outcomes: tuple[Outcome, ...], *, whole: bool) -> tuple[Outcome, ...]:
        """See Target. Half of a release is worse than none: whoever applies the branch would apply that half."""
        if whole and all(o.result in _DONE for o in outcomes):
            return outcomes
        self._gathered.clear()
        return tuple(_dropped(o) if o.result in _DONE else o for o in outcomes)

    def refresh(self, kinds: Collection[tuple[str, str]]) -> None:
        """See Target: nothing is served from a branch."""

    def watch(self, refs: Sequence[tuple[ObjectRef, str]], *, seconds: float) -> Iterator[tuple[ObjectRef, Json | None]]:
        """See Target. Files do not change by themselves: each is told once."""
        for ref, _ in refs:
            yield ref, self._to_be(ref)
        Deadline(seconds).sleep(seconds)

    def _to_be(self, ref: ObjectRef) -> Json | None:
        """An object as the next commit has it."""
        owner = self._owners.get(ref, "")
        place = self._look().place(owner)
        path = place.path(ref)
        gathered = self._gathered.get(owner, {})
        content = gathered[path] if path in gathered else self._look().files(owner).get(path)
        return None if content is None else _live(content, ref, place, owner)

    def explain(self, ref: ObjectRef, live: Json | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """See Target: nothing runs here."""
        del ref, live
        return (), ()

    def fields_owned(self, live: Json) -> str:
        """See Target."""
        return of_manager(live, FIELD_MANAGER).canonical()

    def publish(self) -> bool:
        """Push what earlier runs left here; False when there was nothing. Raises SourceError, StateMoved."""
        self._look()
        return bool(self._refs.publish())

    def _look(self) -> Snapshot:
        if self._now is None:
            self._now = Snapshot(self._refs, self._homes, self._refs.tips(self._branch.ref, STATE_REFS))
        return self._now

    def _move(self, moves: Sequence[RefMove]) -> None:
        """Move refs, under the locks that are held; what is known of them goes along."""
        look = self._look()
        fences = [(lock, lock.fence()) for lock in self._held]
        try:
            self._refs.move([*moves, *(fence for _, fence in fences)])
        except StateMoved:
            for lock in self._held:
                lock.require_ours()
            raise
        for lock, fence in fences:
            lock.fenced(fence)
        self._now = look.after({m.ref: m.new for m in moves})

    def _with_token(self, stored: Stored) -> AppState:
        return replace(stored.state, token=f"{stored.sha}:{self._look().tip}" if stored.sha else "")

    def _gather(self, owner: str, path: str, content: bytes | None) -> None:
        self._gathered.setdefault(owner, {})[path] = content


def _live(content: bytes, ref: ObjectRef, place: Place, owner: str) -> Json:
    return as_live(body_of(content, ref, where=place.path(ref)), ref, place, owner=owner)


def _dropped(outcome: Outcome) -> Outcome:
    """What was gathered in vain. Letting an object go is a matter of the inventory, and holds."""
    if outcome.change.action in (Action.ORPHAN, Action.RELEASE):
        return outcome
    return replace(outcome, result=OutcomeResult.NOT_TRIED, live=None, error=_DROPPED)
