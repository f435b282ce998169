"""What a sync did: one block an app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitctl.cli.show.lines import Line, Style, line
from gitctl.cli.show.values import plan_json, ref_json
from gitctl.model.change import Action
from gitctl.model.health import worst
from gitctl.model.marks import uid
from gitctl.model.outcome import ObjectHealth, Outcome, OutcomeResult, SyncResult
from gitctl.model.quantity import counted
from gitctl.model.record import Record
from gitctl.model.restoration import Restoration, Undo

if TYPE_CHECKING:
    from gitctl.workflow.sync import AppRun


def run_lines(run: AppRun, *, title: str) -> list[Line]:
    """One line for the run, one for each object that did not end well."""
    if run.declined:
        return [line(f"{title}: not applied: you said no", Style.CHANGED)]
    if run.result is None:
        return [line(f"{title}: not synced", Style.BAD)]
    result = run.result
    if result.removed:
        return [line(f"{title}: {_counts(result)}; nothing is stored about it any more", Style.ADDED)]
    if not result.outcomes and run.error is None:
        head = line(f"{title} at {result.plan.revision.short}: in sync, {counted(len(result.plan.unchanged), 'object')}", Style.HEAD)
        return [head, *(line(f"  note: {note}", Style.QUIET) for note in result.plan.notes)]
    style = Style.BAD if run.error else Style.ADDED
    head = line(f"{title} at {result.plan.revision.short}: {_counts(result)}{_health(result.health)}{_number(result.record)}", style)
    return [
        head,
        *(line(f"  {o.change.ref}: {o.result.value}{_why(o)}", Style.BAD) for o in _bad(result.outcomes)),
        *(_restoration_lines(result.restoration) if result.restoration else ()),
    ]


def _restoration_lines(done: Restoration) -> list[Line]:
    words = ((Undo.RESTORED, "restored"), (Undo.DELETED, "deleted again"), (Undo.RECREATED, "created anew"), (Undo.LEFT, "left"))
    counts = ", ".join(f"{done.count(result)} {word}" for result, word in words if done.count(result))
    where = f"record {done.record}" if done.record else "not recorded"
    head = line(f"  taken back: {counts} ({where})", Style.BAD if done.incomplete else Style.CHANGED)
    return [head, *(line(f"    {one.ref}: {one.result.value}: {one.reason}", Style.BAD) for one in done.incomplete)]


def _counts(result: SyncResult) -> str:
    applied = [o.change.action for o in result.outcomes if o.result is OutcomeResult.APPLIED and o.change.action is not Action.ORPHAN]
    created, released = applied.count(Action.CREATE), applied.count(Action.RELEASE)
    numbers = [
        (created, "created"),
        (len(applied) - created - released, "updated"),
        (released, "released"),
        (_number_of(result, OutcomeResult.DELETED), "pruned"),
        (_number_of(result, OutcomeResult.FAILED) + len(result.plan.failures), "failed"),
        (_number_of(result, OutcomeResult.NOT_TRIED), "not tried"),
        (len(result.plan.unchanged), "unchanged"),
    ]
    return ", ".join(f"{n} {word}" for n, word in numbers if n) or "nothing to do"


def _number_of(result: SyncResult, kind: OutcomeResult) -> int:
    return sum(o.result is kind for o in result.outcomes)


def _health(health: tuple[ObjectHealth, ...]) -> str:
    return f", {worst(tuple(h.health.state for h in health)).value}" if health else ""


def _number(record: Record | None) -> str:
    return f" (record {record.number})" if record else ""


def _bad(outcomes: tuple[Outcome, ...]) -> list[Outcome]:
    return [o for o in outcomes if o.result in (OutcomeResult.FAILED, OutcomeResult.NOT_TRIED)]


def _why(outcome: Outcome) -> str:
    return f": {outcome.error}" if outcome.error else ""


def outcome_json(result: SyncResult) -> dict[str, Any]:
    """A run as data."""
    return {
        "plan": plan_json(result.plan),
        "outcomes": [
            {
                "object": ref_json(o.change.ref),
                "action": o.change.action.value,
                "result": o.result.value,
                "error": o.error,
                "code": o.code,
                "seconds": round(o.seconds, 3),
            }
            for o in result.outcomes
        ],
        "health": [health_json(h) for h in result.health],
        "record": result.record.number if result.record else None,
        "stateRemoved": result.removed,
        "commit": result.record.commit if result.record else "",
        "restoration": _restoration_json(result.restoration) if result.restoration else None,
    }


def _restoration_json(done: Restoration) -> dict[str, Any]:
    """`reason` says what is not as it was before; `record` 0: it could not be written."""
    objects = [
        {"object": ref_json(one.ref), "result": one.result.value, "reason": one.reason, "uid": uid(one.live or {})} for one in done.objects
    ]
    return {"record": done.record, "complete": not done.incomplete, "objects": objects}


def health_json(one: ObjectHealth) -> dict[str, Any]:
    """An object's health as data."""
    health = one.health
    body: dict[str, Any] = {"object": ref_json(one.ref), "state": health.state.value, "message": health.message, "rule": health.rule}
    return body | {"events": list(one.events), "logs": list(one.logs)}
