"""A lost state: nothing is stored about an app, and yet live objects carry its owner id. What is known is put together from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gitctl.model.app import App
from gitctl.model.change import Comparison
from gitctl.model.quantity import counted
from gitctl.model.state import AppState
from gitctl.workflow.parts import Parts


def is_blank(state: AppState) -> bool:
    """Is nothing known that a sync would have left?"""
    return not (state.inventory or state.records)


def is_lost(app: App, state: AppState, comparisons: Iterable[Comparison]) -> bool:
    """Does the target have objects of the app that its state does not know of? Told by what the app wants now."""
    return is_blank(state) and any(c.owner == app.owner for c in comparisons)


def rebuilt(app: App, state: AppState, parts: Parts, namespaces: Iterable[str]) -> AppState:
    """The state with an inventory of all live objects that carry the owner id and our fields."""
    places = {app.namespace, *namespaces} - {""}
    return replace(state, inventory=parts.target.owned(app.owner, namespaces=places))


def rebuilt_note(state: AppState) -> str:
    """What is said in the one run that puts the inventory together."""
    found = counted(len(state.inventory), "object")
    return f"the state was lost: put together again from {found} with its owner id; nothing is pruned in this run"
