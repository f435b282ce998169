"""What was found and done about Sealed Secrets, for people and as data."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.lines import Line, Style, line, table, text_of
from gitctl.model.quantity import counted
from gitctl.model.sealing import CertificateFacts, SealStatus

if TYPE_CHECKING:
    from gitctl.workflow.seal import Resealed, Verified

_HEAD = ("FILE", "SECRET", "SCOPE", "VALUES", "STATE")


def show_verified(session: Session, done: Verified, certificate: CertificateFacts | None, *, now: datetime, strict: bool) -> int:
    """Print it in the form that -o asks for; the number of findings."""
    about = _about(certificate, now)
    findings = sum(one.finding or (strict and one.notice) for one in done.found) + _counts(certificate, now, strict)
    body = {
        "sealedSecrets": [_data(one) for one in done.found],
        "certificate": _certificate(certificate, now),
        "findings": findings,
        "passedOver": [{"file": file, "reason": reason} for file, reason in done.passed_over],
    }
    clean = session.redactor.clean
    names = {Output.NAME: lambda: clean("".join(f"{one.file}\n" for one in done.found if one.finding or one.notice))}
    session.result("SealedSecretStatus", body, text=lambda: text_of([*_lines(done), *about], color=session.color, clean=clean), forms=names)
    for path, reason in done.passed_over:
        session.warn(f"{path} was not looked at: {reason}")
    if any(one.notice for one in done.found):
        session.say("  hint: `gitctl secret reseal` seals the same values with the current key")
    if session.flags.output is Output.TEXT:
        session.say(f"{counted(len(done.found), 'SealedSecret')}, {counted(findings, 'finding')}")
    return findings


def show_resealed(session: Session, done: Resealed, certificate: CertificateFacts, *, pushed: bool) -> None:
    """Print it in the form that -o asks for."""
    clean, commit = session.redactor.clean, done.commit
    body = {
        "files": list(done.changed),
        "unchanged": list(done.unchanged),
        "fingerprint": certificate.fingerprint,
        "commit": commit.sha if commit else "",
        "pushed": bool(commit) and pushed,
    }
    rows = [f"resealed {file}" for file in done.changed]
    names = {Output.NAME: lambda: clean("".join(f"{file}\n" for file in done.changed))}
    session.result("ResealResult", body, text=lambda: clean("\n".join(rows)), forms=names)
    if done.unchanged:
        session.say(f"{counted(len(done.unchanged), 'file')} sealed with this certificate already")
    if commit:
        session.say(f"commit {commit.short}" + ("" if pushed else "; not pushed: others see it after git push"))


def _lines(done: Verified) -> list[Line]:
    rows: list[tuple[str, ...]] = [(one.file, one.object or "-", str(one.scope), str(one.values), _state(one)) for one in done.found]
    return list(table(rows, _HEAD)) if rows else []


def _state(one: SealStatus) -> str:
    return f"{one.state}: {one.why}" if one.why else str(one.state)


def _about(certificate: CertificateFacts | None, now: datetime) -> list[Line]:
    if certificate is None or certificate.ends is None:
        return []
    if certificate.expired(now):
        return [line(f"the certificate has expired on {certificate.ends:%Y-%m-%d}", Style.BAD)]
    return [line(f"the certificate ends on {certificate.ends:%Y-%m-%d}", Style.CHANGED)] if certificate.ends_soon(now) else []


def _counts(certificate: CertificateFacts | None, now: datetime, strict: bool) -> int:
    return 0 if certificate is None else int(certificate.expired(now) or (strict and certificate.ends_soon(now)))


def _data(one: SealStatus) -> dict[str, Any]:
    return {
        "file": one.file,
        "secret": one.object,
        "scope": one.scope.value,
        "values": one.values,
        "state": one.state.value,
        "why": one.why,
        "finding": one.finding,
    }


def _certificate(facts: CertificateFacts | None, now: datetime) -> dict[str, Any] | None:
    if facts is None:
        return None
    ends = facts.ends.strftime("%Y-%m-%dT%H:%M:%SZ") if facts.ends else ""
    return {"fingerprint": facts.fingerprint, "ends": ends, "expired": facts.expired(now), "endsSoon": facts.ends_soon(now)}
