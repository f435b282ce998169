"""Live and Condition: total reads of an object that comes from outside.

Nothing here raises: a field of another type than the API promises reads as absent, because health is also asked about
dumps from files and about custom resources whose schema says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of a condition list.

    `status` is `True`, `False`, `Unknown` or an operator's own word; `observed` is the generation that it speaks of.
    """

    type: str
    status: str
    reason: str = ""
    message: str = ""
    observed: int | None = None

    def __str__(self) -> str:
        text = f"{self.type}={self.status or 'unset'}"
        if self.reason:
            text += f" ({self.reason})"
        return f"{text}: {self.message}" if self.message else text

    @property
    def true(self) -> bool:
        """The condition holds."""
        return self.status == "True"

    @property
    def false(self) -> bool:
        """The condition certainly does not hold."""
        return self.status == "False"


@dataclass(frozen=True, slots=True)
class Live:
    """A live object. A path is a tuple of keys; `*` stands for every entry of a list or map (only in `every`)."""

    body: Mapping[str, Any]

    def at(self, *path: str) -> Any:
        """The value at a path, None where there is none."""
        value: Any = self.body
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def every(self, *path: str) -> tuple[Any, ...]:
        """All values at a path with `*` steps, in order; absent ones are left out."""
        found: tuple[Any, ...] = (self.body,)
        for key in path:
            found = tuple(v for value in found for v in _step(value, key) if v is not None)
        return found

    def text(self, *path: str) -> str:
        """The string at a path, "" for anything else."""
        value = self.at(*path)
        return value if isinstance(value, str) else ""

    def scalar(self, *path: str) -> str:
        """The scalar at a path as YAML writes it (`true`, `3`, `Ready`), "" for anything else."""
        return scalar(self.at(*path))

    def count(self, *path: str, default: int = 0) -> int:
        """The whole number at a path, else `default`."""
        found = number(self.at(*path))
        return default if found is None else found

    def flag(self, *path: str) -> bool:
        """Is the value at a path the boolean true?"""
        return self.at(*path) is True

    @property
    def kind(self) -> str:
        """The kind, "" where there is none."""
        return self.text("kind")

    @property
    def group(self) -> str:
        """The API group, "" for the core group."""
        group, slash, _ = self.text("apiVersion").partition("/")
        return group if slash else ""

    @property
    def has_status(self) -> bool:
        """Did anybody write a status with something in it?"""
        return bool(self.at("status"))

    @property
    def generation(self) -> int | None:
        """metadata.generation."""
        return number(self.at("metadata", "generation"))

    @property
    def observed(self) -> int | None:
        """status.observedGeneration; Argo Rollouts writes it as a string of digits."""
        return number(self.at("status", "observedGeneration"))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """status.conditions."""
        return conditions_of(self.at("status", "conditions"))

    def condition(self, kind: str) -> Condition | None:
        """The condition of a type, None where nobody wrote it."""
        return next((c for c in self.conditions if c.type == kind), None)

    def outdated(self, condition: Condition) -> bool:
        """Does the condition speak of an older generation?"""
        return condition.observed is not None and self.generation is not None and condition.observed < self.generation


def conditions_of(value: Any) -> tuple[Condition, ...]:
    """The conditions in a list; entries without a type are left out."""
    entries = value if isinstance(value, list) else []
    read = (_condition(Live(entry)) for entry in entries if isinstance(entry, Mapping))
    return tuple(c for c in read if c.type)


def number(value: Any) -> int | None:
    """A whole number, or a string of digits; None for anything else (booleans too)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else None


def scalar(value: Any) -> str:
    """A scalar as YAML writes it, "" for null, lists and maps."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _condition(entry: Live) -> Condition:
    status = entry.scalar("status")
    if status.lower() in ("true", "false", "unknown"):
        status = status.capitalize()
    return Condition(entry.text("type"), status, entry.text("reason"), entry.text("message"), number(entry.at("observedGeneration")))


def _step(value: Any, key: str) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        return tuple(value.values()) if key == "*" else (value.get(key),)
    return tuple(value) if isinstance(value, list) and key == "*" else ()
