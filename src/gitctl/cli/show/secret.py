"""The status of encrypted files as a table, names or data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.lines import Line, Style, line, table, text_of
from gitctl.model.quantity import counted
from gitctl.model.secret import RuleMatch, SecretState, SecretStatus

_HEAD = ("FILE", "STATE", "RECIPIENTS", "MODIFIED", "RULE")


def show_status(session: Session, found: Sequence[SecretStatus]) -> None:
    """Print it in the form that -o asks for."""
    findings = sum(one.finding for one in found)
    body = {"files": [_data(one) for one in found], "findings": findings}
    clean = session.redactor.clean
    names = {Output.NAME: lambda: clean("".join(f"{one.file}\n" for one in found))}
    session.result("SecretStatus", body, text=lambda: text_of(_lines(session, found), color=session.color, clean=clean), forms=names)
    if session.flags.output is Output.TEXT:
        session.say(f"{counted(len(found), 'file')}, {counted(findings, 'finding')}")


def _lines(session: Session, found: Sequence[SecretStatus]) -> list[Line]:
    if not found:
        return []
    return [*table([_row(one) for one in found], _HEAD), *(extra for one in found for extra in _extra(one, session.flags.verbose > 0))]


def _row(one: SecretStatus) -> tuple[str, ...]:
    state = f"{one.state}: {one.why}" if one.why else str(one.state)
    rule = "-" if one.state is SecretState.PLAIN else str(one.rule)  # compared are recipients, and it has none
    return one.file, state, str(len(one.recipients) or "-"), one.modified or "-", rule


def _extra(one: SecretStatus, verbose: bool) -> list[Line]:
    """What there is to do, and with -v the recipients."""
    rows = [line(f"{one.file}: {one.state}: encrypt it with `gitctl secret encrypt`", Style.BAD)] if one.state is SecretState.PLAIN else []
    if one.rule is RuleMatch.DIFFERENT:
        change = [*(f"+{r}" for r in one.missing), *(f"-{r}" for r in one.surplus)]
        rows.append(line(f"{one.file}: {' '.join(change)}: `gitctl secret rotate --recipients` makes it so", Style.CHANGED))
    return rows + ([line(f"{one.file}: {r}", Style.QUIET) for r in one.recipients] if verbose else [])


def _data(one: SecretStatus) -> dict[str, Any]:
    return {
        "file": one.file,
        "encrypted": one.state not in (SecretState.PLAIN, SecretState.UNREADABLE),
        "state": one.state.value,
        "recipients": list(one.recipients),
        "modified": one.modified,
        "rule": one.rule.value,
        "missing": list(one.missing),
        "surplus": list(one.surplus),
        "why": one.why,
    }
