"""The day's deletions, also of apps whose state is gone: each environment has a small state of its own for them.

Its owner id is `project/env/`, which no app can have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from gitctl.errors import StateMoved
from gitctl.model.app import App
from gitctl.model.state import AppState
from gitctl.plan.guard import deleted_since
from gitctl.workflow.parts import Parts, rfc3339

KEPT = timedelta(days=2)
"""The budget of deletes looks back one day."""

_TRIES = 5

Deletions = tuple[tuple[str, int], ...]


def deleted_today(states: Iterable[AppState], parts: Parts) -> int:
    """Deletions of the last 24 hours in the whole cluster, from all its states."""
    return deleted_since((s.pruned_at for s in states), now=parts.timestamp(), hours=24)


def with_deletions(before: Deletions, deleted: int, parts: Parts) -> Deletions:
    """The deletions that still count, and these."""
    oldest = rfc3339(parts.now() - KEPT)
    kept = tuple(entry for entry in before if entry[0] >= oldest)
    return (*kept, (parts.timestamp(), deleted)) if deleted else kept


def hand_down(app: App, gone: AppState, deleted: int, parts: Parts) -> None:
    """Keep counting the deletions of an app whose state goes. Raises StateMoved, ClusterError."""
    own = with_deletions(gone.pruned_at, deleted, parts)
    for left in reversed(range(_TRIES if own else 0)):
        state = parts.target.read_state(replace(app, name="").owner)
        try:
            parts.target.write_state(replace(state, pruned_at=(*with_deletions(state.pruned_at, 0, parts), *own)))
            return
        except StateMoved:
            if not left:
                raise
