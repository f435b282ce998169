"""Recording: the record of a run is opened before the first write and closed at its end, whatever happens between."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitctl.errors import GitctlError
from gitctl.health.assess import assess
from gitctl.history.find import is_good
from gitctl.history.record import close_record, mark_interrupted, open_record
from gitctl.model.app import App
from gitctl.model.change import Action, Comparison
from gitctl.model.health import HealthState, worst
from gitctl.model.manifest import Manifest, ObjectRef
from gitctl.model.marks import uid
from gitctl.model.outcome import ObjectHealth, Outcome, OutcomeResult
from gitctl.model.record import Counts, Record, RecordResult, RecordVerb
from gitctl.model.restoration import Restored, Undo
from gitctl.model.revision import Revision
from gitctl.model.state import Acknowledged, AppState, Hold, InventoryEntry
from gitctl.plan.fields import named_path
from gitctl.workflow.budget import with_deletions
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Planned


def revision_id(revision: Revision) -> str:
    """The commit, marked when uncommitted files were part of what was applied."""
    return f"{revision.sha}-dirty" if revision.dirty else revision.sha


@dataclass(slots=True)
class Recording:
    """An open record: `state` is what is stored now."""

    planned: Planned
    parts: Parts
    state: AppState

    @classmethod
    def open(
        cls, planned: Planned, parts: Parts, verb: RecordVerb, *, rollback: tuple[int, int] = (0, 0), hold: Hold | None = None
    ) -> Recording:
        """Store the union of old and new inventory, an open record, and a hold: it must bind also when this run dies. Raises StateMoved."""
        state = mark_interrupted(_counted(planned, parts), at=parts.timestamp())
        state = replace(state, hold=hold or state.hold)
        wanted = [m for m in _manifests(planned) if state.entry(m.ref) is None]
        state = replace(state, inventory=(*state.inventory, *(InventoryEntry(m.ref, m.api_version) for m in wanted)))
        return cls(planned, parts, _stored(open_record(state, _opened(planned, parts, verb, rollback)), planned.app, parts))

    def close(
        self,
        outcomes: tuple[Outcome, ...],
        health: tuple[ObjectHealth, ...],
        *,
        error: GitctlError | None,
        release: bool,
    ) -> Record:
        """Store what is owned now and how the run ended. Raises StateMoved, ClusterError."""
        inventory = self._inventory(outcomes, health)
        record = replace(
            self.state.records[-1],
            result=_result(self.planned, outcomes, health, error, interrupted=self.parts.cancel.requested()),
            counts=_counts(self.planned, outcomes),
            health=worst(tuple(h.health.state for h in health)).value if health else "",
            message=str(error) if error else "",
            finished=self.parts.timestamp(),
        )
        state = replace(close_record(self.state, record), inventory=inventory, pruned_at=self._pruned(outcomes))
        if record.result in (RecordResult.SUCCEEDED, RecordResult.UNHEALTHY) and not record.partial:
            state = replace(state, acknowledged=acknowledged(self.planned, self.parts))
        if release:
            state = replace(state, hold=None)
        self.state = self.parts.target.write_state(state)
        return self.state.records[-1]

    def turn_back(self, outcomes: tuple[Outcome, ...], health: tuple[ObjectHealth, ...], *, why: str) -> Record:
        """Close the record as failed and open that of the restoration, in one step: a run that dies in it has said so.

        What was deleted stays in the inventory, for it comes back. Raises StateMoved, ClusterError."""
        attempt = replace(
            self.state.records[-1],
            result=RecordResult.FAILED,
            counts=_counts(self.planned, outcomes),
            health=worst(tuple(h.health.state for h in health)).value if health else "",
            message=why,
            finished=self.parts.timestamp(),
        )
        entries = {e.ref: e for e in self.state.inventory} | {e.ref: e for e in self._inventory(outcomes, health)}
        state = replace(close_record(self.state, attempt), inventory=tuple(entries.values()), pruned_at=self._pruned(outcomes))
        opened = _restoring(attempt, self.state.acknowledged, self.parts)
        self.state = self.parts.target.write_state(open_record(state, opened))
        return attempt

    def put_back(self, restored: tuple[Restored, ...], outcomes: tuple[Outcome, ...]) -> Record:
        """Close the record of the restoration. The inventory is what it was, with what was created anew, and what had to stay."""
        left = tuple(one for one in restored if one.reason)
        record = replace(
            self.state.records[-1],
            result=RecordResult.PARTIAL if left else RecordResult.SUCCEEDED,
            counts=_restored_counts(restored),
            message="; ".join([self.state.records[-1].message, *_not_as_before(left)]),
            finished=self.parts.timestamp(),
        )
        inventory = self._inventory_before(restored, outcomes)
        self.state = self.parts.target.write_state(replace(close_record(self.state, record), inventory=inventory))
        return self.state.records[-1]

    def _inventory_before(self, restored: tuple[Restored, ...], outcomes: tuple[Outcome, ...]) -> tuple[InventoryEntry, ...]:
        before, entries = {e.ref: e for e in self.planned.state.inventory}, {e.ref: e for e in self.state.inventory}
        for outcome in outcomes:
            ref = outcome.change.ref
            never = outcome.change.action is Action.CREATE and outcome.result is not OutcomeResult.APPLIED and outcome.halt is None
            if never and ref not in before:
                entries.pop(ref, None)
        for one in restored:
            if one.result is Undo.DELETED or (one.result is not Undo.LEFT and one.ref not in before):
                entries.pop(one.ref, None)
            elif one.result is not Undo.LEFT and one.live is not None:
                fields = self.parts.target.fields_owned(one.live)
                entries[one.ref] = replace(before[one.ref], uid=uid(one.live), fields=fields)
        return tuple(entries.values())

    def _inventory(self, outcomes: tuple[Outcome, ...], health: tuple[ObjectHealth, ...]) -> tuple[InventoryEntry, ...]:
        entries = {e.ref: e for e in self.state.inventory}
        entries.update(unchanged_entries(self.planned, self.parts))
        for outcome in outcomes:
            ref = outcome.change.ref
            if outcome.result is OutcomeResult.DELETED or _has_left(outcome):
                entries.pop(ref, None)
            elif outcome.result is OutcomeResult.APPLIED and outcome.live and outcome.change.comparison:
                entries[ref] = _entry(outcome.change.comparison.desired, outcome.live, self.planned, self.parts)
        for ref in self.planned.plan.gone:
            entries.pop(ref, None)
        done = {h.ref for h in health if h.health.state is HealthState.HEALTHY and h.ref.kind == "Job"}
        return tuple(replace(e, completed=e.completed or e.ref in done) for e in entries.values())

    def _pruned(self, outcomes: tuple[Outcome, ...]) -> tuple[tuple[str, int], ...]:
        deleted = sum(o.result is OutcomeResult.DELETED for o in outcomes)
        return with_deletions(self.state.pruned_at, deleted, self.parts)


def _counted(planned: Planned, parts: Parts) -> AppState:
    """The state with the deletes of a run that died before it could count them: what is gone since counts as its doing, at its time."""
    state = planned.state
    if not state.has_died:
        return state
    gone = set(planned.plan.gone)
    left = tuple(e for e in state.inventory if e.ref not in gone)
    died = next(record.started for record in reversed(state.records) if record.result is RecordResult.OPEN)
    counted = with_deletions(state.pruned_at, len(state.inventory) - len(left), parts, at=died)
    return replace(state, inventory=left, pruned_at=counted)


def _has_left(outcome: Outcome) -> bool:
    """Has an object that stays left the inventory?"""
    released = outcome.change.action is Action.RELEASE and outcome.result is OutcomeResult.APPLIED
    return released or outcome.change.action is Action.ORPHAN


def unchanged_entries(planned: Planned, parts: Parts) -> dict[ObjectRef, InventoryEntry]:
    """Inventory entries of the objects that needed nothing: acknowledged at this revision all the same."""
    known = {e.ref: e for e in planned.state.inventory}
    return {c.ref: _unchanged(c, known.get(c.ref), planned, parts) for c in planned.plan.unchanged}


def _unchanged(comparison: Comparison, known: InventoryEntry | None, planned: Planned, parts: Parts) -> InventoryEntry:
    if comparison.live is not None:
        completed = bool(known and known.completed) or _is_finished_job(comparison)
        return _entry(comparison.desired, comparison.live, planned, parts, completed=completed)
    assert known is not None  # only a finished Job is unchanged without being there
    return replace(known, revision=revision_id(planned.rendered.revision), digest=comparison.desired.digest)


def _has_news(planned: Planned) -> bool:
    """Did an object that needs nothing finish, or come back under another uid (a restore), since the inventory was stored?

    Unnoticed, a Job that its TTL removes later would run again, and a restored object would not be pruned as ours.
    """
    known = {e.ref: e for e in planned.state.inventory}
    return any(_is_news(c, known.get(c.ref)) for c in planned.plan.unchanged)


def _is_news(comparison: Comparison, known: InventoryEntry | None) -> bool:
    if comparison.live is None or known is None:
        return False
    return known.uid != uid(comparison.live) or (not known.completed and _is_finished_job(comparison))


def _is_finished_job(comparison: Comparison) -> bool:
    return comparison.ref.kind == "Job" and comparison.ref.group == "batch" and assess(comparison.live).state is HealthState.HEALTHY


def _entry(desired: Manifest, live: dict[str, object], planned: Planned, parts: Parts, *, completed: bool = False) -> InventoryEntry:
    return InventoryEntry(
        ref=desired.ref,
        api_version=desired.api_version,
        uid=uid(live),
        fields=parts.target.fields_owned(live),
        revision=revision_id(planned.rendered.revision),
        digest=desired.digest,
        completed=completed,
        sensitive=tuple(named_path(desired.body, path) for path in desired.sensitive),
    )


def acknowledged(planned: Planned, parts: Parts) -> Acknowledged:
    """What the app runs from now on."""
    revision = planned.rendered.revision
    return Acknowledged(
        revision=revision_id(revision),
        revision_name=revision.name,
        repo=revision.repo,
        render_digest=planned.rendered.digest,
        inputs=planned.rendered.inputs,
        path=planned.app.path,
        at=parts.timestamp(),
    )


def needs_acknowledging(planned: Planned, release: bool) -> bool:
    """Is there something to store although nothing is applied?"""
    state, plan = planned.state, planned.plan
    if state.has_died or plan.gone:
        return True
    if (state.hold and release) or _has_news(planned):
        return True
    if plan.partial:
        return False
    if _lacks_way_back(planned):
        return True
    now = state.acknowledged
    return now is None or now.revision != revision_id(planned.rendered.revision) or now.render_digest != planned.rendered.digest


def _lacks_way_back(planned: Planned) -> bool:
    """Is everything well now, while no good record says so (slow to become healthy, finished in parts, not waited for)?"""
    digest = planned.rendered.digest
    return bool(_good_health(planned)) and not any(is_good(r) and r.render_digest == digest for r in planned.state.records)


def _good_health(planned: Planned) -> tuple[ObjectHealth, ...]:
    """The health of all objects by what the plan saw of them, () unless all are well."""
    seen = [(c.ref, assess(c.live, rules=planned.app.health)) for c in planned.plan.unchanged if c.live is not None]
    return tuple(ObjectHealth(ref, health) for ref, health in seen) if all(health.settled for _, health in seen) else ()


def acknowledge(planned: Planned, parts: Parts, release: bool) -> Record | None:
    """Move the acknowledged revision forward. Raises StateMoved.

    A record is written after an interrupted run, and for the first time that a render is well: a later rollback shall find it.
    """
    first = planned.state.acknowledged is None
    if planned.state.has_died or first or (_lacks_way_back(planned) and not planned.plan.partial):
        recording = Recording.open(planned, parts, RecordVerb.SYNC)
        return recording.close((), _good_health(planned), error=None, release=release)
    entries = {e.ref: e for e in planned.state.inventory} | unchanged_entries(planned, parts)
    inventory = tuple(e for e in entries.values() if e.ref not in planned.plan.gone)
    hold = None if release else planned.state.hold
    moved = planned.state.acknowledged if planned.plan.partial else acknowledged(planned, parts)
    _stored(replace(planned.state, inventory=inventory, acknowledged=moved, hold=hold), planned.app, parts)
    return None


def _stored(state: AppState, app: App, parts: Parts) -> AppState:
    """Store. A renamed app's first state under its new name takes the place of the one under the old name."""
    stored = parts.target.write_state(state)
    if not state.token:
        for name in app.renamed_from:
            parts.target.remove_state(replace(app, name=name).owner)
    return stored


