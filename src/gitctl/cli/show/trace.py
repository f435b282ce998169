"""A trace as lines from the object down to the line of a file, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gitctl.cli.session import Session
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.cli.show.values import owner_json, ref_json
from gitctl.model.culprit import Culprit
from gitctl.model.health import HealthState
from gitctl.model.trace import Applied, FieldTrace, Trace
from gitctl.plan.fields import path_text

if TYPE_CHECKING:
    from gitctl.cli.open import Stage

_WELL = (HealthState.HEALTHY, HealthState.SUSPENDED)
_LABEL = 9


def show_traces(session: Session, staged: Sequence[tuple[Stage, Trace]]) -> None:
    """Print them, one for each cluster that has the object."""
    body = {"items": [{"environment": stage.env, "cluster": stage.parts.cluster, **trace_json(found)} for stage, found in staged]}
    blocks = [list(trace_lines(found, where=stage.where)) for stage, found in staged]
    lines = [row for number, block in enumerate(blocks) for row in ([line("")] if number else []) + block]
    session.result("Trace", body, text=lambda: text_of(lines, color=session.color, clean=session.redactor.clean))


def trace_lines(found: Trace, *, where: str) -> Iterator[Line]:
    """One line a step."""
    health = found.health
    style = Style.ADDED if health.state in _WELL else Style.BAD
    said = f"  {health.message}" if health.message else ""
    yield ((f"{'object':<{_LABEL}} {found.ref}  ", Style.HEAD), (health.state.value, style), (said, Style.QUIET))
    yield from (_row("owned by", str(owner)) for owner in found.owners)
    if found.applied is None:
        yield _row("app", f"none: no app whose state is kept in {where} applied it")
        yield from (_row("", other) for other in found.others)
    else:
        yield from _applied(found, found.applied, where)
    for field in found.fields:
        yield from _field(field)
    if found.gap:
        yield _row("note", found.gap, Style.QUIET)


def _applied(found: Trace, applied: Applied, where: str) -> Iterator[Line]:
    yield _row("app", f"{applied.app} ({where}), owner id {applied.owner}")
    if applied.ref != found.ref:
        yield _row("", f"it applied {applied.ref}")
    record = applied.record
    run = f", record {record.number} ({record.verb.value}, {record.result.value}) by {record.actor}, {record.started}" if record else ""
    yield _row("revision", f"{_short(applied.revision)}{run}")
    if applied.acknowledged and applied.acknowledged != applied.revision:
        yield _row("", f"the app runs {_short(applied.acknowledged)} ({applied.acknowledged_name}), which did not change this object")
    if found.origin:
        yield _row("file", _place(found.written) or str(found.origin))
    if found.written:
        yield _row("commit", _commit(found.written))


def _field(field: FieldTrace) -> Iterator[Line]:
    wanted = "not in Git" if field.wanted is None else json.dumps(field.wanted, ensure_ascii=False)
    yield _row("field", f"{path_text(field.path)}: {wanted}")
    if field.written:
        yield _row("", f"{_place(field.written) or 'line not known'}, commit {_commit(field.written)}")
    by = ", ".join(f"{o.manager}" + (f" through /{o.subresource}" if o.subresource else "") for o in field.managers)
    yield _row("", f"set in the cluster by {by or 'nobody: a default'}", Style.QUIET)


def _row(label: str, text: str, style: Style = Style.PLAIN) -> Line:
    return ((f"{label:<{_LABEL}} ", Style.HEAD), (text, style))


def _short(revision: str) -> str:
    return (revision[:8] or "no commit") + ("-dirty" if revision.endswith("-dirty") else "")


def _place(by: Culprit | None) -> str:
    return f"{by.path}:{by.line}" if by and by.line else ""


def _commit(by: Culprit) -> str:
    return f"{by.sha[:8]} by {by.author}, {by.time}: {by.subject}"


def trace_json(found: Trace) -> dict[str, Any]:
    """A trace as data."""
    return {
        "object": ref_json(found.ref),
        "health": found.health.state.value,
        "message": found.health.message,
        "owners": [ref_json(owner) for owner in found.owners],
        "applied": _applied_json(found.applied) if found.applied else None,
        "source": {"path": found.origin.path, "line": _line(found), "renderer": found.origin.renderer} if found.origin else None,
        "commit": _commit_json(found.written),
        "fields": [_field_json(field) for field in found.fields],
        "others": list(found.others),
        "gap": found.gap,
    }


def _line(found: Trace) -> int:
    return (found.written.line if found.written else 0) or (found.origin.line if found.origin else 0)


def _applied_json(applied: Applied) -> dict[str, Any]:
    return {
        "app": applied.app,
        "owner": applied.owner,
        "object": ref_json(applied.ref),
        "revision": applied.revision,
        "acknowledged": applied.acknowledged,
        "acknowledgedName": applied.acknowledged_name,
        "record": applied.record.number if applied.record else None,
        "actor": applied.record.actor if applied.record else "",
    }


def _field_json(field: FieldTrace) -> dict[str, Any]:
    place = {"path": field.written.path, "line": field.written.line} if field.written and field.written.line else None
    return {
        "path": path_text(field.path),
        "wanted": field.wanted,
        "source": place,
        "commit": _commit_json(field.written),
        "managers": [owner_json(owner) for owner in field.managers],
    }


def _commit_json(by: Culprit | None) -> dict[str, str] | None:
    return {"sha": by.sha, "author": by.author, "time": by.time, "subject": by.subject} if by else None
