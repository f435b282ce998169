"""An audit of secrets, for people, for reviews and as data. Names, ages and places; never a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, assert_never

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.lines import Line, Style, age, line, table, text_of
from gitctl.model.audit import Audit, AuditedSecret, AuditFinding, Consumer, ValueFact
from gitctl.model.quantity import counted
from gitctl.model.secretmade import Keeping

_HEAD = ("SECRET", "KEYS", "AGE", "READABLE BY", "USED BY", "FINDINGS")
_FILES = "files whose values no object has"


def show_audits(session: Session, audits: Sequence[Audit], *, now: datetime) -> None:
    """Print them in the form that -o asks for, then the counts."""
    clean = session.redactor.clean
    forms = {Output.MARKDOWN: lambda: clean(_markdown(audits, now))}
    lines = [one for audit in audits for one in _lines(audit, now, accepted=bool(session.flags.verbose))]
    session.result(
        "SecretAudit",
        {"audits": [_data(audit) for audit in audits]},
        text=lambda: text_of(lines, color=session.color, clean=clean),
        forms=forms,
    )
    for note in dict.fromkeys(note for audit in audits for note in audit.notes):
        session.warn(note)
    if any(value.line and not value.changed for audit in audits for row in audit.secrets for value in row.values):
        session.warn("some ages are not known: fetch the whole history (git fetch --unshallow; in CI fetch-depth: 0)")
    found = [one for audit in audits for one in audit.findings]
    taken = sum(bool(one.accepted) for one in found)
    rows = sum(len(audit.secrets) for audit in audits)
    session.say(f"{counted(rows, 'secret')}, {counted(len(found) - taken, 'finding')}" + (f", {taken} accepted" if taken else ""))


def _lines(audit: Audit, now: datetime, *, accepted: bool) -> Iterator[Line]:
    yield line(audit.place or _FILES, Style.HEAD)
    if audit.secrets:
        yield from table([_cells(row, audit, now) for row in audit.secrets], _HEAD)
    for one in audit.findings:
        if not one.accepted:
            yield line(f"{one.secret}: {one.rule.value}: {one.message}", Style.BAD)
            yield line(f"  {one.hint}", Style.QUIET)
        elif accepted:
            yield line(f"{one.secret}: {one.rule.value}: accepted: {one.accepted}", Style.QUIET)
    yield line("")


def _cells(row: AuditedSecret, audit: Audit, now: datetime) -> tuple[str, ...]:
    keys = "?" if row.keys is None else str(len(row.keys) or len(row.values))
    rules = sorted({one.rule.value for one in audit.findings if one.secret == row.name and not one.accepted})
    return row.name, keys, _age(row, now), ", ".join(_readers(row)), ", ".join(_users(row)) or "-", ", ".join(rules) or "-"


def _age(row: AuditedSecret, now: datetime) -> str:
    match row.keeping:
        case Keeping.STORE:
            return "in a store"
        case Keeping.OPERATOR:
            return "-"
        case Keeping.ENCRYPTED | Keeping.SEALED | Keeping.PLAIN:
            if row.oldest is None or row.oldest.changed is None:
                return "?"
            return age((now - row.oldest.changed).total_seconds()) + (" or more" if row.oldest.anew else "")
        case _:
            assert_never(row.keeping)


def _readers(row: AuditedSecret) -> tuple[str, ...]:
    match row.keeping:
        case Keeping.ENCRYPTED:
            return tuple(map(str, row.readers)) or ("?",)
        case Keeping.SEALED:
            return ("the cluster",)
        case Keeping.STORE:
            return ("the store",)
        case Keeping.OPERATOR:
            return ("its operator",)
        case Keeping.PLAIN:
            return ("who reads Git",)
        case _:
            assert_never(row.keeping)


def _users(row: AuditedSecret) -> tuple[str, ...]:
    if row.ref is None:
        return ("no app reads the file",) if row.unread else ("no object",)
    found: dict[str, list[str]] = {}
    for one in row.consumers:
        if one.ref != row.ref:
            found.setdefault(one.ref.short, []).append(str(one.use))
    return tuple(f"{name} ({', '.join(dict.fromkeys(uses))})" for name, uses in found.items())


def _markdown(audits: Sequence[Audit], now: datetime) -> str:
    parts = ["### gitctl secret audit\n"]
    for audit in audits:
        parts.append(f"#### {audit.place or _FILES}\n")
        if audit.secrets:
            rows = [_HEAD, tuple("---" for _ in _HEAD), *(_cells(row, audit, now) for row in audit.secrets)]
            parts.append("".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows))
        found = [one for one in audit.findings if not one.accepted]
        parts.append("".join(f"- **{one.rule.value}** `{one.secret}`: {one.message}. {one.hint}\n" for one in found) or "No findings.\n")
    return "\n".join(parts)


def _data(audit: Audit) -> dict[str, Any]:
    return {
        "place": audit.place,
        "secrets": [_secret(row) for row in audit.secrets],
        "findings": [_finding(one) for one in audit.findings if not one.accepted],
        "accepted": [{**_finding(one), "reason": one.accepted} for one in audit.findings if one.accepted],
        "notes": list(audit.notes),
    }


def _secret(row: AuditedSecret) -> dict[str, Any]:
    return {
        "name": row.name,
        "app": row.app,
        "madeBy": str(row.ref) if row.ref else "",
        "file": row.file,
        "keeping": row.keeping.value,
        "keys": None if row.keys is None else list(row.keys),
        "changedAt": _time(row.oldest),
        "values": [_value(value) for value in row.values],
        "readers": [{"recipient": one.recipient, "name": one.name} for one in row.readers],
        "consumers": [_consumer(one) for one in row.consumers if one.ref != row.ref],
        "unread": row.unread,
    }


def _value(value: ValueFact) -> dict[str, Any]:
    return {
        "file": value.file,
        "key": value.key,
        "line": value.line,
        "changedAt": _time(value),
        "author": value.author,
        "commit": value.commit,
        "anew": value.anew,
    }


def _time(value: ValueFact | None) -> str:
    return value.changed.strftime("%Y-%m-%dT%H:%M:%SZ") if value and value.changed else ""


def _consumer(one: Consumer) -> dict[str, Any]:
    use = one.use
    about = {"how": use.how.value, "keys": list(use.keys), "optional": use.optional, "refreshesItself": not use.needs_restart}
    return {"app": one.app, "object": str(one.ref), **about}


def _finding(one: AuditFinding) -> dict[str, Any]:
    return {"rule": one.rule.value, "secret": one.secret, "message": one.message, "hint": one.hint}
