"""Results of diff and sync: text, JSON or markdown, and the exit code that they mean."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitctl.cli.forms import Output
from gitctl.cli.remember import remember
from gitctl.cli.session import Session
from gitctl.cli.show.cases import plan_cases
from gitctl.cli.show.equal import Titled, equal_json, equal_lines
from gitctl.cli.show.error import error_json, print_error
from gitctl.cli.show.findings import Report, report_forms
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.cli.show.markdown import plans_markdown
from gitctl.cli.show.plan import plan_lines, problem_lines
from gitctl.cli.show.run import outcome_json, run_lines
from gitctl.cli.show.values import plan_json, revision_json
from gitctl.errors import ExitCode, GitctlError, Interrupted, Terminated, exit_code_of
from gitctl.model.change import Plan
from gitctl.model.outcome import SyncResult
from gitctl.model.quantity import counted
from gitctl.model.state import AppState

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.plan import AppPlan
    from gitctl.workflow.sync import AppRun


Beside = Callable[[Sequence[Plan]], Titled]
"""For plans that are shown, those with which their new secret values are compared as well."""


def nothing_beside(_plans: Sequence[Plan]) -> Titled:
    """Nothing else is looked at."""
    return ()


def show_plans(
    session: Session,
    staged: Sequence[tuple[Stage, Sequence[AppPlan]]],
    *,
    summary: bool = False,
    kind: str = "DiffResult",
    external: bool = False,
    beside: Beside = nothing_beside,
) -> int:
    """Print plans; errors of apps go to stderr after them. The result is the gravest exit code.

    Another `kind` of result than DiffResult has the shape of a run: of one in which nothing was done. With `external` the user's own
    program shows what differs; the exit code is the plans' all the same. `beside` finds plans with which only secret values are compared.
    """
    if not summary and not external:
        staged = [(stage, [_attributed(p, stage) for p in plans]) for stage, plans in staged]
    titled = [(stage.title(p.app), p.planned.plan) for stage, plans in staged for p in plans if p.planned]
    errors = [p.error for _, plans in staged for p in plans if p.error]
    _warn(session, [p for _, plans in staged for p in plans])
    warn_target(session, [stage for stage, _ in staged])
    if external:
        # Cluster by cluster: an object may be on several, under the same file name.
        for stage, plans in staged:
            planned = [p.planned for p in plans if p.planned]
            errors += _external(session, [(stage.title(p.app), p.plan, p.state) for p in planned])
    else:
        body = {
            "clusters": [_stage_json(stage, plans, dry_run=kind != "DiffResult") for stage, plans in staged],
            "errors": [error_json(e) for e in errors],
        }
        others = () if summary else beside([plan for _, plan in titled])
        body |= {"equalValues": equal_json(titled, others)} if kind == "DiffResult" else {}
        forms = _forms(session, titled, errors, others)
        session.result(kind, body, text=lambda: _plans_text(session, titled, summary, others), forms=forms, paged=True)
    _report(errors)
    # A plan with an error is what a run would have begun with: it would end with the error.
    codes = [plan_code(p.planned.plan) for _, plans in staged for p in plans if p.planned and not p.error]
    return max(codes + [exit_code_of(e) for e in errors], default=ExitCode.DONE)


def _attributed(one: AppPlan, stage: Stage) -> AppPlan:
    """The plan with those who wrote the secrets that it changes."""
    from gitctl.workflow.writers import with_writers

    if one.planned is None:
        return one
    plan = with_writers(one.planned.plan, one.planned.rendered.read_set, stage.parts)
    return replace(one, planned=replace(one.planned, plan=plan))


def _external(session: Session, titled: Sequence[tuple[str, Plan, AppState | None]]) -> list[GitctlError]:
    """Counts and problems for people; what differs by the program, whose failure is the result."""
    from gitctl.cli.external import show_external

    clean = session.redactor.clean
    for title, plan, _ in titled:
        session.say(text_of(plan_lines(plan, title=title, summary=True), color=False, clean=clean).rstrip())
        if problems := problem_lines(plan):
            session.warn(text_of(problems, color=False, clean=clean).strip())
    try:
        show_external(session, [(plan, state) for _, plan, state in titled])
    except GitctlError as error:
        return [error]
    return []


def _forms(session: Session, titled: Titled, errors: Sequence[GitctlError] = (), beside: Titled = ()) -> dict[Output, Callable[[], str]]:
    """A plan's other forms: for a pull request, the names of what would be changed, and reports for CI systems."""
    return {
        **report_forms(lambda: Report(plan_cases(titled), errors), redactor=session.redactor),
        Output.MARKDOWN: lambda: plans_markdown(titled, redactor=session.redactor, beside=beside),
        Output.NAME: lambda: session.redactor.clean("".join(f"{c.ref}\n" for _, plan in titled for c in plan.changes)),
    }


def _warn(session: Session, plans: Sequence[AppPlan]) -> None:
    for plan in plans:
        for warning in plan.planned.rendered.warnings if plan.planned else ():
            session.warn(f"{plan.app.name}: {warning}")


def warn_target(session: Session, stages: Sequence[Stage]) -> None:
    """What the targets warn about."""
    for warning in dict.fromkeys(w for stage in stages for w in stage.parts.target.warnings):
        session.warn(warning)


def plan_code(plan: Plan) -> ExitCode:
    """Refused 7, objects that cannot be applied 8 (6 when only rights are missing), differences 1, else 0."""
    if plan.failures:
        return ExitCode.CLUSTER if all(c.denied for c in plan.failures) else ExitCode.PARTIAL
    if plan.refusals:
        return ExitCode.REFUSED
    return ExitCode.DIFFERENT if plan.changes else ExitCode.DONE


