"""What validate found: a line a finding, as compilers write them, and a summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitctl.cli.session import Session
from gitctl.cli.show.error import error_json, print_error
from gitctl.cli.show.findings import Report, report_forms
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.errors import ExitCode, exit_code_of
from gitctl.model.finding import Case, Finding, Severity
from gitctl.model.quantity import counted
from gitctl.workflow.validate import Validation, failed

_STYLES = {Severity.ERROR: Style.BAD, Severity.WARNING: Style.CHANGED, Severity.NOTE: Style.QUIET}


def show_validation(session: Session, runs: Sequence[tuple[str, Validation]], *, warnings_as_errors: bool) -> int:
    """Print the findings of runs (each with where its schemas came from); errors go to stderr. The result is the gravest exit code."""
    cases = [case for _, run in runs for case in run.cases]
    errors = [error for _, run in runs for error in run.errors]
    sources = list(dict.fromkeys(source for source, _ in runs))
    for case in cases:
        if case.skipped:
            session.detail(f"{case.suite}: skipped: {case.skipped}")
    report = Report(cases, errors)
    session.result(
        "ValidateResult",
        _json(report, sources),
        text=lambda: text_of(_lines(report, sources), color=session.color, clean=session.redactor.clean),
        forms=report_forms(lambda: report, redactor=session.redactor),
    )
    for error in errors:
        print_error(error)
    found = ExitCode.DIFFERENT if failed(report.findings, warnings=warnings_as_errors) else ExitCode.DONE
    return max([found, *(exit_code_of(e) for e in errors)])


def _lines(report: Report, sources: Sequence[str]) -> list[Line]:
    return [*(row for f in report.findings for row in _finding(f)), line(_summary(report, sources), Style.HEAD)]


def _finding(found: Finding) -> list[Line]:
    about = " ".join(filter(None, (found.object, found.field)))
    place = f"{found.where}: " if found.where.path else ""
    head: Line = (
        (place, Style.PLAIN),
        (f"{found.severity.value}: {found.message}", _STYLES[found.severity]),
        (f"  ({about})", Style.QUIET),
    )
    return [head, *([line(f"  hint: {found.hint}", Style.QUIET)] if found.hint else [])]


def _counts(report: Report) -> dict[str, int]:
    severities = [f.severity for f in report.findings]
    return {
        "objects": sum(not case.skipped for case in report.cases),
        "skipped": sum(bool(case.skipped) for case in report.cases),
        "errors": severities.count(Severity.ERROR),
        "warnings": severities.count(Severity.WARNING),
    }


def _summary(report: Report, sources: Sequence[str]) -> str:
    counts = _counts(report)
    found = [counted(counts[name], name.removesuffix("s")) for name in ("errors", "warnings") if counts[name]]
    skipped = f", {counted(counts['skipped'], 'file')} skipped" if counts["skipped"] else ""
    return f"{counted(counts['objects'], 'object')} checked against {' and '.join(sources)}: {', '.join(found) or 'nothing found'}{skipped}"


def _json(report: Report, sources: Sequence[str]) -> dict[str, Any]:
    return {
        "schemas": list(sources),
        "summary": _counts(report),
        "findings": [finding_json(f) for f in report.findings],
        "skipped": [_skipped(case) for case in report.cases if case.skipped],
        "errors": [error_json(e) for e in report.errors],
    }


def finding_json(found: Finding) -> dict[str, Any]:
    """A finding as data."""
    return {
        "severity": found.severity.value,
        "rule": found.rule.value,
        "message": found.message,
        "hint": found.hint,
        "object": found.object,
        "field": found.field,
        "file": found.where.path,
        "line": found.where.line,
        "column": found.where.column,
    }


def _skipped(case: Case) -> dict[str, str]:
    return {"file": case.where.path, "object": case.name, "why": case.skipped}
