"""Who can read: the recipients in a `.sops.yaml`, with the names that people gave them, and the same file with one more or one less.

Names are comments, on the line of the key or on one of their own: `# age1…: Ada Lovelace`. All else of the file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitctl.documents import REMOVED, edit
from gitctl.errors import ErrorId, InputError
from gitctl.secrets.rules import entries, recipients

_Path = tuple[str | int, ...]

_KEY = r"(?:age1[0-9a-z]+|ssh-\S+ \S+|[0-9A-Fa-f]{40}|arn:\S+)"
_OWN_LINE = re.compile(rf"^[ \t]*#[ \t]*({_KEY})[ \t]*:[ \t]*(\S.*?)[ \t]*$\n?", re.MULTILINE)
_SAME_LINE = re.compile(rf"^[ \t]*[^#\n]*?({_KEY})[\"']?[ \t]*,?[ \t]+#[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_AGE = re.compile(r"age1[02-9ac-hj-np-z]{40,}|ssh-(?:ed25519|rsa) [A-Za-z0-9+/]+={0,2}(?: \S+)?")
_FORMS = (("age", _AGE), ("pgp", re.compile(r"[0-9A-Fa-f]{40}")), ("kms", re.compile(r"arn:aws[a-z-]*:kms:\S+")))


@dataclass(frozen=True, slots=True)
class Reader:
    """A recipient, its name ("" where nobody gave one), and the `path_regex` of the rules that name it ("" for all files)."""

    recipient: str
    name: str
    rules: tuple[str, ...]


def readers(text: str, *, config: Path) -> tuple[Reader, ...]:
    """The recipients of a `.sops.yaml`, in its order. Raises InputError."""
    names = dict(_SAME_LINE.findall(text)) | dict(_OWN_LINE.findall(text))
    found: dict[str, list[str]] = {}
    for rule in entries(text.encode(), config=config):
        for one in recipients(rule):
            found.setdefault(one, []).append(str(rule.get("path_regex") or ""))
    return tuple(Reader(one, names.get(one, ""), tuple(dict.fromkeys(rules))) for one, rules in found.items())


def identified(text: str, word: str, *, config: Path) -> str | None:
    """The recipient that a key, or a name in the file, stands for; None for neither. Raises InputError for a name that two have."""
    known = readers(text, config=config)
    if any(one.recipient == word for one in known):
        return word
    named = [one.recipient for one in known if one.name and one.name.casefold() == word.casefold()]
    if len(named) > 1:
        hint = f"name the key: {', '.join(named)}"
        raise InputError(f"{word} has {len(named)} keys", id=ErrorId.RECIPIENT_INVALID, where=str(config), hint=hint)
    return named[0] if named else None


def admit(text: str, recipient: str, *, name: str = "", rule: str | None = None, config: Path) -> str:
    """The file with the recipient in each rule (or in those with this `path_regex`) that lacks it.

    Raises InputError for what is no public key, for a rule that is not there, and for rules with key groups.
    """
    service = _service(recipient, config)
    changes: dict[_Path, Any] = {}
    for index, entry in _chosen(text, rule, config):
        if recipient not in recipients(entry):
            _refuse_groups(entry, config)
            changes |= _longer(("creation_rules", index, service), entry.get(service), recipient)
    text = edit(text, changes) if changes else text
    known = dict(_SAME_LINE.findall(text)) | dict(_OWN_LINE.findall(text))
    return _noted(text, recipient, name) if name and known.get(recipient) != name else text


def dismiss(text: str, recipient: str, *, config: Path) -> str:
    """The file without the recipient and its name. Raises InputError where it is the only one, and for rules with key groups."""
    changes: dict[_Path, Any] = {}
    for index, entry in enumerate(entries(text.encode(), config=config)):
        left = [one for one in recipients(entry) if one != recipient]
        if recipient not in recipients(entry):
            continue
        _refuse_groups(entry, config)
        if not left:
            who = f"the only recipient of the rule {entry.get('path_regex') or 'for all files'}"
            hint = "add another with `gitctl secret recipients add` first"
            raise InputError(f"{recipient} is {who}", id=ErrorId.RECIPIENT_INVALID, where=str(config), hint=hint)
        service = _service(recipient, config)
        changes |= _shorter(("creation_rules", index, service), entry[service], recipient)
    text = edit(text, changes) if changes else text
    return _OWN_LINE.sub(lambda found: "" if found[1] == recipient else found[0], text)


def _service(recipient: str, config: Path) -> str:
    found = next((service for service, form in _FORMS if form.fullmatch(recipient)), "")
    if not found:
        hint = "public keys: age1…, ssh-ed25519 …, ssh-rsa …, a PGP fingerprint of 40 digits, arn:aws:kms:…"
        raise InputError("not a public key that a rule can name", id=ErrorId.RECIPIENT_INVALID, where=str(config), hint=hint)
    return found


def _chosen(text: str, rule: str | None, config: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    known = list(enumerate(entries(text.encode(), config=config)))
    chosen = [(index, entry) for index, entry in known if rule is None or str(entry.get("path_regex") or "") == rule]
    if not chosen:
        hint = "its rules: " + (", ".join(str(entry.get("path_regex") or "(all files)") for _, entry in known) or "none")
        raise InputError("no such rule", id=ErrorId.SOPS_RULE_MISSING, where=str(config), hint=hint)
    yield from chosen


def _refuse_groups(entry: dict[str, Any], config: Path) -> None:
    if entry.get("key_groups"):
        hint = "change them by hand, then `gitctl secret rotate --recipients FILE…`"
        raise InputError("a rule with key_groups", id=ErrorId.RECIPIENT_INVALID, where=str(config), hint=hint)


def _longer(path: _Path, now: Any, recipient: str) -> dict[_Path, Any]:
    if isinstance(now, list):
        return {(*path, len(now)): recipient}
    return {path: f"{now.rstrip().rstrip(',')},{recipient}" if isinstance(now, str) and now.strip() else recipient}


def _shorter(path: _Path, now: Any, recipient: str) -> dict[_Path, Any]:
    keys = now if isinstance(now, list) else [one.strip() for one in str(now).split(",")]
    left = [one for one in keys if one and one != recipient]
    if not left:
        return {path: REMOVED}
    return {(*path, now.index(recipient)): REMOVED} if isinstance(now, list) else {path: ",".join(left)}


def _noted(text: str, recipient: str, name: str) -> str:
    """The name on a line of its own, above the rules."""
    clean = _OWN_LINE.sub(lambda found: "" if found[1] == recipient else found[0], text)
    line = f"# {recipient}: {name}\n"
    return re.sub(r"^creation_rules:", lambda found: line + found[0], clean, count=1, flags=re.MULTILINE)