def _manifests(planned: Planned) -> list[Manifest]:
    changed = [c.comparison.desired for c in planned.plan.changes if c.comparison]
    return [*changed, *(c.desired for c in planned.plan.unchanged), *(c.desired for c in planned.plan.failures)]


def _opened(planned: Planned, parts: Parts, verb: RecordVerb, rollback: tuple[int, int]) -> Record:
    revision = planned.rendered.revision
    last = planned.state.records[-1].number if planned.state.records else 0
    return Record(
        number=last + 1,
        verb=verb,
        result=RecordResult.OPEN,
        revision=revision_id(revision),
        revision_name=revision.name,
        repo=revision.repo,
        subject=revision.subject,
        author=revision.author,
        actor=parts.actor,
        started=parts.timestamp(),
        inputs=planned.rendered.inputs,
        render_digest=planned.rendered.digest,
        path=planned.app.path,
        read_set=planned.rendered.read_set,
        partial=planned.plan.partial,
        rollback_to=rollback[0],
        rolled_back_from=rollback[1],
    )


def _restoring(attempt: Record, before: Acknowledged | None, parts: Parts) -> Record:
    """The open record of a restoration: it brings back what was acknowledged before the attempt, if anything was."""
    record = replace(
        attempt,
        number=attempt.number + 1,
        verb=RecordVerb.RESTORE,
        result=RecordResult.OPEN,
        started=parts.timestamp(),
        finished="",
        counts=Counts(),
        health="",
        message=f"puts back what was there before record {attempt.number}",
    )
    if before is None:
        return record
    return replace(
        record,
        revision=before.revision,
        revision_name=before.revision_name,
        repo=before.repo,
        subject="",
        author="",
        render_digest=before.render_digest,
        inputs=before.inputs,
        path=before.path,
        read_set=(),
    )


