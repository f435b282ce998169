"""A plan as readable text: one block an app, one line an object, one line a field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gitctl.cli.show.keys import key_lines, writer_text
from gitctl.cli.show.lines import Line, Style, line
from gitctl.cli.show.tags import sealed_tag
from gitctl.cli.show.values import shown, summary_json
from gitctl.model.change import Action, Change, Comparison, FieldChange, FieldKind, Plan, Proof
from gitctl.model.quantity import counted
from gitctl.model.secretkey import KeyKind
from gitctl.plan.fields import path_text
from gitctl.plan.secretkeys import SEALED, keys_of_change

_MARKS = {
    Action.CREATE: ("+", Style.ADDED),
    Action.UPDATE: ("~", Style.CHANGED),
    Action.ADOPT: ("&", Style.CHANGED),
    Action.REPLACE: ("!", Style.BAD),
    Action.PRUNE: ("-", Style.REMOVED),
    Action.ORPHAN: ("o", Style.QUIET),
    Action.RELEASE: ("o", Style.CHANGED),
    Action.UNCHANGED: ("=", Style.QUIET),
}
_FIELD_STYLES = {
    FieldKind.ADDED: Style.ADDED,
    FieldKind.REMOVED: Style.REMOVED,
    FieldKind.CHANGED: Style.CHANGED,
    FieldKind.MOVED: Style.CHANGED,
}
_LONGEST = 200


def plan_lines(plan: Plan, *, title: str, summary: bool = False, proofs: bool = False) -> list[Line]:
    """The block of one app; with `summary` only its counts; with `proofs` also what is unchanged, and what says so."""
    head = line(f"{title} at {plan.revision.short}: {counts(plan)}", Style.HEAD)
    notes = [line(f"  note: {n}", Style.QUIET) for n in (*plan.notes, *_reservations(plan))]
    if summary:
        return [head, *notes[len(plan.notes) :]]
    body = [row for change in plan.changes for row in change_lines(change, proof=proofs)]
    quiet = [line(f"  = {c.ref}  (proof: {c.proof})", Style.QUIET) for c in plan.unchanged] if proofs else []
    return [head, *body, *quiet, *problem_lines(plan), *notes]


def _reservations(plan: Plan) -> list[str]:
    """What the plan does not know for certain."""
    compared = (*plan.unchanged, *(c.comparison for c in plan.changes if c.comparison))
    local = sum(c.proof is Proof.LOCAL for c in compared)
    said = [f"{counted(local, 'object')} compared on this side only: not confirmed by the server"] if local else []
    return said + ([f"{counted(len(plan.skipped), 'Secret')} not looked at (--no-secrets)"] if plan.skipped else [])


def counts(plan: Plan) -> str:
    """`2 to create, 1 to update, 12 unchanged`."""
    words = {"failed": "cannot be applied", "unchanged": "unchanged"}
    numbers = [(n, words.get(k, f"to {k}")) for k, n in summary_json(plan).items() if n and k != "unchanged"]
    if plan.unchanged or not numbers:
        numbers.append((len(plan.unchanged), "unchanged"))
    return ", ".join(f"{n} {word}" for n, word in numbers)


def change_lines(change: Change, *, proof: bool = False) -> list[Line]:
    """An object's line and its fields; of a Secret also the keys that no field tells of."""
    mark, style = _MARKS[change.action]
    says = f"proof: {change.comparison.proof}" if proof and change.comparison else ""
    reason = f"  ({'; '.join(filter(None, (change.reason, says)))})" if change.reason or says else ""
    head: Line = ((f"  {mark} {change.ref}", style), (reason, Style.QUIET))
    return [head, *(row for field in change.fields for row in field_lines(field)), *_key_lines(change)]


def _key_lines(change: Change) -> list[Line]:
    told = {field.path for field in change.fields}
    keys = [key for key in keys_of_change(change) if key.path not in told]
    return key_lines(keys, kinds=tuple(KeyKind)) if change.action is not Action.UPDATE or change.fields else []


def field_lines(field: FieldChange) -> list[Line]:
    """`path: old → new (taken from kubectl-edit, at the latest 10:02)`; long texts as a line diff; the commit where it is known."""
    taken = f"  (taken from {_manager(field)})" if field.loser else ""
    style = _FIELD_STYLES[field.kind]
    if _is_text(field.old) and _is_text(field.new) and not field.sensitive:
        return [line(f"      {path_text(field.path)}:{taken}", style), *_text_diff(field.old, field.new)]
    row: Line = ((f"      {path_text(field.path)}: {_values(field)}", style), (taken, Style.QUIET))
    return [row, *_writer_lines(field)]


def _writer_lines(field: FieldChange) -> list[Line]:
    return [line(f"        {writer_text(field.written_by, field.kind.value)}", Style.QUIET)] if field.written_by else []


def _values(field: FieldChange) -> str:
    old, new = (_value(field, v) for v in (field.old, field.new))
    match field.kind:
        case FieldKind.ADDED:
            return f"+ {new}"
        case FieldKind.REMOVED:
            return f"- {old}"
        case FieldKind.MOVED:
            return f"order only: {old} → {new}"
        case FieldKind.CHANGED:
            return f"{old} → {new}" + ("  (changed)" if field.sensitive and old == new else "")


def _value(field: FieldChange, value: Any) -> str:
    if field.sensitive:
        return shown(field, value) if value is not None else ""
    # Long, and nothing that anybody could read.
    return sealed_tag(value) if field.path[:2] == SEALED and isinstance(value, str) else _short(value)


def _manager(field: FieldChange) -> str:
    assert field.loser is not None
    when = f", no later than {field.loser.time}" if field.loser.time else ""
    return f"{field.loser.manager}{when}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value.strip("\n")


def _text_diff(old: str, new: str) -> Iterable[Line]:
    import difflib

    styles = {"+": Style.ADDED, "-": Style.REMOVED}
    rows = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    for row in list(rows)[2:]:
        yield line(f"        {row}", styles.get(row[:1], Style.QUIET))


def problem_lines(plan: Plan) -> list[Line]:
    """What cannot be applied, and what a guard refuses."""
    failures = [row for c in plan.failures for row in _failure(c)]
    refusals = [
        row
        for r in plan.refusals
        for row in (
            line(f"  refused: {r.message}", Style.BAD),
            *(line(f"      {ref}") for ref in r.refs),
            *([line(f"    hint: {r.hint}")] if r.hint else []),
            line(f"    see: gitctl explain {r.rule}"),
        )
    ]
    return failures + refusals


def _failure(comparison: Comparison) -> list[Line]:
    head = line(f"  x {comparison.ref}: {comparison.error}  ({comparison.desired.origin})", Style.BAD)
    rows = [line(f"      {path_text(c.path)} is owned by {c.owner.manager}") for c in comparison.conflicts]
    return [head, *rows]