def _plan_json(one: AppPlan) -> dict[str, Any]:
    return plan_json(one.planned.plan) if one.planned else {"app": one.app.name, "error": error_json(one.error)}


def _dry_run_json(one: AppPlan) -> dict[str, Any]:
    """A plan in the shape of a run in which nothing was done."""
    from gitctl.workflow.sync import AppRun

    result = SyncResult(one.planned.plan, dry_run=True) if one.planned else None
    return _run_json(AppRun(one.app, result, one.error)) | {"dryRun": True}


def _stage_json(stage: Stage, plans: Sequence[AppPlan], *, dry_run: bool) -> dict[str, Any]:
    return {
        "environment": stage.env,
        "cluster": stage.parts.cluster,
        "branch": stage.parts.branch,
        "revision": revision_json(stage.parts.revision),
        "apps": [_dry_run_json(p) if dry_run else _plan_json(p) for p in plans],
    }


def _plans_text(session: Session, titled: Titled, summary: bool, beside: Titled = ()) -> str:
    lines = [row for title, plan in titled for row in plan_lines(plan, title=title, summary=summary, proofs=bool(session.flags.verbose))]
    lines += [] if summary else equal_lines(titled, beside)
    if len(titled) > 1:
        lines.append(_total([p for _, p in titled]))
    return text_of(lines, color=session.color, clean=session.redactor.clean)


def _total(plans: Sequence[Plan]) -> Line:
    changes = sum(len(p.changes) for p in plans)
    unchanged = sum(len(p.unchanged) for p in plans)
    differing = sum(bool(p.changes) for p in plans)
    text = f"total: {counted(len(plans), 'app')}, {differing} with differences, {counted(changes, 'change')}, {unchanged} unchanged"
    return line(text, Style.HEAD)


def show_revision_diff(session: Session, plans: Titled, *, summary: bool, external: bool = False, beside: Beside = nothing_beside) -> int:
    """Print what differs between two revisions."""
    if external:
        errors = _external(session, [(title, plan, None) for title, plan in plans])
        _report(errors)
        return max([plan_code(p) for _, p in plans] + [exit_code_of(e) for e in errors], default=ExitCode.DONE)
    others = () if summary else beside([p for _, p in plans])
    body = {"apps": [plan_json(p) for _, p in plans], "equalValues": equal_json(plans, others), "errors": []}
    forms = _forms(session, plans, beside=others)
    session.result("RevisionDiffResult", body, text=lambda: _plans_text(session, plans, summary, others), forms=forms, paged=True)
    return max((plan_code(p) for _, p in plans), default=ExitCode.DONE)


Ran = Sequence[tuple["Stage", Sequence["AppRun"]]]


def show_runs(session: Session, staged: Ran, *, kind: str = "SyncResult") -> int:
    """Print what runs did; errors go to stderr after them. The result is the gravest exit code."""
    remember(session, [(stage, run.app.name, [run.result.record if run.result else None]) for stage, runs in staged for run in runs])
    warn_target(session, [stage for stage, _ in staged])
    for note in dict.fromkeys(run.note for _, runs in staged for run in runs if run.note):
        session.detail(note)
    told = _as_ended(session, staged)
    session.result(kind, runs_json(told), text=lambda: runs_text(session, told))
    return report_runs(session, told)


def _as_ended(session: Session, staged: Ran) -> Ran:
    """SIGTERM ends a run as Ctrl-C does, under an id and an exit code of its own."""
    if session.signal != signal.SIGTERM:
        return staged
    return [(stage, [_terminated(run) for run in runs]) for stage, runs in staged]


def _terminated(run: AppRun) -> AppRun:
    if not isinstance(run.error, Interrupted):
        return run
    return replace(run, error=Terminated(run.error.message, hint=run.error.hint))


def runs_json(staged: Ran) -> dict[str, Any]:
    """Runs as data."""
    return {
        "clusters": [_runs_json(stage, runs) for stage, runs in staged],
        "errors": [error_json(r.error) for _, runs in staged for r in runs if r.error],
    }


def runs_text(session: Session, staged: Ran) -> str:
    """Runs for people."""
    lines = [row for stage, runs in staged for r in runs for row in run_lines(r, title=stage.title(r.app))]
    return text_of(lines, color=session.color, clean=session.redactor.clean)


def report_runs(session: Session, staged: Ran) -> int:
    """Errors of runs on stderr, and the gravest exit code."""
    errors = [r.error for _, runs in _as_ended(session, staged) for r in runs if r.error]
    _report(errors)
    codes = [exit_code_of(e) for e in errors]
    return max(codes, default=ExitCode.DONE)


def _runs_json(stage: Stage, runs: Sequence[AppRun]) -> dict[str, Any]:
    return {
        "environment": stage.env,
        "cluster": stage.parts.cluster,
        "branch": stage.parts.branch,
        "revision": revision_json(stage.parts.revision),
        "apps": [_run_json(r) for r in runs],
    }


def _run_json(run: AppRun) -> dict[str, Any]:
    body: dict[str, Any] = {"app": run.app.name, "declined": run.declined}
    if run.result:
        body |= outcome_json(run.result)
    return body | ({"error": error_json(run.error)} if run.error else {})


def _report(errors: Iterable[GitctlError]) -> None:
    for error in errors:
        print_error(error)
