"""Plans and drift as cases of a report: an object each, with what was found about it. Values are masked as in the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gitctl.cli.show.plan import field_lines
from gitctl.errors import Where
from gitctl.model.change import Change, Comparison, FieldChange, Plan, Refusal
from gitctl.model.drift import AppDrift, DriftedField, DriftVerdict, ObjectDrift
from gitctl.model.finding import Case, Finding, Rule, Severity
from gitctl.model.manifest import ObjectRef, Origin
from gitctl.plan.fields import path_text

_MOST_FIELDS: Final = 10
_VERDICTS: Final = {
    DriftVerdict.DRIFTED: Rule.DRIFTED,
    DriftVerdict.MISSING: Rule.MISSING,
    DriftVerdict.DELETING: Rule.DELETING,
    DriftVerdict.INCOMPLETE: Rule.INCOMPLETE,
    DriftVerdict.UNKNOWN: Rule.UNKNOWN,
    DriftVerdict.UNAVAILABLE: Rule.UNKNOWN,
}


def plan_cases(titled: Iterable[tuple[str, Plan]]) -> list[Case]:
    """A case for each object of the plans, and one for each refusal. A difference is a note: nothing need be wrong."""
    return [case for title, plan in titled for case in _plan(title, plan)]


def _plan(title: str, plan: Plan) -> Iterator[Case]:
    for change in plan.changes:
        yield _change(title, change)
    for failure in plan.failures:
        place = _place(failure.desired.origin)
        error = Finding(Rule.CANNOT_APPLY, failure.error, place, str(failure.ref))
        yield Case(title, str(failure.ref), place, (error,))
    for comparison in plan.unchanged:
        yield _unchanged(title, comparison)
    for refusal in plan.refusals:
        yield _refusal(title, refusal)


def _change(title: str, change: Change) -> Case:
    place = _place(change.comparison.desired.origin if change.comparison else None)
    reason = f" ({change.reason})" if change.reason else ""
    message = f"{change.action.value}{reason}" + _fields(change.fields)
    note = Finding(Rule.DIFFERS, message, place, str(change.ref), severity=Severity.NOTE)
    return Case(title, str(change.ref), place, (note,))


def _unchanged(title: str, comparison: Comparison) -> Case:
    return Case(title, str(comparison.ref), _place(comparison.desired.origin))


def _refusal(title: str, refusal: Refusal) -> Case:
    names = ", ".join(str(r) for r in refusal.refs[:_MOST_FIELDS])
    message = refusal.message + (f": {names}" if names else "")
    return Case(title, refusal.rule, Where(""), (Finding(Rule.REFUSED, message, Where(""), hint=refusal.hint),))


def _fields(fields: Sequence[FieldChange]) -> str:
    rows = ["".join(text for text, _ in spans).strip() for f in fields[:_MOST_FIELDS] for spans in field_lines(f)]
    more = [f"… and {len(fields) - _MOST_FIELDS} more fields"] if len(fields) > _MOST_FIELDS else []
    return "".join(f"\n{row}" for row in (*rows, *more))


def _place(origin: Origin | None) -> Where:
    return Where(origin.path, origin.line) if origin else Where("")


def drift_cases(drifts: Iterable[tuple[str, AppDrift, frozenset[ObjectRef]]]) -> list[Case]:
    """A case for each object of the inventories (with their titles). Objects that were put back, the third, have no finding."""
    return [_drift(title, found, found.ref in fixed) for title, drift, fixed in drifts for found in drift.objects]


def _drift(title: str, found: ObjectDrift, fixed: bool) -> Case:
    place = _place(found.origin)
    if found.verdict is DriftVerdict.IN_SYNC or fixed:
        return Case(title, str(found.ref), place)
    rule = _VERDICTS[found.verdict]
    if not found.fields:
        reason = f" ({found.reason})" if found.reason else ""
        return Case(title, str(found.ref), place, (Finding(rule, f"{found.verdict.value}{reason}", place, str(found.ref)),))
    return Case(title, str(found.ref), place, tuple(_drifted(rule, f, found, place) for f in found.fields))


def _drifted(rule: Rule, field: DriftedField, found: ObjectDrift, place: Where) -> Finding:
    text = _fields([field.change]).strip()
    who = f"found: set by {field.owner.manager}" if field.owner else "found: set by somebody unknown"
    by = f"; wanted: {field.wanted_by.sha[:8]} by {field.wanted_by.author}" if field.wanted_by else ""
    # The line that holds the value is nearer than that of the object.
    place = Where(field.wanted_by.path, field.wanted_by.line) if field.wanted_by and field.wanted_by.path else place
    return Finding(rule, f"{text}\n{who}{by}", place, str(found.ref), path_text(field.change.path))
