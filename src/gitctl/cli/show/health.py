"""Health as a table and as JSON: one entry an object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.lines import Line, Style, line, table, text_of
from gitctl.cli.show.values import ref_json
from gitctl.errors import ExitCode
from gitctl.model.health import GRAVITY, HealthState, worst
from gitctl.model.outcome import ObjectHealth
from gitctl.model.quantity import counted

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.health import AppHealth

_HEAD = ("OBJECT", "HEALTH", "MESSAGE", "RULE")
_WELL = (HealthState.HEALTHY, HealthState.SUSPENDED)


def show_dump(session: Session, objects: Sequence[ObjectHealth], *, exit_code: bool) -> int:
    """Print the health of a dump. With `exit_code` the result is 1 unless all is well."""
    state = worst(tuple(o.health.state for o in objects))
    body = {"health": state.value, "items": [_item(o) for o in objects]}
    _show(session, body, _rows(objects), objects)
    session.say(_summary(objects))
    return _code(exit_code, well=state in _WELL)


def show_apps(session: Session, staged: Sequence[tuple[Stage, Sequence[AppHealth]]], *, exit_code: bool) -> int:
    """Print the health of apps: a table each."""
    found = [(stage, app) for stage, apps in staged for app in apps]
    body = {
        "apps": [_app(stage, app) for stage, app in found],
        "items": [
            {"app": app.app, "cluster": stage.parts.cluster, "branch": stage.parts.branch, **_item(o)}
            for stage, app in found
            for o in app.objects
        ],
    }
    objects = [o for _, app in found for o in app.objects]
    lines = [row for number, (stage, app) in enumerate(found) for row in _section(stage, app, first=not number)]
    _show(session, body, lines, objects)
    return _code(exit_code, well=all(app.state in _WELL for _, app in found))


def _code(exit_code: bool, *, well: bool) -> int:
    return ExitCode.DIFFERENT if exit_code and not well else ExitCode.DONE


def _show(session: Session, body: dict[str, Any], lines: Sequence[Line], objects: Sequence[ObjectHealth]) -> None:
    clean = session.redactor.clean
    names = {Output.NAME: lambda: clean("\n".join(o.ref.short for o in objects))}
    session.result("HealthResult", body, text=lambda: text_of(lines, color=session.color, clean=clean), forms=names, paged=True)


def _section(stage: Stage, app: AppHealth, *, first: bool) -> list[Line]:
    head = [*([] if first else [line("")]), line(f"{app.app} ({stage.where}): {app.state.value}", Style.HEAD)]
    return [*head, *(_rows(app.objects) if app.objects else [line(app.message, Style.QUIET)])]


def _rows(objects: Sequence[ObjectHealth]) -> list[Line]:
    """The table, with what explains an object that is not well below its row."""
    if not objects:
        return []
    head, *rows = table([(str(o.ref), o.health.state.value, o.health.message, o.health.rule) for o in objects], _HEAD)
    lines = [head]
    for one, row in zip(objects, rows, strict=True):
        lines.append(tuple((text, Style.PLAIN if one.health.settled else Style.BAD) for text, _ in row))
        lines += [line(f"  event: {event}", Style.QUIET) for event in one.events]
        lines += [line(f"  log: {text}", Style.QUIET) for text in one.logs]
    return lines


def _summary(objects: Sequence[ObjectHealth]) -> str:
    counts = Counter(o.health.state for o in objects)
    parts = [f"{counts[state]} {state.value}" for state in reversed(GRAVITY) if counts[state]]
    return ": ".join(filter(None, (counted(len(objects), "object"), ", ".join(parts))))


def _item(one: ObjectHealth) -> dict[str, Any]:
    health = {"state": one.health.state.value, "message": one.health.message, "rule": one.health.rule}
    return {**ref_json(one.ref), **health, "events": list(one.events), "logs": list(one.logs)}


def _app(stage: Stage, app: AppHealth) -> dict[str, Any]:
    return {
        "app": app.app,
        "environment": stage.env,
        "cluster": stage.parts.cluster,
        "branch": stage.parts.branch,
        "owner": app.owner,
        "health": app.state.value,
        "message": app.message,
    }
