"""Who can read, and what changed about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.lines import table, text_of
from gitctl.model.quantity import counted

if TYPE_CHECKING:
    from gitctl.cli.secret_ground import RuleUse
    from gitctl.model.revision import Revision
    from gitctl.secrets.roster import Reader
    from gitctl.workflow.recipients import Alignment

_HEAD = ("NAME", "RECIPIENT", "FILES", "RULES")


def show_recipients(session: Session, rosters: Mapping[str, Sequence[Reader]], counts: Mapping[str, int], unruled: Sequence[str]) -> None:
    """Print who can read, in the form that -o asks for. `counts` are files by recipient, `unruled` encrypted files without a rule."""
    items = [_item(config, one, counts) for config, readers in rosters.items() for one in readers]
    named = {item["recipient"] for item in items}
    items += [
        {"recipient": one, "name": "", "config": "", "rules": [], "files": count} for one, count in counts.items() if one not in named
    ]
    clean = session.redactor.clean
    names = {Output.NAME: lambda: clean("".join(f"{item['recipient']}\n" for item in items))}
    body = {"items": items, "unruled": list(unruled)}
    rows: list[tuple[str, ...]] = [(item["name"] or "-", item["recipient"], str(item["files"]), _rules(item)) for item in items]
    session.result(
        "SecretRecipientList", body, text=lambda: text_of(list(table(rows, _HEAD)), color=session.color, clean=clean), forms=names
    )
    for name in unruled:
        session.warn(f"{name}: no rule of a .sops.yaml matches it")


def show_rules(session: Session, rules: Sequence[RuleUse], unruled: Sequence[str]) -> None:
    """Print the rules, and warn about what matches nothing."""
    body = {
        "items": [{"config": one.config, "pathRegex": one.path_regex, "recipients": one.recipients, "files": one.files} for one in rules],
        "unruled": list(unruled),
    }
    rows: list[tuple[str, ...]] = [(one.config, one.path_regex or "all files", str(one.recipients), str(one.files)) for one in rules]
    clean = session.redactor.clean
    head = ("CONFIG", "RULE", "RECIPIENTS", "FILES")
    session.result("SecretRules", body, text=lambda: text_of(list(table(rows, head)), color=session.color, clean=clean))
    for one in rules:
        if not one.files:
            session.warn(f"{one.config}: the rule {one.path_regex or 'for all files'} matches no encrypted file")
    for name in unruled:
        session.warn(f"{name}: no rule of a .sops.yaml matches it")


def show_alignment(session: Session, key: str, name: str, action: str, done: Alignment, commit: Revision | None) -> None:
    """Print which files changed, and the values that somebody who went still knows."""
    body = {
        "recipient": key,
        "name": name,
        "action": action,
        "rules": sorted(done.rules),
        "files": [{"file": file, "added": list(one.added), "removed": list(one.removed)} for file, one in done.files.items()],
        "toChange": [{"file": file, "keys": list(one.known)} for file, one in done.files.items() if one.known],
        "commit": commit.sha if commit else None,
    }
    session.result("SecretRecipients", body, text=lambda: session.redactor.clean("\n".join(_lines(done))))
    if not done.contents:
        session.say("nothing to change")
    elif commit:
        session.say(f"{counted(len(done.files), 'file')}, committed as {commit.short}")
    else:
        session.say(f"{counted(len(done.files), 'file')} changed, not committed")
    if to_change := sum(len(one.known) for one in done.files.values()):
        session.warn(f"{counted(to_change, 'value')} known to {name or key}: change them, Git keeps the old ones")


def _lines(done: Alignment) -> Iterator[str]:
    yield from (f"{name}: rules" for name in sorted(done.rules))
    for file, one in done.files.items():
        yield f"{file}: {' '.join([*(f'+{key}' for key in one.added), *(f'-{key}' for key in one.removed)])}"
    yield from (f"to change: {file}: {key}" for file, one in done.files.items() for key in one.known)


def _item(config: str, one: Reader, counts: Mapping[str, int]) -> dict[str, Any]:
    files = counts.get(one.recipient, 0)
    return {"recipient": one.recipient, "name": one.name, "config": config, "rules": list(one.rules), "files": files}


def _rules(item: Mapping[str, Any]) -> str:
    if not item["config"]:
        return "in files alone"
    return f"{item['config']}: {', '.join(rule or 'all files' for rule in item['rules'])}"