def _not_as_before(left: tuple[Restored, ...]) -> tuple[str, ...]:
    """Which objects, and no reasons: those quote the server, and records are kept."""
    return (f"not as before: {', '.join(f'{one.ref} ({one.result.value})' for one in left)}",) if left else ()


def _restored_counts(restored: tuple[Restored, ...]) -> Counts:
    results = [one.result for one in restored]
    return Counts(
        created=results.count(Undo.RECREATED),
        updated=results.count(Undo.RESTORED),
        pruned=results.count(Undo.DELETED),
        failed=results.count(Undo.LEFT),
    )


def _result(
    planned: Planned,
    outcomes: tuple[Outcome, ...],
    health: tuple[ObjectHealth, ...],
    error: GitctlError | None,
    *,
    interrupted: bool,
) -> RecordResult:
    if interrupted:
        return RecordResult.INTERRUPTED
    wrong = [o for o in outcomes if o.result in (OutcomeResult.FAILED, OutcomeResult.NOT_TRIED)]
    ill = any(not h.health.settled for h in health)
    blocked = [o for o in wrong if not (ill and o.change.action is Action.PRUNE)]
    if planned.plan.failures or blocked or error:
        return RecordResult.PARTIAL
    return RecordResult.UNHEALTHY if ill else RecordResult.SUCCEEDED


def _counts(planned: Planned, outcomes: tuple[Outcome, ...]) -> Counts:
    applied = [o.change.action for o in outcomes if o.result is OutcomeResult.APPLIED and not _has_left(o)]
    results = [o.result for o in outcomes]
    return Counts(
        created=applied.count(Action.CREATE),
        updated=len(applied) - applied.count(Action.CREATE),
        pruned=results.count(OutcomeResult.DELETED),
        unchanged=len(planned.plan.unchanged),
        failed=results.count(OutcomeResult.FAILED) + len(planned.plan.failures),
        not_tried=results.count(OutcomeResult.NOT_TRIED),
    )
