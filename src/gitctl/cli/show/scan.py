"""What lies open, for people and as data. Never a value: place, kind, key, size."""

from __future__ import annotations

from itertools import groupby
from typing import Any, assert_never

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.findings import Report, report_forms
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.errors import Where
from gitctl.model.exposure import Exposure, ExposureKind, Scan
from gitctl.model.finding import Case, Finding, Rule
from gitctl.model.quantity import counted


def show_scan(session: Session, scan: Scan) -> None:
    """Print it in the form that -o asks for."""
    clean = session.redactor.clean
    names = {Output.NAME: lambda: clean("".join(f"{name}\n" for name in dict.fromkeys(e.path for e in scan.exposures)))}
    forms = names | report_forms(lambda: Report(_cases(scan)), redactor=session.redactor)
    session.result("SecretScan", _data(scan), text=lambda: text_of(_lines(session, scan), color=session.color, clean=clean), forms=forms)
    for path, reason in scan.passed_over:
        session.warn(f"{path} was not looked at: {reason}")
    if session.flags.output is Output.TEXT:
        accepted = f", {len(scan.accepted)} accepted" if scan.accepted else ""
        session.say(f"{counted(scan.files, 'file')}, {counted(len(scan.exposures), 'finding')}{accepted}")
    if scan.exposures:
        session.say("  hint: `gitctl secret encrypt FILE` encrypts a manifest; what was pushed once must be changed")


def _lines(session: Session, scan: Scan) -> list[Line]:
    found = [line(_text(e), Style.BAD) for e in scan.exposures]
    return found + ([line(f"{_text(e)}: accepted: {e.accepted}", Style.QUIET) for e in scan.accepted] if session.flags.verbose else [])


def _text(exposure: Exposure) -> str:
    place = f"{exposure.path}:{exposure.line}:{exposure.column}" if exposure.line else exposure.path
    about = " ".join(part for part in (exposure.object, exposure.key) if part)
    place += f" in {exposure.commit[:8]}" if exposure.commit else ""
    return f"{place}: {meaning(exposure.kind)}{': ' if about else ''}{about} ({counted(exposure.size, 'byte')})"


def meaning(kind: ExposureKind) -> str:
    """A kind in words."""
    match kind:
        case ExposureKind.SECRET:
            return "plain text in a Secret"
        case ExposureKind.GENERATOR:
            return "plain text for a Secret of a kustomization"
        case ExposureKind.PRIVATE_KEY:
            return "a private key"
        case ExposureKind.LOCKED_KEY:
            return "a private key, behind a passphrase only"
        case ExposureKind.AGE_KEY:
            return "an age secret key"
        case ExposureKind.KUBECONFIG:
            return "credentials in a kubeconfig"
        case ExposureKind.DOCKER:
            return "credentials of a registry"
        case ExposureKind.TOKEN:
            return "a token"
        case _:
            assert_never(kind)


def _cases(scan: Scan) -> list[Case]:
    """A case for each file with a finding, and for each that was not looked at."""
    found = [
        Case(path, path, Where(path), tuple(_reported(e) for e in exposures))
        for path, exposures in groupby(scan.exposures, key=lambda e: e.path)
    ]
    return [*found, *(Case(path, path, Where(path), skipped=reason) for path, reason in scan.passed_over)]


def _reported(exposure: Exposure) -> Finding:
    where = Where(exposure.path, exposure.line, exposure.column)
    brought = f", brought by {exposure.commit[:8]}" if exposure.commit else ""
    message = f"{meaning(exposure.kind)} ({counted(exposure.size, 'byte')}){brought}"
    hint = "encrypt it, or give a reason: gitctl.dev/allow-plaintext"
    return Finding(_rule(exposure.kind), message, where, exposure.object, exposure.key, hint)


def _rule(kind: ExposureKind) -> Rule:
    match kind:
        case ExposureKind.SECRET | ExposureKind.GENERATOR:
            return Rule.PLAINTEXT
        case ExposureKind.PRIVATE_KEY | ExposureKind.LOCKED_KEY | ExposureKind.AGE_KEY:
            return Rule.PRIVATE_KEY
        case ExposureKind.KUBECONFIG | ExposureKind.DOCKER | ExposureKind.TOKEN:
            return Rule.CREDENTIALS
        case _:
            assert_never(kind)


def _data(scan: Scan) -> dict[str, Any]:
    return {
        "files": scan.files,
        "findings": [_finding(e) for e in scan.exposures],
        "accepted": [{**_finding(e), "reason": e.accepted} for e in scan.accepted],
        "passedOver": [{"file": path, "reason": reason} for path, reason in scan.passed_over],
    }


def _finding(exposure: Exposure) -> dict[str, Any]:
    return {
        "file": exposure.path,
        "line": exposure.line,
        "column": exposure.column,
        "kind": exposure.kind.value,
        "object": exposure.object,
        "key": exposure.key,
        "bytes": exposure.size,
        "commit": exposure.commit,
    }
