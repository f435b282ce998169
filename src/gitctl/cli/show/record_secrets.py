"""What a record changed in Secrets: like a diff, of nothing but secret values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gitctl.cli.session import Session
from gitctl.cli.show.equal import equal_json, equal_lines
from gitctl.cli.show.history import record_json
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.cli.show.plan import change_lines
from gitctl.cli.show.values import change_json, ref_json
from gitctl.model.quantity import counted
from gitctl.workflow.record_secrets import RecordSecrets

if TYPE_CHECKING:
    from gitctl.cli.open import Stage

Found = Sequence[tuple["Stage", RecordSecrets]]


def show_record_secrets(session: Session, app: str, found: Found) -> None:
    """Print it, cluster by cluster."""
    body = {"app": app, "clusters": [_json(stage, one) for stage, one in found]}
    lines = [row for stage, one in found for row in record_secret_lines(stage.title(stage.apps[0]), one)]
    session.result("RecordSecrets", body, text=lambda: text_of(lines, color=session.color, clean=session.redactor.clean), paged=True)


def record_secret_lines(title: str, one: RecordSecrets) -> list[Line]:
    """The head, the changes, what is equal, and what could not be known."""
    record, before = one.record, one.before
    since = f"since record {before.number}" if before else "the first record"
    told = counted(len(one.plan.changes), "changed object") if one.plan.changes else "no secret value changed"
    head = line(f"{title} record {record.number} ({record.revision[:8]} {record.subject}), {since}: {told}", Style.HEAD)
    rows = [row for change in one.plan.changes for row in change_lines(change)]
    return [head, *rows, *equal_lines([(title, one.plan)]), *(line(f"  note: {text}", Style.QUIET) for text in _notes(one))]


def _notes(one: RecordSecrets) -> list[str]:
    notes = [] if one.decrypted else ["not decrypted here: values are told apart by their ciphertext, which `secret rotate` changes too"]
    notes += [f"{counted(len(one.plan.unchanged), 'Secret')} as before"] if one.plan.unchanged else []
    unfinished = [r for r in (one.record, one.before) if r and (r.partial or r.result.value != "succeeded")]
    return notes + [f"record {r.number} {'was for some objects only' if r.partial else f'ended {r.result.value}'}" for r in unfinished]


def _json(stage: Stage, one: RecordSecrets) -> dict[str, Any]:
    return {
        "environment": stage.env,
        "cluster": stage.parts.cluster,
        "branch": stage.parts.branch,
        "record": record_json(one.record),
        "before": record_json(one.before) if one.before else None,
        "decrypted": one.decrypted,
        "changes": [change_json(change) for change in one.plan.changes],
        "unchanged": [ref_json(c.ref) for c in one.plan.unchanged],
        "equalValues": equal_json([(stage.title(stage.apps[0]), one.plan)]),
    }
