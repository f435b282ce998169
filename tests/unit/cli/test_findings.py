"""Reports for machines: well formed, escaped, redacted, whatever a finding holds."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gitctl.cli.show.findings import _RULES, Report, github, junit, sarif
from gitctl.errors import ErrorId, InputError, ManyErrors, Where
from gitctl.model.finding import Case, Finding, Rule, Severity
from gitctl.redact import Redactor

NASTY = 'a,b:c%d\r\n"<&>]]> \x1b[31m \u202e \ufffe hunter2hunter2'
PLACE = Where("ap ps/ü:1.yaml", 3, 7)
CASES = (
    Case("web (dev)", "Deployment a", PLACE, (Finding(Rule.UNKNOWN_FIELD, NASTY, PLACE, "Deployment a", "spec.x", "did you mean 'y'?"),)),
    Case("web (dev)", "Service b", Where("b.yaml"), (Finding(Rule.DEPRECATED_API, "old", Where("b.yaml"), severity=Severity.WARNING),)),
    Case("web (dev)", "Job c", Where(""), (Finding(Rule.DIFFERS, "update", Where(""), severity=Severity.NOTE),)),
    Case("kustomization.yaml", "", Where("kustomization.yaml"), skipped="a kustomization"),
    Case("kustomization.yaml", "ConfigMap d", Where("")),
)
REPORT = Report(CASES, (ManyErrors([InputError("broken", id=ErrorId.YAML_SYNTAX, where=Where("x.yaml", 2, 1)), InputError(NASTY)]),))
REDACTOR = Redactor(["hunter2hunter2"])


def test_annotations_are_one_line_each_and_escaped() -> None:
    rows = github(REPORT, redactor=REDACTOR).splitlines()
    assert [row.split(" ")[0] for row in rows] == ["::error", "::warning", "::notice", "::error", "::error"]
    assert rows[0].startswith(
        '::error file=ap ps/ü%3A1.yaml,line=3,col=7,title=gitctl%3A unknown-field::Deployment a spec.x: a,b:c%25d\\r%0A"<&>]]> \\x1b[31m'
    )
    assert rows[1] == "::warning file=b.yaml,title=gitctl%3A deprecated-api::old"
    assert rows[3] == "::error file=x.yaml,line=2,col=1,title=gitctl%3A yaml-syntax::x.yaml:2:1: broken"
    assert "hunter2" not in "".join(rows)


def test_junit_has_a_suite_an_app_and_a_case_an_object() -> None:
    text = junit(REPORT, redactor=REDACTOR)
    root = ElementTree.fromstring(text)
    assert root.attrib == {"name": "gitctl", "tests": "7", "failures": "2", "errors": "2"}
    suites = {suite.attrib["name"]: suite.attrib for suite in root}
    assert {name: (s["tests"], s["failures"], s["errors"], s["skipped"]) for name, s in suites.items()} == {
        "web (dev)": ("3", "2", "0", "0"),
        "kustomization.yaml": ("2", "0", "0", "1"),
        "gitctl": ("2", "0", "2", "0"),
    }
    first, second, _ = root[0]
    failure = first.find("failure")
    assert failure is not None
    assert (first.attrib["name"], first.attrib["line"], failure.attrib["type"]) == ("Deployment a", "3", "unknown-field")
    assert second.find("failure") is None
    assert "warning: b.yaml: old" in str(second.findtext("system-out"))
    assert "hunter2" not in text


PLACE_SCHEMA = {
    "properties": {
        "artifactLocation": {"required": ["uri"], "properties": {"uri": {"pattern": "^[!-~]+$"}}},
        "region": {"required": ["startLine"], "additionalProperties": {"type": "integer", "minimum": 1}},
    }
}
RESULT_SCHEMA: dict[str, Any] = {
    "required": ["ruleId", "ruleIndex", "level", "message"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": {"required": ["text"]},
        "locations": {"type": "array", "items": {"properties": {"physicalLocation": PLACE_SCHEMA}}},
        "partialFingerprints": {"additionalProperties": {"type": "string"}},
    },
}
SARIF_SCHEMA: dict[str, Any] = {
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "properties": {"driver": {"required": ["name", "rules"], "properties": {"rules": {"items": {"required": ["id"]}}}}}
                    },
                    "results": {"items": RESULT_SCHEMA},
                    "invocations": {"items": {"required": ["executionSuccessful"]}},
                },
            },
        },
    },
}
"""What SARIF 2.1.0 asks of the parts that are written."""


def test_sarif_is_sarif() -> None:
    text = sarif(REPORT, redactor=REDACTOR)
    log = json.loads(text)
    Draft202012Validator(SARIF_SCHEMA).validate(log)
    (run,) = log["runs"]
    assert [r["level"] for r in run["results"]] == ["error", "warning", "note"]
    assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    physical = run["results"][0]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "ap%20ps/%C3%BC%3A1.yaml"
    assert physical["region"] == {"startLine": 3, "startColumn": 7}
    assert "locations" not in run["results"][2]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 2
    assert "hunter2" not in text
    assert "\x1b" not in text


def test_a_finding_that_only_moved_keeps_its_fingerprint() -> None:
    def mark(place: Where) -> str:
        found = Finding(Rule.WRONG_TYPE, "x", place, "A a", "spec.x")
        return str(
            json.loads(sarif(Report([Case("s", "A a", place, (found,))]), redactor=REDACTOR))["runs"][0]["results"][0][
                "partialFingerprints"
            ]
        )

    assert mark(Where("a.yaml", 3, 1)) == mark(Where("a.yaml", 9, 2)) != mark(Where("b.yaml", 3, 1))


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_is_described(rule: Rule) -> None:
    assert _RULES[rule].endswith(".")
