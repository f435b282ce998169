"""What drift-check found: nothing when nothing is wrong, else a block an app and one summary line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gitctl.cli.session import Session
from gitctl.cli.show.cases import drift_cases
from gitctl.cli.show.error import error_json, print_error
from gitctl.cli.show.findings import Report, report_forms
from gitctl.cli.show.keys import key_lines, keys_json, side_json, writer_json, writer_text
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.cli.show.plan import field_lines
from gitctl.cli.show.report import warn_target
from gitctl.cli.show.run import outcome_json, run_lines
from gitctl.cli.show.values import field_json, owner_json, ref_json
from gitctl.errors import ExitCode, exit_code_of
from gitctl.model.change import Proof
from gitctl.model.drift import AppDrift, DriftedField, DriftVerdict, ForeignFields, ObjectDrift
from gitctl.model.manifest import ObjectRef
from gitctl.model.quantity import counted
from gitctl.model.secretkey import KeyKind
from gitctl.plan.fields import path_text
from gitctl.plan.secretkeys import SEALED
from gitctl.workflow.drift import DriftRun

if TYPE_CHECKING:
    from gitctl.cli.open import Stage

_SIDES = ("found", "wanted")

Staged = Sequence[tuple["Stage", Sequence[DriftRun]]]


def show_drift(session: Session, staged: Staged) -> int:
    """Print the findings; errors go to stderr. The result is the gravest exit code."""
    body = {"clusters": [_stage_json(stage, runs) for stage, runs in staged]}
    proofs = bool(session.flags.verbose)
    lines = [row for stage, runs in staged for run in runs for row in _run_lines(run, stage, proofs=proofs)]
    warn_target(session, [stage for stage, _ in staged])
    for title, text in _quiet_reservations(staged):
        session.say(f"note: {title}: {text}")
    if any(r.drift and (r.drift.findings or r.drift.gaps) for _, runs in staged for r in runs):
        lines.append(_summary([r for _, runs in staged for r in runs]))
    runs = [r for _, found in staged for r in found]
    errors = [e for r in runs for e in (r.error, *(f.error for f in r.fixes)) if e]
    session.result(
        "DriftResult",
        body,
        text=lambda: text_of(lines, color=session.color, clean=session.redactor.clean),
        forms=report_forms(lambda: Report(drift_cases(_titled(staged)), errors), redactor=session.redactor),
        paged=True,
    )
    for error in errors:
        print_error(error)
    code = max((code_of(r) for r in runs), default=ExitCode.DONE)
    return 128 + session.signal if session.signal and code is ExitCode.INTERRUPTED else code


def _titled(staged: Staged) -> list[tuple[str, AppDrift, frozenset[ObjectRef]]]:
    return [(stage.title(r.app), r.drift, _fixed(r)) for stage, runs in staged for r in runs if r.drift]


def code_of(run: DriftRun) -> ExitCode:
    """1 for drift that was not fixed, 5 and 6 for what cannot be known, else 0."""
    if run.error:
        return exit_code_of(run.error)
    failed = [exit_code_of(f.error) for f in run.fixes if f.error]
    if failed or run.drift is None:
        return max(failed, default=ExitCode.DONE)
    gaps = run.drift.gaps
    if any(o.verdict is DriftVerdict.UNKNOWN or o.unreached for o in gaps):
        return ExitCode.CLUSTER
    if gaps:
        return ExitCode.RENDER
    return ExitCode.DIFFERENT if _left(run) or run.drift.lost else ExitCode.DONE


def _left(run: DriftRun) -> int:
    """Findings that no fix has put right."""
    if run.drift is None:
        return 0
    fixed = _fixed(run)
    return sum(o.ref not in fixed for o in run.drift.findings)


def _fixed(run: DriftRun) -> frozenset[ObjectRef]:
    return frozenset(o.change.ref for f in run.fixes if f.result and not f.declined for o in f.result.outcomes)


def _run_lines(run: DriftRun, stage: Stage, *, proofs: bool) -> list[Line]:
    drift = run.drift
    if drift is not None and drift.lost:
        return [line(f"{stage.title(run.app)}: its state is lost: {_lost(drift)}", Style.BAD)]
    if drift is None:
        return []
    rows = [row for o in (*drift.findings, *drift.gaps) for row in object_lines(o)]
    rows += _in_sync_lines(drift) if proofs else []
    rows += [row for fields in drift.foreign for row in _foreign_lines(fields)]
    rows += [line(f"  note: {text}", Style.QUIET) for text in _reservations(drift)] if rows else []
    fixes = [row for f in run.fixes for row in run_lines(f, title=f"{stage.title(run.app)} fix")]
    head = line(f"{stage.title(run.app)} applied at {drift.revision[:8] or 'no commit'}:", Style.HEAD)
    return [head, *rows, *fixes] if rows or fixes else []


def _in_sync_lines(drift: AppDrift) -> list[Line]:
    found = (o for o in drift.objects if o.verdict is DriftVerdict.IN_SYNC)
    return [line(f"  {o.verdict} {o.ref}  (proof: {o.proof})", Style.QUIET) for o in found]


def _quiet_reservations(staged: Staged) -> list[tuple[str, str]]:
    """Where nothing is wrong, nothing is printed: then these go to stderr."""
    quiet = ((stage, r.drift) for stage, runs in staged for r in runs if r.drift and not (r.drift.findings or r.drift.gaps or r.fixes))
    return [(f"{drift.app} ({stage.where})", text) for stage, drift in quiet for text in _reservations(drift)]


def _reservations(drift: AppDrift) -> list[str]:
    """What is not known for certain."""
    local = sum(o.proof is Proof.LOCAL for o in drift.objects)
    skipped = sum(o.verdict is DriftVerdict.SKIPPED for o in drift.objects)
    said = [f"{counted(local, 'object')} compared on this side only: not confirmed by the server"] if local else []
    return said + ([f"{counted(skipped, 'Secret')} not looked at (--no-secrets)"] if skipped else [])


def _foreign_lines(fields: ForeignFields) -> list[Line]:
    through = f" through /{fields.owner.subresource}" if fields.owner.subresource else ""
    when = f", no later than {fields.owner.time}" if fields.owner.time else ""
    head = line(f"  foreign {fields.ref}: {fields.owner.manager}{through}{when}", Style.QUIET)
    return [head, *(line(f"      {path_text(path)}", Style.QUIET) for path in fields.paths)]


def _lost(drift: AppDrift) -> str:
    return f"{counted(drift.lost, 'object')} with the owner id {drift.owner}, and nothing stored; the next sync puts it together again"


def object_lines(found: ObjectDrift) -> list[Line]:
    """An object, its fields, who changed them, and which commit wanted otherwise."""
    reason = f"  ({found.reason})" if found.reason else ""
    style = Style.QUIET if found.verdict in (DriftVerdict.UNKNOWN, DriftVerdict.UNAVAILABLE) else Style.CHANGED
    head: Line = ((f"  {found.verdict.value} {found.ref}", style), (reason, Style.QUIET))
    told = {field.change.path for field in found.fields}
    keys = key_lines([key for key in found.keys if key.path not in told], kinds=(KeyKind.SAME,))
    return [head, *(row for field in found.fields for row in _field_lines(field)), *keys]


def _field_lines(field: DriftedField) -> list[Line]:
    from dataclasses import replace

    rows = field_lines(replace(field.change, loser=None))
    return [*rows, line(f"        found: set by {who_text(field)}; wanted: {wanted_text(field)}", Style.QUIET)]


def who_text(field: DriftedField) -> str:
    """The manager who set what was found, and when at the latest."""
    if field.owner is None:
        return "unknown"
    when = f", no later than {field.owner.time}" if field.owner.time else ""
    through = f" through /{field.owner.subresource}" if field.owner.subresource else ""
    return f"{field.owner.manager}{through}{when}"


def wanted_text(field: DriftedField) -> str:
    """The commit that wants otherwise."""
    by = field.wanted_by
    if by is None:
        return "absent in Git" if field.change.new is None else "in Git"
    if field.change.sensitive or field.change.path[:2] == SEALED:
        return writer_text(by)
    return f"{by.sha[:8]} by {by.author}" + (f" ({by.subject})" if by.subject else "")


def _summary(runs: Sequence[DriftRun]) -> Line:
    drifts = [r.drift for r in runs if r.drift]
    found = sum(_left(r) for r in runs)
    fixed = sum(len(r.drift.findings) for r in runs if r.drift) - found
    apps = sum(bool(d.findings or d.lost) for d in drifts)
    text = f"drift: {counted(found + fixed, 'object')} in {counted(apps, 'app')} of {len(runs)}" + (f", {fixed} fixed" if fixed else "")
    return line(text, Style.HEAD)


def _stage_json(stage: Stage, runs: Sequence[DriftRun]) -> dict[str, Any]:
    return {
        "environment": stage.env,
        "cluster": stage.parts.cluster,
        "branch": stage.parts.branch,
        "apps": [_run_json(r) for r in runs],
    }


def _run_json(run: DriftRun) -> dict[str, Any]:
    body: dict[str, Any] = {"app": run.app.name}
    if run.error:
        body["error"] = error_json(run.error)
    if run.drift:
        body |= drift_json(run.drift)
    return body | {"fixes": [outcome_json(f.result) for f in run.fixes if f.result]}


def drift_json(drift: AppDrift) -> dict[str, Any]:
    """An app's drift as data: only objects that are not in sync."""
    return {
        "owner": drift.owner,
        "revision": drift.revision,
        "stateLost": drift.lost > 0,
        "inSync": sum(o.verdict is DriftVerdict.IN_SYNC for o in drift.objects),
        "objects": [object_json(o) for o in (*drift.findings, *drift.gaps)],
        "inSyncObjects": [{"object": ref_json(o.ref), "proof": o.proof.value} for o in drift.objects if o.verdict is DriftVerdict.IN_SYNC],
        "notLookedAt": [ref_json(o.ref) for o in drift.objects if o.verdict is DriftVerdict.SKIPPED],
        "foreign": [
            {"object": ref_json(f.ref), "owner": owner_json(f.owner), "fields": [path_text(p) for p in f.paths]} for f in drift.foreign
        ],
    }


def object_json(found: ObjectDrift) -> dict[str, Any]:
    """An object that is not in sync, as data."""
    body = {
        "object": ref_json(found.ref),
        "verdict": found.verdict.value,
        "reason": found.reason,
        "proof": found.proof.value,
        "origin": str(found.origin) if found.origin else "",
        "fields": [_field_json(f) for f in found.fields],
    }
    return body | ({"keys": keys_json(found.keys, names=_SIDES)} if found.keys else {})


def _field_json(field: DriftedField) -> dict[str, Any]:
    change = field_json(field.change)
    body = {
        "path": change["path"],
        "kind": change["kind"],
        "wanted": change["new"],
        "found": change["old"],
        "sensitive": change["sensitive"],
        "owner": owner_json(field.owner),
        "wantedBy": writer_json(field.wanted_by),
    }
    if not field.change.sensitive:
        return body
    return body | side_json(field.change.old, field.change.new, encoded=field.change.encoded, names=_SIDES)
