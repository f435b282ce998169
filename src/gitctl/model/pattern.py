"""Patterns that name fields: JSON pointers with `*` (RFC 6901), and the part of JSONPath that names fields.

`$.spec.containers[*].image` · `$['a.b'][0].*` · `$.spec.containers[?(@.name=='web' && @.port!=80)].image`
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from gitctl.errors import ConfigError, ErrorId
from gitctl.model.manifest import Path


@dataclass(frozen=True, slots=True)
class Every:
    """`*`: every key of a map, every item of a list."""


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison of a filter: the value at `keys` below the item is (`equal`), or is not, `value`."""

    keys: tuple[str, ...]
    equal: bool
    value: Any


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`: the items of a list for which every term holds."""

    terms: tuple[Term, ...]


Step: TypeAlias = str | Every | Filter
"""A str is a map key, or the index of a list when it is a number."""
Pattern: TypeAlias = tuple[Step, ...]

_NAME = r"[A-Za-z0-9_-]+"
_TEXT = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_TOKEN = re.compile(rf"\.(?P<name>{_NAME}|\*)|\[(?:(?P<index>\d+|\*)|(?P<text>{_TEXT})|\?\((?P<filter>(?:{_TEXT}|[^'\"()])*)\))\]")
_TERM = re.compile(rf"\s*@(?P<keys>(?:\.{_NAME}|\[(?:{_TEXT})\])+)\s*(?P<op>==|!=)\s*(?P<value>{_TEXT}|-?\d+(?:\.\d+)?|true|false|null)\s*")
_KEY = re.compile(rf"\.(?P<name>{_NAME})|\[(?P<text>{_TEXT})\]")


@lru_cache(maxsize=1024)
def parse(text: str) -> Pattern:
    """The pattern that a JSON pointer or a JSONPath means. Raises ConfigError."""
    steps = _json_path(text) if text.startswith("$") else _pointer(text)
    if not steps:
        raise ConfigError(f"{text!r} names the whole object", id=ErrorId.CONFIG_VALUE, hint="name a field, such as /spec/replicas")
    return steps


def _pointer(text: str) -> Pattern:
    if text and not text.startswith("/"):
        raise ConfigError(
            f"{text!r} is neither a JSON pointer nor a JSONPath", id=ErrorId.CONFIG_VALUE, hint="write /spec/replicas or $.spec.replicas"
        )
    names = (name.replace("~1", "/").replace("~0", "~") for name in text.split("/")[1:])
    return tuple(Every() if name == "*" else name for name in names)


def _json_path(text: str) -> Pattern:
    steps: list[Step] = []
    at = 1
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            hint = "known are .key, ['key'], [0], [*], .* and [?(@.key=='value')]"
            raise ConfigError(f"{text!r} is not understood from {text[at:]!r} on", id=ErrorId.CONFIG_VALUE, hint=hint)
        steps.append(_step(token, text))
        at = token.end()
    return tuple(steps)


def _step(token: re.Match[str], text: str) -> Step:
    if token["filter"] is not None:
        return Filter(tuple(_term(part, text) for part in _split(token["filter"])))
    if token["text"]:
        return _unquoted(token["text"])
    word = token["name"] or token["index"]
    return Every() if word == "*" else word


def _split(text: str) -> list[str]:
    """The terms between `&&`, those inside quotes left alone."""
    parts = [""]
    for piece in re.findall(rf"{_TEXT}|&&|[^'\"&]+|&", text):
        if piece == "&&":
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _term(part: str, text: str) -> Term:
    match = _TERM.fullmatch(part)
    if match is None:
        raise ConfigError(
            f"{text!r} has a filter that is not understood: {part.strip()!r}", id=ErrorId.CONFIG_VALUE, hint="write [?(@.name=='web')]"
        )
    keys = tuple(key["name"] or _unquoted(key["text"]) for key in _KEY.finditer(match["keys"]))
    value = _unquoted(match["value"]) if match["value"][0] in "'\"" else json.loads(match["value"])
    return Term(keys, match["op"] == "==", value)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def has_index(pattern: Pattern) -> bool:
    """May the pattern count list items? Then it means other items when lists are in another order."""
    return any(isinstance(step, str) and step.isdecimal() for step in pattern)


def find(pattern: Pattern, body: Any) -> Iterator[Path]:
    """The places in a body (map keys and list indexes) that the pattern names."""
    if not pattern:
        yield ()
        return
    for step, value in _chosen(pattern[0], body):
        yield from ((step, *rest) for rest in find(pattern[1:], value))


def _chosen(step: Step, body: Any) -> Iterator[tuple[str | int, Any]]:
    members: Iterator[tuple[str | int, Any]]
    members = iter(body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ())
    match step:
        case Every():
            yield from members
        case Filter(terms):
            yield from ((key, value) for key, value in members if all(_holds(term, value) for term in terms))
        case str():
            yield from ((key, value) for key, value in members if str(key) == step)


def _holds(term: Term, value: Any) -> bool:
    for key in term.keys:
        value = value.get(key) if isinstance(value, dict) else None
    equal = value == term.value and isinstance(value, bool) == isinstance(term.value, bool)
    return equal is term.equal
