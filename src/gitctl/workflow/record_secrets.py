"""What a record changed in Secrets. Records hold no value: its commit and that of the record before it are rendered again, and compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitctl.errors import ErrorId, GitctlError, InputError, ManyErrors, RenderError, ToolMissing
from gitctl.model.app import App
from gitctl.model.change import Change, Plan
from gitctl.model.manifest import RenderResult
from gitctl.model.record import Record, RecordVerb
from gitctl.model.state import AppState
from gitctl.workflow.acknowledged import render_at
from gitctl.workflow.compare import compare_rendered
from gitctl.workflow.parts import Parts, Renders
from gitctl.workflow.plan import Rendered
from gitctl.workflow.writers import with_writers

_KEYLESS = frozenset({ErrorId.NO_USABLE_KEY, ErrorId.WRONG_KEY, ErrorId.KEY_SERVICE_DENIED, ErrorId.KEY_SERVICE_UNREACHABLE})


@dataclass(frozen=True, slots=True)
class RecordSecrets:
    """The changes of secret values that came with a record, as a plan. `before` is the record that it is compared with, None for the
    first one; without `decrypted` values are told apart by their ciphertext."""

    record: Record
    before: Record | None
    plan: Plan
    decrypted: bool


def secrets_of_record(app: App, state: AppState, number: int, parts: Parts, *, opening: Renders, keyless: Renders) -> RecordSecrets:
    """Compare what a record applied with what the one before it did; without a key for the secrets, by `keyless`.

    Raises InputError (no such record), RenderError (a commit renders something else now), SourceError.
    """
    record, before = _records(state, number)
    try:
        return _compared(app, record, before, replace(parts, render=opening), decrypted=True)
    except GitctlError as error:
        if not _is_keyless(error):
            raise
    return _compared(app, record, before, replace(parts, render=keyless), decrypted=False)


def _records(state: AppState, number: int) -> tuple[Record, Record | None]:
    by_number = {r.number: r for r in state.records}
    if number not in by_number:
        listed = ", ".join(map(str, by_number)) or "none"
        raise InputError(f"{state.owner} has no record {number}", id=ErrorId.RECORD_UNKNOWN, hint=f"records: {listed}")
    return by_number[number], max((r for n, r in by_number.items() if n < number), key=lambda r: r.number, default=None)


def _is_keyless(error: GitctlError) -> bool:
    """Does only a key stand in the way, or the program that would use it?"""
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    return all(isinstance(one, ToolMissing) or one.id in _KEYLESS for one in errors)


def _compared(app: App, record: Record, before: Record | None, parts: Parts, *, decrypted: bool) -> RecordSecrets:
    old, new = (_rendered(app, one, parts) if one else None for one in (before, record))
    sides = [[Rendered(app, replace(one, app=app.name))] if one else [] for one in (old, new)]
    (plan,) = compare_rendered(*sides) if any(sides) else (_nothing(app, parts),)
    places = new.read_set if new else ()
    return RecordSecrets(record, before, _of_secrets(with_writers(plan, places, parts)), decrypted)


def _rendered(app: App, record: Record, parts: Parts) -> RenderResult | None:
    """What a record wanted; nothing where it took the app away, or put back that there was none."""
    if record.verb is RecordVerb.DELETE or not record.revision:
        return None
    _, rendered = render_at(app, record.revision, parts, inputs=record.inputs)
    if rendered.digest != record.render_digest:
        raise RenderError(
            f"record {record.number} cannot be rendered again: {record.revision[:8]} renders something else now",
            id=ErrorId.NOT_REPRODUCIBLE,
            hint="it was applied with uncommitted files, or with other versions of tools",
        )
    return rendered


def _nothing(app: App, parts: Parts) -> Plan:
    return Plan(app.name, app.owner, parts.revision, (), (), (), (), (), "")


def _of_secrets(plan: Plan) -> Plan:
    """Secrets alone, and of other objects the fields that came from encrypted files."""
    waves = tuple(replace(w, changes=tuple(c for one in w.changes if (c := _secret_part(one)))) for w in plan.waves)
    return replace(
        plan,
        waves=waves,
        prunes=tuple(c for c in plan.prunes if c.ref.kind == "Secret"),
        unchanged=tuple(c for c in plan.unchanged if c.ref.kind == "Secret"),
    )


def _secret_part(change: Change) -> Change | None:
    if change.ref.kind == "Secret":
        return change
    fields = tuple(f for f in change.fields if f.sensitive or f.written_by)
    return replace(change, fields=fields) if fields else None
