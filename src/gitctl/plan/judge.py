"""What is to be done about one wanted object."""

from __future__ import annotations

from dataclasses import replace

from gitctl.model.app import App
from gitctl.model.change import Action, Change, Comparison, FieldChange, Refusal
from gitctl.model.fieldset import of_manager
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, Path
from gitctl.model.marks import uid
from gitctl.model.state import InventoryEntry
from gitctl.plan.adopt import Ownership, folded
from gitctl.plan.attribution import with_losers
from gitctl.plan.fields import field_changes, path_text
from gitctl.plan.ignore import hide
from gitctl.plan.immutable import judge_immutable
from gitctl.plan.options import PlanOptions

_CONFLICTS_SHOWN = 5

Verdict = Change | Comparison | Refusal | None
"""A change; a comparison with an `error` (cannot be applied) or without one (unchanged); a refusal; None: nothing of ours."""


def judge(comparison: Comparison, app: App, owned: Ownership, entry: InventoryEntry | None, options: PlanOptions) -> Verdict:
    """The verdict on an object that is the app's, or may become it."""
    if owned is Ownership.USED and not comparison.deleting:
        return None
    if comparison.live is None:
        return comparison if comparison.error or _is_done(comparison, entry) else _create(comparison)
    if comparison.deleting:
        return _create_again(comparison, comparison.live)
    if comparison.immutable:
        return judge_immutable(comparison, owned, options)
    if comparison.error:
        return comparison
    if comparison.merged is None:
        return replace(comparison, error="what applying would leave could not be found out")
    if comparison.conflicts and not options.force_conflicts:
        return replace(comparison, error=_conflict(comparison), error_code=409)
    return _changed(comparison, comparison.live, comparison.merged, app, owned, entry.sensitive if entry else ())


def _is_done(comparison: Comparison, entry: InventoryEntry | None) -> bool:
    """A Job that finished and was removed since: the same content has nothing left to do."""
    return entry is not None and entry.completed and entry.digest == comparison.desired.digest


def _create(comparison: Comparison) -> Change:
    return Change(comparison.ref, Action.CREATE, comparison=comparison)


def _create_again(comparison: Comparison, live: Json) -> Change:
    finalizers = ", ".join(live["metadata"].get("finalizers") or ())
    held = f", held by {finalizers}" if finalizers else ""
    reason = f"is being deleted{held}: waits until it is gone, then creates it"
    return Change(comparison.ref, Action.CREATE, reason=reason, comparison=comparison, live=live)


def _conflict(comparison: Comparison) -> str:
    shown = [f"{path_text(c.path)} by {c.owner.manager}" for c in comparison.conflicts[:_CONFLICTS_SHOWN]]
    more = len(comparison.conflicts) - len(shown)
    return f"fields are owned by others: {', '.join(shown)}" + (f" and {more} more" if more else "")


def _changed(
    comparison: Comparison, live: Json, merged: Json, app: App, owned: Ownership, formerly: tuple[Path, ...]
) -> Change | Comparison:
    fields = _visible(comparison, live, merged, app, formerly)
    if owned is Ownership.UNOWNED:
        return Change(comparison.ref, Action.ADOPT, fields, folded(live), comparison, live, uid(live))
    if fields:
        return Change(comparison.ref, Action.UPDATE, fields, _origin(comparison, owned), comparison, live, uid(live))
    if _regains(live, merged):
        return Change(comparison.ref, Action.UPDATE, (), "no value changes: takes back fields that others set", comparison, live, uid(live))
    return comparison


def _origin(comparison: Comparison, owned: Ownership) -> str:
    if owned is Ownership.MOVED:
        return f"moves here from {comparison.owner}"
    return f"was {comparison.owner} before" if owned is Ownership.RENAMED else ""


def _visible(comparison: Comparison, live: Json, merged: Json, app: App, formerly: tuple[Path, ...]) -> tuple[FieldChange, ...]:
    """`formerly` are paths that held secrets at the last apply: what leaves them is still one."""
    desired = comparison.desired
    changes = field_changes(live, merged, ref=desired.ref, sensitive=(*desired.sensitive, *formerly))
    return with_losers(hide(changes, desired, (*app.ignore, *app.generated), live, merged), comparison)


def _regains(live: Json, merged: Json) -> bool:
    """Would applying make gitctl own fields that it does not own now? Without that, removing them from Git would not remove them."""
    if _entry(live) == _entry(merged):
        return False
    return bool(of_manager(merged, FIELD_MANAGER) - of_manager(live, FIELD_MANAGER))


def _entry(body: Json) -> list[Json]:
    """Our raw entry: comparing it is far cheaper than reading it."""
    listed = body.get("metadata", {}).get("managedFields") or ()
    return [e.get("fieldsV1") for e in listed if e.get("manager") == FIELD_MANAGER and e.get("operation") == "Apply"]
