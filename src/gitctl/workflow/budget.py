"""The day's deletions, also of apps whose state is gone: each environment has a small state of its own for them.

Its owner id is `project/env/`, which no app can have.
"""

from __future__ import annotations

import hashlib
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


def with_deletions(before: Deletions, deleted: int, parts: Parts, *, at: str = "") -> Deletions:
    """The deletions that still count, and these: of now, or of the time `at`."""
    oldest = rfc3339(parts.now() - KEPT)
    kept = tuple(entry for entry in before if entry[0] >= oldest)
    return (*kept, (at or parts.timestamp(), deleted)) if deleted else kept


def hand_down(app: App, gone: AppState, deleted: int, parts: Parts) -> None:
    """Keep counting the deletions of an app whose state goes, once: also when a run dies between this and the end of that state, and
    the next one comes by again. `deleted` are those of the open record, at its time. Raises StateMoved, ClusterError."""
    at = gone.records[-1].started if gone.records else ""
    own = tuple((_named(time, gone.owner), count) for time, count in with_deletions(gone.pruned_at, deleted, parts, at=at))
    for left in reversed(range(_TRIES if own else 0)):
        state = parts.target.read_state(replace(app, name="").owner)
        try:
            known = with_deletions(state.pruned_at, 0, parts)
            parts.target.write_state(replace(state, pruned_at=(*known, *(one for one in own if one not in known))))
            return
        except StateMoved:
            if not left:
                raise


def _named(time: str, owner: str) -> str:
    """The time with a fraction of a second that tells whose deletions these are: the same for the same app, and hardly for another."""
    fraction = int(hashlib.sha256(f"{owner} {time}".encode()).hexdigest(), 16) % 1_000_000
    return f"{time.removesuffix('Z')}.{fraction:06}Z"
