"""The plan that takes a whole app away: everything in its inventory, deleted or let go. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gitctl.errors import ErrorId
from gitctl.model.app import App
from gitctl.model.change import Action, Change, Plan, Refusal
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.revision import Revision
from gitctl.model.state import AppState, InventoryEntry
from gitctl.plan.digest import plan_digest
from gitctl.plan.guard import delete_refusals
from gitctl.plan.options import PlanOptions
from gitctl.plan.order import in_delete_order
from gitctl.plan.prune import deleting, mark, not_ours
from gitctl.plan.tenancy import prune_refusals

_STAYS = "stays, without gitctl's marks"


def delete_plan(
    app: App,
    state: AppState,
    revision: Revision,
    *,
    orphan: bool,
    lived_in: Mapping[str, str],
    lost: bool = False,
    options: PlanOptions,
) -> Plan:
    """What becomes of every object that the state lists and `options.observed` shows.

    `orphan` lets go of all; `lived_in` names for a namespace another app that has objects in it; `lost` says that the inventory
    was put together from live objects.
    """
    seen = {entry: options.observed.objects.get(entry.ref) for entry in state.inventory}
    changes = in_delete_order(_change(entry, live, app, orphan, lived_in) for entry, live in seen.items() if live is not None)
    gone = tuple(entry.ref for entry, live in seen.items() if live is None)
    digest = plan_digest(app.owner, changes, ())
    refusals = delete_refusals(changes, state, gone, digest=digest, options=options)
    refusals = (*prune_refusals(app, changes, options.namespaced), *refusals)
    if lost and changes and options.plan_digest != digest:
        refusals = (_lost(app, [c.ref for c in changes], digest), *refusals)
    return Plan(
        app=app.name,
        owner=app.owner,
        revision=revision,
        waves=(),
        prunes=changes,
        unchanged=(),
        failures=(),
        refusals=refusals,
        digest=digest,
        gone=gone,
    )


def _change(entry: InventoryEntry, live: Json, app: App, orphan: bool, lived_in: Mapping[str, str]) -> Change:
    foreign = not_ours(entry, live, app)
    uid = str(live["metadata"]["uid"])
    if foreign:
        return Change(entry.ref, Action.ORPHAN, reason=foreign, live=live, live_uid=uid)
    reason = (_STAYS if orphan else "") or mark(live) or _home(entry.ref, lived_in)
    action = Action.RELEASE if reason else Action.PRUNE
    return Change(entry.ref, action, reason=reason or deleting(live), live=live, live_uid=uid)


def _home(ref: ObjectRef, lived_in: Mapping[str, str]) -> str:
    """Deleting a namespace would take along what other apps have in it."""
    is_namespace = (ref.group, ref.kind) == ("", "Namespace")
    return f"left: {lived_in[ref.name]} has objects in it" if is_namespace and ref.name in lived_in else ""


def homes(states: Collection[AppState], *, but: Collection[str]) -> dict[str, str]:
    """Namespace → an app (owner id) that has objects in it, of all states but those of the owner ids in `but`."""
    others = [state for state in states if state.owner not in but]
    return {entry.ref.namespace: state.owner for state in others for entry in state.inventory if entry.ref.namespace}


def _lost(app: App, refs: list[ObjectRef], digest: str) -> Refusal:
    message = f"nothing is stored about {app.name}; what is listed was found by its owner id {app.owner}"
    return Refusal(ErrorId.STATE_LOST, message, tuple(refs), f"--plan-digest {digest} permits exactly this plan", permitted_by_digest=True)
