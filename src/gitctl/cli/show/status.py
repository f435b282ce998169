"""Status as a table, as a tree of objects for named apps, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitctl.cli.session import Session
from gitctl.cli.show.branches import branches
from gitctl.cli.show.error import print_error
from gitctl.cli.show.history import record_json
from gitctl.cli.show.lines import Line, Style, line, since, table, text_of
from gitctl.cli.show.report import warn_target
from gitctl.cli.show.values import ref_json, suspension_json
from gitctl.errors import ExitCode, exit_code_of
from gitctl.model.drift import DriftVerdict
from gitctl.model.health import HealthState
from gitctl.model.record import Record
from gitctl.model.status import AppStatus, ObjectStatus, SyncState

if TYPE_CHECKING:
    from gitctl.cli.open import Stage

_HEAD = ("APP", "ENV", "CLUSTER", "STATE", "HEALTH", "REVISION", "LAST SYNC", "MESSAGE")
_WELL = (HealthState.HEALTHY, HealthState.SUSPENDED)


Staged = Sequence[tuple["Stage", Sequence[AppStatus]]]


def show_status(session: Session, staged: Staged, *, detail: bool, exit_code: bool) -> int:
    """Print it. The result is the exit code of the gravest error; else, with `exit_code`, 1 unless everything is in sync and healthy."""
    now = datetime.now(UTC)
    warn_target(session, [stage for stage, _ in staged])
    session.result("Status", status_json(staged), text=lambda: status_text(session, staged, now=now, detail=detail), paged=True)
    every = [s for _, statuses in staged for s in statuses]
    for error in {str(s.error): s.error for s in every if s.error}.values():
        print_error(error)
    well = all(s.state is SyncState.IN_SYNC and s.health in _WELL for s in every)
    unwell = ExitCode.DIFFERENT if exit_code and not well else ExitCode.DONE
    return max((exit_code_of(s.error) for s in every if s.error), default=unwell)


def status_json(staged: Staged) -> dict[str, Any]:
    """The status as data."""
    return {
        "clusters": [
            {
                "environment": stage.env,
                "cluster": stage.parts.cluster,
                "branch": stage.parts.branch,
                "apps": [_status_json(s) for s in statuses],
            }
            for stage, statuses in staged
        ]
    }


def status_text(session: Session, staged: Staged, *, now: datetime, detail: bool) -> str:
    """The table; with `detail` the objects of each app below it."""
    lines = table([_row(stage, status, now) for stage, statuses in staged for status in statuses], _HEAD)
    if detail:
        lines += [row for _, statuses in staged for status in statuses for row in _tree(status, boxes=session.boxes)]
    return text_of(lines, color=session.color, clean=session.redactor.clean)


def _row(stage: Stage, status: AppStatus, now: datetime) -> tuple[str, ...]:
    revision = status.revision[:8] + ("-dirty" if status.revision.endswith("-dirty") else "")
    return (
        status.app,
        stage.env,
        stage.parts.place,
        status.state.value,
        status.health.value,
        revision or "none",
        _last(status.last, now),
        status.message,
    )


def _last(record: Record | None, now: datetime) -> str:
    if record is None:
        return "never"
    return f"{since(record.finished or record.started, now)} ago ({record.result.value})"


def _tree(status: AppStatus, *, boxes: bool) -> list[Line]:
    rows = [_leaf(one, before) for before, one in branches(status.objects, lambda _: (), boxes=boxes)]
    return [line(""), line(status.app, Style.HEAD), *rows]


def _leaf(one: ObjectStatus, branch: str) -> Line:
    well = one.health.state in _WELL and one.drift.verdict is DriftVerdict.IN_SYNC
    verdict = "" if one.drift.verdict is DriftVerdict.IN_SYNC else one.drift.verdict.value
    words = dict.fromkeys((one.health.state.value, verdict))
    why = "" if well else one.health.message or one.drift.reason
    return (
        (f"{branch}{one.ref}  ", Style.PLAIN),
        (" ".join(filter(None, words)), Style.ADDED if well else Style.BAD),
        (f"  {why}" if why else "", Style.QUIET),
    )


def _status_json(status: AppStatus) -> dict[str, Any]:
    return {
        "app": status.app,
        "owner": status.owner,
        "state": status.state.value,
        "health": status.health.value,
        "revision": status.revision,
        "wanted": status.wanted,
        "message": status.message,
        "leftConfig": status.left_config,
        "suspended": suspension_json(status.suspended[1]) | {"place": status.suspended[0].value} if status.suspended else None,
        "lastSync": record_json(status.last) if status.last else None,
        "objects": [
            {
                "object": ref_json(o.ref),
                "drift": o.drift.verdict.value,
                "health": o.health.state.value,
                "message": o.health.message or o.drift.reason,
                "rule": o.health.rule,
            }
            for o in status.objects
        ],
    }
