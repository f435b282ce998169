"""Record: who deployed what, when, and how it ended. Never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitctl.model.manifest import RenderInputs


class RecordResult(StrEnum):
    """How a run ended."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    UNHEALTHY = "unhealthy"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class RecordVerb(StrEnum):
    """Which command made the record."""

    SYNC = "sync"
    FIX = "fix"
    ROLLBACK = "rollback"
    DELETE = "delete"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Counts:
    """Objects by what happened to them."""

    created: int = 0
    updated: int = 0
    pruned: int = 0
    unchanged: int = 0
    failed: int = 0
    not_tried: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One run. Times are RFC 3339 UTC. `number` counts from 1 per app. `health` is a HealthState value, "" when not waited for.

    `rolled_back_from` is the number of the record that a rollback left behind; `path` is the app's folder at that time.
    `commit` is the one with the rendered manifests, for a target that is a branch.
    """

    number: int
    verb: RecordVerb
    result: RecordResult
    revision: str
    revision_name: str
    repo: str
    subject: str
    author: str
    actor: str
    started: str
    finished: str = ""
    inputs: RenderInputs = RenderInputs(renderer="plain")
    render_digest: str = ""
    counts: Counts = Counts()
    health: str = ""
    message: str = ""
    path: str = ""
    read_set: tuple[str, ...] = ()
    partial: bool = False
    rollback_to: int = 0
    rolled_back_from: int = 0
    commit: str = ""
