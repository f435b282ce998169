"""Findings for machines: SARIF 2.1.0, JUnit XML, and annotations of GitHub Actions. Every text passes the redactor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from gitctl import __version__
from gitctl.cli.forms import Output
from gitctl.errors import GitctlError, ManyErrors, Where
from gitctl.model.finding import Case, Finding, Rule, Severity
from gitctl.redact import Redactor, printable_json

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES: Mapping[Rule, str] = {
    Rule.UNKNOWN_FIELD: "The schema has no field of this name.",
    Rule.MISSING_FIELD: "A field that the schema asks for is not there.",
    Rule.WRONG_TYPE: "The value has another type than the schema asks for.",
    Rule.WRONG_VALUE: "The value breaks a limit, a pattern or a list of allowed values.",
    Rule.DUPLICATE: "A list has an item twice; server-side apply refuses that.",
    Rule.CEL: "The object breaks a CEL rule of its definition.",
    Rule.CEL_NOT_CHECKED: "A CEL rule of the definition could not be evaluated here.",
    Rule.UNKNOWN_KIND: "The API server has no such kind.",
    Rule.NO_SCHEMA: "There is no schema of this kind: the object was not checked.",
    Rule.NO_IDENTITY: "The object does not say what it is.",
    Rule.REMOVED_API: "The API version is gone.",
    Rule.DEPRECATED_API: "The API version will go.",
    Rule.DIFFERS: "The cluster differs from Git: a sync would change it.",
    Rule.CANNOT_APPLY: "The API server refuses the object.",
    Rule.REFUSED: "A guard refuses the sync.",
    Rule.TEAM_RULES: "The rules of the app or its team forbid the object.",
    Rule.DRIFTED: "Somebody changed what gitctl applied.",
    Rule.MISSING: "Somebody deleted what gitctl applied.",
    Rule.DELETING: "The object is being deleted.",
    Rule.INCOMPLETE: "The object was wanted by a sync that did not finish.",
    Rule.UNKNOWN: "Nothing certain can be said about the object.",
    Rule.PLAINTEXT: "A value of a Secret lies in the file as plain text.",
    Rule.PRIVATE_KEY: "A private key lies in the file.",
    Rule.CREDENTIALS: "Credentials of a cluster, a registry or a service lie in the file as plain text.",
}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a check looked at, and the errors that stood in the place of parts of it."""

    cases: Sequence[Case]
    errors: Sequence[GitctlError] = ()

    @property
    def findings(self) -> list[Finding]:
        """All findings, in order."""
        return [finding for case in self.cases for finding in case.findings]

    @property
    def single_errors(self) -> list[GitctlError]:
        """The errors one by one."""
        return [one for error in self.errors for one in (error.errors if isinstance(error, ManyErrors) else (error,))]


def report_forms(report: Callable[[], Report], *, redactor: Redactor) -> dict[Output, Callable[[], str]]:
    """The three forms of a report, made when they are asked for."""
    return {
        Output.SARIF: lambda: sarif(report(), redactor=redactor),
        Output.JUNIT: lambda: junit(report(), redactor=redactor),
        Output.GITHUB: lambda: github(report(), redactor=redactor),
    }


def sarif(report: Report, *, redactor: Redactor) -> str:
    """A SARIF log with one run."""
    rules = list(dict.fromkeys(f.rule for f in report.findings))
    driver = {
        "name": "gitctl",
        "version": __version__,
        "rules": [{"id": r.value, "shortDescription": {"text": _RULES[r]}} for r in rules],
    }
    notes = [_notification(e) for e in report.single_errors]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not notes, "toolExecutionNotifications": notes}],
        "results": [_result(f, rules.index(f.rule)) for f in report.findings],
    }
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return printable_json(json.dumps(redactor.clean_json(log), indent=2, ensure_ascii=False))


def _notification(error: GitctlError) -> dict[str, Any]:
    mark = {"descriptor": {"id": str(error.id)}} if error.id else {}
    return {"level": "error", "message": {"text": str(error)}, **mark, **_locations(_place(error), "")}


def _result(finding: Finding, index: int) -> dict[str, Any]:
    about = (finding.rule.value, finding.where.path, finding.object, finding.field)
    return {
        "ruleId": finding.rule.value,
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": _text(finding)},
        # Without the line: a finding that only moved is still the same one.
        "partialFingerprints": {"gitctl/v1": hashlib.sha256("\n".join(about).encode("utf-8", "replace")).hexdigest()},
        **_locations(finding.where, ".".join(filter(None, (finding.object, finding.field)))),
    }


