"""Findings: what is wrong with what Git holds or with what runs, in the one shape behind every report for machines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitctl.errors import Where
from gitctl.model.manifest import Path


class Severity(StrEnum):
    """How grave a finding is: an error fails the check, a warning does so on request. A note is a difference: the command exits 1
    for it, and nothing need be wrong."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(StrEnum):
    """What a finding is about. The names are a contract: they stand in SARIF, JUnit and JSON."""

    UNKNOWN_FIELD = "unknown-field"
    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    WRONG_VALUE = "wrong-value"
    DUPLICATE = "duplicate-item"
    CEL = "cel-rule"
    CEL_NOT_CHECKED = "cel-rule-not-checked"
    UNKNOWN_KIND = "unknown-kind"
    NO_SCHEMA = "no-schema"
    NO_IDENTITY = "no-identity"
    REMOVED_API = "removed-api"
    DEPRECATED_API = "deprecated-api"
    DIFFERS = "differs"
    CANNOT_APPLY = "cannot-apply"
    REFUSED = "refused"
    TEAM_RULES = "team-rules"
    DRIFTED = "drifted"
    MISSING = "missing"
    DELETING = "deleting"
    INCOMPLETE = "incomplete"
    UNKNOWN = "not-known"
    PLAINTEXT = "plaintext-secret"
    PRIVATE_KEY = "private-key"
    CREDENTIALS = "plaintext-credentials"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a path of one object. `message` never holds a value of the object; `hint` says what to do, "" where that is
    not known."""

    rule: Rule
    message: str
    path: Path = ()
    hint: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its place: `where` in a file as exactly as it is known, `object` as `Kind namespace/name`, `field` as a path."""

    rule: Rule
    message: str
    where: Where
    object: str = ""
    field: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Case:
    """One object that was looked at, and what was found. `suite` is its app and cluster, or its file; `skipped` says why it was
    not looked at, "" when it was."""

    suite: str
    name: str
    where: Where
    findings: tuple[Finding, ...] = ()
    skipped: str = ""
