"""Drift of one app: the inventory against comparisons that were made with the acknowledged manifests. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from gitctl.model.app import IgnoreRule
from gitctl.model.change import Comparison, Conflict, FieldKind
from gitctl.model.drift import DriftedField, DriftVerdict, ObjectDrift, Unavailable
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.secretkey import SecretKey
from gitctl.model.state import InventoryEntry
from gitctl.plan.attribution import with_losers
from gitctl.plan.fields import field_changes
from gitctl.plan.ignore import hide
from gitctl.plan.immutable import immutable_fields
from gitctl.plan.secretkeys import keys_of_comparison


def classify(
    inventory: Iterable[InventoryEntry],
    comparisons: Iterable[Comparison],
    *,
    observed: Mapping[ObjectRef, Json | None],
    unknown: Mapping[ObjectRef, str],
    unavailable: Mapping[ObjectRef, Unavailable],
    ignore: tuple[IgnoreRule, ...] = (),
    skipped: Collection[ObjectRef] = (),
) -> tuple[ObjectDrift, ...]:
    """A verdict for every entry, in the order of the inventory.

    `comparisons` are those of objects whose acknowledged manifest is known; `unavailable` says why it is not for others, which
    are only looked at in `observed`; `unknown` could not be looked at, `skipped` should not be.
    """
    compared = {c.ref: c for c in comparisons}
    return tuple(
        ObjectDrift(e.ref, DriftVerdict.SKIPPED, reason="not looked at", revision=e.revision)
        if e.ref in skipped
        else _verdict(e, compared.get(e.ref), observed, unknown, unavailable, ignore)
        for e in inventory
    )


def _verdict(
    entry: InventoryEntry,
    comparison: Comparison | None,
    observed: Mapping[ObjectRef, Json | None],
    unknown: Mapping[ObjectRef, str],
    unavailable: Mapping[ObjectRef, Unavailable],
    ignore: tuple[IgnoreRule, ...],
) -> ObjectDrift:
    if entry.ref in unknown:
        return ObjectDrift(entry.ref, DriftVerdict.UNKNOWN, reason=unknown[entry.ref], revision=entry.revision)
    if not entry.uid:
        return ObjectDrift(entry.ref, DriftVerdict.INCOMPLETE, reason="was planned, but never applied", revision=entry.revision)
    if comparison is not None:
        return _compared(entry, comparison, ignore)
    if observed.get(entry.ref) is None:
        return _gone(entry)
    lack = unavailable.get(entry.ref, Unavailable("not looked for"))
    reason = f"wanted value not available: {lack.why}"
    return ObjectDrift(entry.ref, DriftVerdict.UNAVAILABLE, reason=reason, revision=entry.revision, unreached=lack.unreached)


def _gone(entry: InventoryEntry, by: Sequence[Conflict] = (), keys: tuple[SecretKey, ...] = ()) -> ObjectDrift:
    if entry.completed:
        return ObjectDrift(entry.ref, DriftVerdict.IN_SYNC, reason="finished, and removed since", revision=entry.revision)
    reason = f"deleted by {by[0].owner.manager}" if by else "deleted"
    return ObjectDrift(entry.ref, DriftVerdict.MISSING, reason=reason, revision=entry.revision, keys=keys)


def _compared(entry: InventoryEntry, comparison: Comparison, ignore: tuple[IgnoreRule, ...]) -> ObjectDrift:
    if comparison.live is None and not comparison.error:
        return _gone(entry, comparison.taken, keys_of_comparison(comparison))
    verdict, fields, reason = _looked_at(entry, comparison, ignore)
    keys = keys_of_comparison(comparison) if fields else ()
    return ObjectDrift(entry.ref, verdict, fields, reason, comparison.proof, comparison.desired.origin, entry.revision, keys)


def _looked_at(
    entry: InventoryEntry, comparison: Comparison, ignore: tuple[IgnoreRule, ...]
) -> tuple[DriftVerdict, tuple[DriftedField, ...], str]:
    """Verdict, fields and reason for an object that is there, or could not be looked at."""
    live = comparison.live
    if live is not None and comparison.deleting:
        finalizers = ", ".join(live["metadata"].get("finalizers") or ()) or "none"
        return DriftVerdict.DELETING, (), f"is being deleted (finalizers: {finalizers})"
    if comparison.immutable:
        fields = tuple(DriftedField(change, change.loser) for change in immutable_fields(comparison))
        return DriftVerdict.DRIFTED, fields, f"{', '.join(comparison.immutable)} cannot be changed back in place"
    if comparison.error or comparison.merged is None:
        return DriftVerdict.UNKNOWN, (), comparison.error or "could not be compared"
    fields = drifted_fields(comparison, ignore)
    moved = [field for field in fields if _is_of_a_store(field, comparison)]
    fields = tuple(field for field in fields if field not in moved)
    if fields:
        return DriftVerdict.DRIFTED, fields, _reason(entry, comparison)
    return DriftVerdict.IN_SYNC, (), "a store has another value now: the next sync applies it" if moved else ""


def _is_of_a_store(field: DriftedField, comparison: Comparison) -> bool:
    """Nobody changed the object: the field is there and still ours, so it is what its store had at the last apply."""
    change = field.change
    return change.path in comparison.desired.stored and change.kind is FieldKind.CHANGED and change.loser is None


def _reason(entry: InventoryEntry, comparison: Comparison) -> str:
    live_uid = (comparison.live or {}).get("metadata", {}).get("uid", "")
    return "deleted and created again by somebody else" if entry.uid != live_uid else ""


def drifted_fields(comparison: Comparison, ignore: tuple[IgnoreRule, ...]) -> tuple[DriftedField, ...]:
    """The fields by which live differs from what an apply would leave, with who set them."""
    assert comparison.live is not None
    assert comparison.merged is not None
    desired = comparison.desired
    changes = field_changes(comparison.live, comparison.merged, ref=desired.ref, sensitive=desired.sensitive)
    visible = hide(changes, desired, ignore, comparison.live, comparison.merged)
    return tuple(DriftedField(change, change.loser) for change in with_losers(visible, comparison))
