"""A lost state: nothing is stored about an app, and yet live objects carry its owner id. What is known is put together from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gitctl.errors import InputError, RenderError
from gitctl.model.app import App
from gitctl.model.change import Comparison
from gitctl.model.marks import OWNER_ANNOTATION, annotation
from gitctl.model.quantity import counted
from gitctl.model.state import AppState
from gitctl.plan.adopt import owners_of
from gitctl.workflow.parts import Parts


def is_blank(state: AppState) -> bool:
    """Is nothing known that a sync would have left?"""
    return not (state.inventory or state.records)


def is_lost(app: App, state: AppState, comparisons: Iterable[Comparison]) -> bool:
    """Does the target have objects of the app that its state does not know of? Told by what the app wants now."""
    return is_blank(state) and any(c.owner in owners_of(app) for c in comparisons)


def lost_objects(app: App, state: AppState, parts: Parts) -> int:
    """How many of the objects that the app wants now carry its owner id while nothing is stored about it; 0 where it cannot be rendered."""
    if not is_blank(state):
        return 0
    try:
        wanted = parts.render(app, parts.tree).manifests
        wanted = parts.target.locate(wanted, kinds=frozenset((m.ref.group, m.ref.kind) for m in wanted))
    except (InputError, RenderError):
        return 0
    seen = parts.target.observe(app.owner, [(m.ref, m.api_version) for m in wanted]).objects.values()
    return sum(annotation(live, OWNER_ANNOTATION) in owners_of(app) for live in seen if live)


def rebuilt(app: App, state: AppState, parts: Parts, namespaces: Iterable[str]) -> AppState:
    """The state with an inventory of all live objects that carry the owner id and our fields."""
    places = {app.namespace, *namespaces} - {""}
    found = (entry for owner in owners_of(app) for entry in parts.target.owned(owner, namespaces=places))
    return replace(state, inventory=tuple(found))


def rebuilt_note(state: AppState) -> str:
    """What is said in the one run that puts the inventory together."""
    found = counted(len(state.inventory), "object")
    return f"the state was lost: put together again from {found} with its owner id; nothing is pruned in this run"
