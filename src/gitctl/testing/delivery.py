"""Delivery: what a sync does to a target, without a planner: lock, open record, compare, apply, delete, closed record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gitctl.model.change import Action, Change, Comparison
from gitctl.model.manifest import Manifest, ObjectRef, RenderInputs
from gitctl.model.marks import uid
from gitctl.model.outcome import Event, Outcome, OutcomeResult
from gitctl.model.record import Record, RecordResult, RecordVerb
from gitctl.model.state import Acknowledged, AppState, InventoryEntry
from gitctl.protocols import CompareOptions, Target

NOW = "2026-01-02T03:04:05Z"
SHA = "1" * 40


def silent(_: Event) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of it: the state that was stored last, and an outcome for each apply and delete."""

    state: AppState
    outcomes: tuple[Outcome, ...]


def deliver(
    target: Target,
    owner: str,
    wanted: Sequence[Manifest],
    *,
    planned: Sequence[Comparison] | None = None,
    deletes: Iterable[Change] = (),
    whole: bool = True,
    dies: bool = False,
) -> Delivered:
    """Make the objects as wanted and delete others. `planned` was compared before; not `whole`: the run says at its end that something
    failed; `dies`: it ends without a word after the last apply. Raises what the target raises."""
    with target.lock(owner, timeout=0, emit=silent) as lock:
        state = opened(target, owner, wanted)
        lock.check()
        changes = [_change(c) for c in (compare(target, owner, wanted) if planned is None else planned)]
        outcomes = tuple(target.apply(c, owner=owner, force=False) for c in changes)
        outcomes += tuple(target.delete(c, owner=owner) for c in deletes)
        if dies:
            return Delivered(state, outcomes)
        outcomes = target.conclude(outcomes, whole=whole)
        return Delivered(target.write_state(_closed(target, state, outcomes)), outcomes)


def compare(target: Target, owner: str, wanted: Sequence[Manifest], *, adopt: bool = False) -> tuple[Comparison, ...]:
    """Compare, as an app without ignored fields does."""
    inventory = {e.ref: e for e in target.read_state(owner).inventory}
    options = CompareOptions(owner, lambda manifest, _live: manifest.body, adopt=adopt)
    return target.compare(target.locate(wanted, kinds=frozenset()), inventory, options=options)


def opened(target: Target, owner: str, wanted: Sequence[Manifest]) -> AppState:
    """The state with an open record and the wanted objects in the inventory, as it is before the first write."""
    state = target.read_state(owner)
    new = tuple(InventoryEntry(m.ref, m.api_version) for m in wanted if state.entry(m.ref) is None)
    number = state.records[-1].number + 1 if state.records else 1
    return target.write_state(replace(state, inventory=(*state.inventory, *new), records=(*state.records, record(number))))


def record(number: int) -> Record:
    """An open record."""
    return Record(number, RecordVerb.SYNC, RecordResult.OPEN, SHA, "main", "repo", "a change", "Ada", "ada@host", NOW, render_digest="d")


def prune(target: Target, owner: str, ref: ObjectRef, api_version: str, *, live_uid: str = "") -> Change:
    """The change that deletes an object that is there; `live_uid` in the place of the uid that it has."""
    live = target.observe(owner, [(ref, api_version)]).objects[ref]
    assert live is not None, f"{ref} is not there"
    return Change(ref, Action.PRUNE, live=live, live_uid=live_uid or uid(live))


def _change(comparison: Comparison) -> Change:
    live = comparison.live
    action = Action.CREATE if live is None else Action.UPDATE
    return Change(comparison.ref, action, comparison=comparison, live=live, live_uid=uid(live or {}))


def _closed(target: Target, state: AppState, outcomes: Sequence[Outcome]) -> AppState:
    entries = {e.ref: e for e in state.inventory}
    for outcome in outcomes:
        ref, live = outcome.change.ref, outcome.live
        if outcome.result is OutcomeResult.DELETED:
            entries.pop(ref, None)
        elif outcome.result is OutcomeResult.APPLIED and live is not None:
            entries[ref] = replace(entries[ref], uid=uid(live), fields=target.fields_owned(live), revision=SHA)
    well = all(o.result in (OutcomeResult.APPLIED, OutcomeResult.DELETED) for o in outcomes)
    result = RecordResult.SUCCEEDED if well else RecordResult.PARTIAL
    records = (*state.records[:-1], replace(state.records[-1], result=result, finished=NOW))
    known = Acknowledged(SHA, "main", "repo", "d", RenderInputs("plain"), "app", NOW) if well else state.acknowledged
    return replace(state, inventory=tuple(entries.values()), records=records, acknowledged=known)
