"""Objects of the inventory that Git no longer has: the inventory proposes, the live object decides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gitctl.model.app import App
from gitctl.model.change import Action, Change
from gitctl.model.fieldset import of_manager
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import OWNER_ANNOTATION, OWNER_LABEL, annotation, kept_by, label, owner_label, uid
from gitctl.model.state import AppState, InventoryEntry
from gitctl.plan.adopt import owners_of
from gitctl.plan.options import PlanOptions


@dataclass(frozen=True, slots=True)
class Pruning:
    """`changes` delete or let go; `gone` leave the inventory without a word; `notes` say what was left and why."""

    changes: tuple[Change, ...] = ()
    gone: tuple[ObjectRef, ...] = ()
    notes: tuple[str, ...] = ()


def pruning(app: App, state: AppState, wanted: Collection[ObjectRef], kept_uids: Collection[str], options: PlanOptions) -> Pruning:
    """What becomes of every inventory entry that is not in `wanted`. `kept_uids` are those of live objects that stay.

    A part of an app, or a revision that may be out of date, never prunes.
    """
    if options.partial:
        return Pruning()
    stale = [entry for entry in state.inventory if entry.ref not in wanted]
    gone = {entry.ref: None for entry in stale if _is_gone(entry, kept_uids, options)}
    left = [entry for entry in stale if entry.ref not in gone]
    if left and (options.stale or options.lost or not options.prune):
        return Pruning((), tuple(gone), (f"{_objects(len(left))} no longer in Git, left in the cluster: {_why(options)}",))
    claimed = [f"{entry.ref} is left: {options.claimed[entry.ref]}" for entry in left if entry.ref in options.claimed]
    left = [entry for entry in left if entry.ref not in options.claimed]
    unseen = [entry for entry in left if _live(entry, options) is None]
    notes = tuple(f"{entry.ref} is no longer in Git, but not pruned: {_unseen(entry, options)}" for entry in unseen)
    changes = (_change(entry, live, app) for entry in left if (live := _live(entry, options)) is not None)
    return Pruning(tuple(changes), tuple(gone), (*claimed, *notes))


def _why(options: PlanOptions) -> str:
    if options.stale:
        return "Git could not be asked what it has now"
    return "the state was lost" if options.lost else "pruning is off"


def _objects(count: int) -> str:
    return "1 object is" if count == 1 else f"{count} objects are"


def _live(entry: InventoryEntry, options: PlanOptions) -> Json | None:
    """The live object, None when it could not be looked at."""
    return None if entry.ref in options.observed.unknown else options.observed.objects.get(entry.ref)


def _unseen(entry: InventoryEntry, options: PlanOptions) -> str:
    return options.observed.unknown.get(entry.ref, "it was not looked at")


def _is_gone(entry: InventoryEntry, kept_uids: Collection[str], options: PlanOptions) -> bool:
    """Certainly not there; or there under another group as an object that stays (one object, two names, one uid)."""
    seen = options.observed
    if entry.ref in seen.unknown or entry.ref not in seen.objects:
        return False
    live = seen.objects[entry.ref]
    return live is None or (uid(live) != "" and uid(live) in kept_uids)


def _change(entry: InventoryEntry, live: Json, app: App) -> Change:
    reason = not_ours(entry, live, app) or mark(live)
    action = Action.ORPHAN if reason else Action.PRUNE
    return Change(entry.ref, action, reason=reason or deleting(live), live=live, live_uid=uid(live))


def not_ours(entry: InventoryEntry, live: Json, app: App) -> str:
    """Why the live object is not the one that we applied, "" when it is."""
    if entry.uid and uid(live) != entry.uid:
        return "left: it was deleted and created anew by somebody else"
    owner = annotation(live, OWNER_ANNOTATION)
    by_label = bool(entry.uid) and not owner and label(live, OWNER_LABEL) in map(owner_label, owners_of(app))
    if owner not in owners_of(app) and not by_label:
        return f"left: it belongs to {owner} now" if owner else "left: it carries no owner id of gitctl any more"
    if not of_manager(live, FIELD_MANAGER):
        return "left: gitctl has no applied fields on it any more"
    return ""


def mark(live: Json) -> str:
    """Which mark keeps the live object, "" for none."""
    kept = kept_by(live)
    return f"left: it is marked {kept}" if kept else ""


def deleting(live: Json) -> str:
    """What is said about an object that has a deletionTimestamp, "" for others."""
    return "is being deleted already" if is_deleting(live) else ""


def is_deleting(live: Json) -> bool:
    """Does the object have a deletionTimestamp?"""
    return bool(live.get("metadata", {}).get("deletionTimestamp"))
