"""References to stores, and what came of asking for them: sizes, never values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gitctl.cli.session import Session
from gitctl.cli.show.error import error_json, print_error
from gitctl.cli.show.lines import table, text_of
from gitctl.cli.show.values import ref_json
from gitctl.errors import ExitCode, GitctlError, exit_code_of
from gitctl.model.app import App
from gitctl.model.quantity import counted
from gitctl.model.reference import shown
from gitctl.protocols import Trouble
from gitctl.workflow.references import Found

_HEAD = ("APP", "OBJECT", "KEY", "REFERENCE")
READABLE = "readable"
UNASKED = "not asked"
STATES = (READABLE, UNASKED, *(str(trouble) for trouble in Trouble))
"""The words for what is known of a reference."""


@dataclass(frozen=True, slots=True)
class AppReferences:
    """The references of one app on one cluster, "" where the environment has none."""

    app: App
    cluster: str
    found: tuple[Found, ...]


def show_references(session: Session, apps: Sequence[AppReferences], errors: Sequence[GitctlError], *, checked: bool) -> int:
    """Print them; errors of renders go to stderr. The result is the gravest exit code, 0 where nothing was `checked`."""
    items = [_item(one, found) for one in apps for found in one.found]
    body = {"checked": checked, "references": items, "errors": [error_json(error) for error in errors]}
    session.result("SecretReferences", body, text=lambda: _text(session, apps, checked=checked))
    for error in errors:
        print_error(error)
    _tell(session, [found for one in apps for found in one.found], checked=checked)
    faults = [found.fault.trouble for one in apps for found in one.found if found.fault] if checked else []
    return max([*map(exit_code_of, errors), *map(_code, faults)], default=ExitCode.DONE)


def _item(one: AppReferences, found: Found) -> dict[str, Any]:
    known = {
        "app": one.app.name,
        "environment": one.app.env,
        "cluster": one.cluster,
        "object": ref_json(found.ref),
        "key": str(found.path[-1]),
        "reference": shown(found.text),
        "state": _state(found),
        "reason": found.fault.reason if found.fault else "",
        "hint": found.fault.hint if found.fault else "",
    }
    return known | ({"bytes": len(found.value)} if found.value is not None else {})


def _state(found: Found) -> str:
    if found.fault:
        return found.fault.trouble
    return UNASKED if found.value is None else READABLE


def _text(session: Session, apps: Sequence[AppReferences], *, checked: bool) -> str:
    several = len({one.cluster for one in apps}) > 1
    rows = [_row(one, found, checked=checked, several=several) for one in apps for found in one.found]
    head = (*_HEAD, "STATE") if checked or any(f.fault for one in apps for f in one.found) else _HEAD
    cells = [row[: len(head)] for row in rows]
    return text_of(list(table(cells, head)), color=session.color, clean=session.redactor.clean) if rows else ""


def _row(one: AppReferences, found: Found, *, checked: bool, several: bool) -> tuple[str, ...]:
    state = _state(found)
    if found.value is not None:
        state += f" ({counted(len(found.value), 'byte')})"
    elif found.fault:
        state += f": {found.fault.reason}"
    name = (one.app.name or one.app.path or ".") + (f" ({one.cluster})" if several else "")
    return name, found.ref.short, str(found.path[-1]), shown(found.text), state if checked or found.fault else ""


def _tell(session: Session, found: Sequence[Found], *, checked: bool) -> None:
    bad = [one for one in found if one.fault]
    for hint in dict.fromkeys(one.fault.hint for one in bad if one.fault and one.fault.hint):
        session.say(f"hint: {hint}")
    if not checked:
        session.say(f"{counted(len(found), 'reference')}; --check asks the stores")
    else:
        session.say(f"{counted(len(found), 'reference')}, {len(found) - len(bad)} readable")


def _code(trouble: Trouble) -> ExitCode:
    match trouble:
        case Trouble.DENIED | Trouble.UNREACHABLE:
            return ExitCode.CLUSTER
        case Trouble.NO_LIBRARY:
            return ExitCode.RENDER
        case _:
            return ExitCode.DIFFERENT