def _locations(where: Where, thing: str) -> dict[str, Any]:
    place: dict[str, Any] = {}
    if where.path:
        artifact = {"uri": quote(where.path, safe="/", errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
        region = {"region": _region(where)} if where.line else {}
        place["physicalLocation"] = {"artifactLocation": artifact, **region}
    if thing:
        place["logicalLocations"] = [{"fullyQualifiedName": thing, "kind": "object"}]
    return {"locations": [place]} if place else {}


def _region(where: Where) -> dict[str, int]:
    return {"startLine": where.line, **({"startColumn": where.column} if where.column else {})}


def _text(finding: Finding) -> str:
    about = " ".join(filter(None, (finding.object, finding.field)))
    return (f"{about}: " if about else "") + finding.message + (f"; {finding.hint}" if finding.hint else "")


def _place(error: GitctlError) -> Where:
    return error.where if isinstance(error.where, Where) else Where("")


def github(report: Report, *, redactor: Redactor) -> str:
    """Workflow commands, one a line: `::error file=…,line=…,col=…,title=…::message`."""
    levels = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
    rows = [_command(levels[f.severity], f.where, f.rule.value, _text(f), redactor) for f in report.findings]
    rows += [_command("error", _place(e), str(e.id or ""), str(e), redactor) for e in report.single_errors]
    return "".join(f"{row}\n" for row in rows)


def _command(level: str, where: Where, title: str, message: str, redactor: Redactor) -> str:
    values = {"file": where.path, "line": where.line, "col": where.column, "title": f"gitctl: {title}" if title else "gitctl"}
    properties = ",".join(f"{k}={_property(redactor.clean(str(v)))}" for k, v in values.items() if v)
    return f"::{level} {properties}::{_data(redactor.clean(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def junit(report: Report, *, redactor: Redactor) -> str:
    """A suite for each app or file, a test case for each object; warnings are output of their case, all else fails it."""
    suites = [(name, list(cases)) for name, cases in groupby(report.cases, key=lambda case: case.suite)]
    parts = [_suite(name, cases, redactor) for name, cases in suites]
    errors = report.single_errors
    if errors:
        parts.append(_error_suite(errors, redactor))
    total = f'tests="{len(report.cases) + len(errors)}" failures="{sum(map(_fails, report.cases))}" errors="{len(errors)}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="gitctl" {total}>\n{"".join(parts)}</testsuites>\n'


def _fails(case: Case) -> bool:
    return any(f.severity is not Severity.WARNING for f in case.findings)


def _suite(name: str, cases: Sequence[Case], redactor: Redactor) -> str:
    counts = f'tests="{len(cases)}" failures="{sum(map(_fails, cases))}" errors="0" skipped="{sum(bool(c.skipped) for c in cases)}"'
    inner = "".join(_case(case, redactor) for case in cases)
    return f"  <testsuite name={_attribute(name, redactor)} {counts}>\n{inner}  </testsuite>\n"


def _case(case: Case, redactor: Redactor) -> str:
    place = f" file={_attribute(case.where.path, redactor)}" if case.where.path else ""
    place += f' line="{case.where.line}"' if case.where.line else ""
    head = f"    <testcase name={_attribute(case.name or case.suite, redactor)} classname={_attribute(case.suite, redactor)}{place}"
    inner = "".join(_inner(case, redactor))
    return f"{head}>\n{inner}    </testcase>\n" if inner else f"{head}/>\n"


def _inner(case: Case, redactor: Redactor) -> Iterable[str]:
    if case.skipped:
        yield f"      <skipped message={_attribute(case.skipped, redactor)}/>\n"
    # One failure a case: most readers show only the first.
    failures = [f for f in case.findings if f.severity is not Severity.WARNING]
    if failures:
        text = "\n".join(f"{f.where}: {_text(f)}" if f.where.path else _text(f) for f in failures)
        head = f"<failure type={_attribute(failures[0].rule.value, redactor)} message={_attribute(failures[0].message, redactor)}>"
        yield f"      {head}{_escaped(text, redactor)}</failure>\n"
    warnings = [f for f in case.findings if f.severity is Severity.WARNING]
    if warnings:
        text = "\n".join(f"warning: {f.where}: {_text(f)}" for f in warnings)
        yield f"      <system-out>{_escaped(text, redactor)}</system-out>\n"


def _error_suite(errors: Sequence[GitctlError], redactor: Redactor) -> str:
    rows = "".join(_error_case(error, redactor) for error in errors)
    return f'  <testsuite name="gitctl" tests="{len(errors)}" failures="0" errors="{len(errors)}" skipped="0">\n{rows}  </testsuite>\n'


def _error_case(error: GitctlError, redactor: Redactor) -> str:
    head = f"<error type={_attribute(str(error.id or 'error'), redactor)} message={_attribute(error.message, redactor)}>"
    name = _attribute(_place(error).path or "run", redactor)
    return f'    <testcase name={name} classname="gitctl">\n      {head}{_escaped(str(error), redactor)}</error>\n    </testcase>\n'


def _attribute(text: str, redactor: Redactor) -> str:
    return quoteattr(_xml(redactor.clean(text)))


def _escaped(text: str, redactor: Redactor) -> str:
    return escape(_xml(redactor.clean(text)))


def _xml(text: str) -> str:
    """Without the two characters that XML lacks and the redactor lets pass."""
    return text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
