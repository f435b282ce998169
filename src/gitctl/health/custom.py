"""Health rules that users write for kinds that gitctl does not know, or judges otherwise than they do.

A rule's paths may be written as a JSON pointer (`/status/phase`), as dotted keys (`status.phase`, `$.status.phase`), with list entries by
number (`status.members[0].role`), by key (`status.conditions[type=Ready].status`) or by JSONPath filter (`[?(@.type=="Ready")]`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from gitctl.health.live import Live, scalar
from gitctl.health.rules import STATES
from gitctl.health.verdict import healthy, progressing
from gitctl.model.app import HealthRule, ObjectSelector
from gitctl.model.health import Health, HealthState

Pairs = tuple[tuple[str, str], ...]

_FILTER = re.compile(r"""\[\?\(\s*@\.([^=\s]+)\s*==\s*["']?([^"'\]]*?)["']?\s*\)\]""")
_STEP = re.compile(r"\.?((?:\\\.|[^.\[\\])+)|\[([^\]]*)\]")


def by_user(live: Live, rules: Iterable[HealthRule]) -> tuple[Health, str] | None:
    """The verdict of the first rule that selects the object and decides, with the rule's name (`user rule 1`)."""
    for number, rule in enumerate(rules, 1):
        verdict = _verdict(live, rule) if selects(rule.select, live) else None
        if verdict:
            return verdict, f"user rule {number}"
    return None


def ignored(live: Live, rules: Iterable[HealthRule]) -> tuple[Health, str] | None:
    """Healthy when a rule says that the object's health shall not be looked at."""
    for number, rule in enumerate(rules, 1):
        if rule.ignore and selects(rule.select, live):
            return healthy(rule.reason or "not looked at, as configured"), "no cluster" if rule.reason else f"user rule {number}"
    return None


def selects(select: ObjectSelector, live: Live) -> bool:
    """Is the object one that the selector is about?"""
    named = fnmatchcase(live.text("metadata", "namespace"), select.namespace or "*") and fnmatchcase(
        live.text("metadata", "name"), select.name or "*"
    )
    kind = select.kind in ("", live.kind) and select.group in (None, live.group)
    return kind and named and all(live.text("metadata", "labels", key) == value for key, value in select.labels)


def _verdict(live: Live, rule: HealthRule) -> Health | None:
    for pairs, state in (
        (rule.failed, HealthState.FAILED),
        (rule.healthy, HealthState.HEALTHY),
        (rule.progressing, HealthState.PROGRESSING),
    ):
        if pairs and not _unmet(live, pairs):
            return STATES[state]("; ".join(f"{path} is {value}" for path, value in pairs))
    if rule.healthy:
        path, wanted, found = _unmet(live, rule.healthy)[0]
        return progressing(f"{path} is {found or 'not set'}, waiting for {wanted}")
    return None


def _unmet(live: Live, pairs: Pairs) -> list[tuple[str, str, str]]:
    found = ((path, wanted, scalar(value_at(live.body, path))) for path, wanted in pairs)
    return [row for row in found if row[2] != row[1]]


def value_at(body: Mapping[str, Any], path: str) -> Any:
    """The value at a user's path, None where there is none."""
    value: Any = body
    for step in _steps(path):
        value = _descend(value, step)
        if value is None:
            return None
    return value


def _steps(path: str) -> list[str]:
    if path.startswith("/"):
        return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
    plain = _FILTER.sub(r"[\1=\2]", path.removeprefix("$"))
    return [(key.replace("\\.", ".") or bracket.strip("'\"")) for key, bracket in _STEP.findall(plain)]


def _descend(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if not isinstance(value, list):
        return None
    if step.isascii() and step.isdigit():
        return value[int(step)] if len(step) < 10 and int(step) < len(value) else None
    key, equals, wanted = step.strip("[]").partition("=")
    return next((e for e in value if equals and isinstance(e, Mapping) and scalar(e.get(key)) == wanted.strip("'\"")), None)
