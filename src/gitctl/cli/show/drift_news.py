"""One event of `drift-check --watch`: a line for each field that is not as applied, or one JSON document a line."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_never

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.drift import object_json, wanted_text, who_text
from gitctl.cli.show.error import error_json, print_error
from gitctl.cli.show.lines import Line, Style, age, line, text_of
from gitctl.cli.show.values import shown
from gitctl.model.app import App
from gitctl.model.drift import DriftedField, ObjectDrift
from gitctl.plan.fields import path_text
from gitctl.workflow.drift_news import DriftEvent, DriftNote

if TYPE_CHECKING:
    from gitctl.cli.open import Stage

_LONGEST = 120


def show_note(session: Session, stage: Stage, app: App, note: DriftNote, now: datetime) -> None:
    """Print an event at once."""
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    if session.flags.output is Output.JSON:
        session.stream("DriftEvent", note_json(stage, app, note, stamp))
        return
    if note.error:
        print_error(note.error)
    lines = note_lines(f"{stamp} {stage.title(app)}: ", note)
    session.raw(text_of(lines, color=session.color, clean=session.redactor.clean))
    sys.stdout.flush()


def note_lines(head: str, note: DriftNote) -> list[Line]:
    """An event for people. Each line says all: it may be cut out of a log."""
    match note.event:
        case DriftEvent.APPEARED | DriftEvent.CHANGED:
            assert note.found is not None  # these are about an object
            return [((head, Style.QUIET), (text, Style.CHANGED)) for text in _found(note.found, again=note.event is DriftEvent.CHANGED)]
        case DriftEvent.GONE:
            return [((head, Style.QUIET), (f"in sync again {note.found and note.found.ref}, after {age(note.seconds)}", Style.ADDED))]
        case DriftEvent.FAILED:
            return [line(f"{head}cannot be looked at: {note.error and note.error.message}", Style.BAD)]
        case DriftEvent.RECOVERED:
            return [line(f"{head}can be looked at again", Style.ADDED)]
        case _:
            assert_never(note.event)


def _found(found: ObjectDrift, *, again: bool) -> list[str]:
    what = f"{found.verdict.value} {found.ref}"
    more = ", other than before" if again else ""
    if not found.fields:
        return [f"{what}{more}{f' ({found.reason})' if found.reason else ''}"]
    return [f"{what}{more}: {_field(field)}" for field in found.fields]


def _field(field: DriftedField) -> str:
    old, new = _value(field, field.change.old), _value(field, field.change.new)
    wanted = wanted_text(field)
    return f"{path_text(field.change.path)}: found {old} by {who_text(field)}; wanted {new}" + (f" ({wanted})" if field.wanted_by else "")


def _value(field: DriftedField, value: Any) -> str:
    if value is None:
        return "nothing"
    text = shown(field.change, value) if field.change.sensitive else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def note_json(stage: Stage, app: App, note: DriftNote, stamp: str) -> dict[str, Any]:
    """An event as data."""
    return {
        "time": stamp,
        "event": note.event.value,
        "environment": stage.env,
        "cluster": stage.parts.cluster,
        "branch": stage.parts.branch,
        "app": app.name,
        "owner": app.owner,
        "drift": object_json(note.found) if note.found else None,
        "seconds": round(note.seconds, 1),
        "error": error_json(note.error) if note.error else None,
    }
