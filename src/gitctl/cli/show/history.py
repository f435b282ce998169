"""Records as a table and as JSON."""

from __future__ import annotations

from typing import Any

from gitctl.cli.show.lines import Line, Style, line, table
from gitctl.model.record import Counts, Record
from gitctl.model.state import AppState

_HEAD = ("#", "FINISHED", "REVISION", "SUBJECT", "BY", "RESULT", "HEALTH", "CHANGES")
_SUBJECT = 40


def history_lines(title: str, state: AppState, *, limit: int) -> list[Line]:
    """The newest records of an app."""
    if not state.records:
        return [line(f"{title}: never synced", Style.QUIET)]
    rows = [_row(r) for r in list(reversed(state.records))[:limit]]
    hold = [line(f"held at {state.hold.revision[:8]} since {state.hold.at}: {state.hold.reason}", Style.BAD)] if state.hold else []
    return [line(title, Style.HEAD), *hold, *table(rows, _HEAD)]


def _row(record: Record) -> tuple[str, ...]:
    verb = "" if record.verb.value == "sync" else f" ({record.verb.value})"
    dirty = "-dirty" if record.revision.endswith("-dirty") else ""
    subject = record.subject if len(record.subject) <= _SUBJECT else record.subject[: _SUBJECT - 1] + "…"
    when = record.finished or f"started {record.started}"
    revision = f"{record.revision[:8]}{dirty}"
    return (str(record.number), when, revision, subject, record.actor, record.result.value + verb, record.health, _changes(record.counts))


def _changes(counts: Counts) -> str:
    pairs = (
        (counts.created, "+"),
        (counts.updated, "~"),
        (counts.pruned, "-"),
        (counts.failed, "failed "),
        (counts.not_tried, "not tried "),
    )
    return " ".join(f"{mark}{n}" for n, mark in pairs if n) or "none"


def record_json(record: Record) -> dict[str, Any]:
    """A record as data."""
    counts, inputs = record.counts, record.inputs
    return {
        "number": record.number,
        "verb": record.verb.value,
        "result": record.result.value,
        "revision": record.revision,
        "revisionName": record.revision_name,
        "repo": record.repo,
        "subject": record.subject,
        "author": record.author,
        "actor": record.actor,
        "started": record.started,
        "finished": record.finished,
        "renderDigest": record.render_digest,
        "inputs": {
            "renderer": inputs.renderer,
            "tools": dict(inputs.tools),
            "kubernetes": inputs.kubernetes,
            "apiVersions": list(inputs.api_versions),
            "variables": list(inputs.variables),
            "environment": dict(inputs.environment),
        },
        "counts": {
            "created": counts.created,
            "updated": counts.updated,
            "pruned": counts.pruned,
            "unchanged": counts.unchanged,
            "failed": counts.failed,
            "notTried": counts.not_tried,
        },
        "health": record.health,
        "message": record.message,
        "partial": record.partial,
        "rollbackTo": record.rollback_to or None,
        "commit": record.commit,
    }
