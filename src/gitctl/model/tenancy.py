"""Tenancy: the rules that bind an app whatever its folder says, as its team's and its own section of gitctl.yaml have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from gitctl.errors import Where


class Subject(StrEnum):
    """What a list of patterns is about; the names are keys of gitctl.yaml."""

    NAMESPACES = "namespaces"
    KINDS = "kinds"
    CLUSTER_KINDS = "cluster_kinds"
    ROLES = "roles"
    CLUSTERS = "clusters"
    REPOSITORIES = "repositories"
    REFERENCES = "references"


@dataclass(frozen=True, slots=True)
class RuleList:
    """One list of gitctl.yaml: what is allowed, or denied, of a subject. `where` is its place in the file."""

    subject: Subject
    allow: bool
    patterns: tuple[str, ...]
    where: Where

    def has(self, value: str) -> bool:
        """Does a pattern fit the value?"""
        return any(fnmatchcase(value, pattern) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """The rules of one app. `team` is "" for an app that is nobody's: it has no defaults, only the lists that are written.

    `where` is the team's place in the file; `account` is the service account (NAMESPACE/NAME) that applies the app's objects, "" for the
    account that runs gitctl.
    """

    team: str = ""
    where: Where = Where("gitctl.yaml")
    lists: tuple[RuleList, ...] = ()
    account: str = ""

    @property
    def binds(self) -> bool:
        """Is there any rule?"""
        return bool(self.team or self.lists)

    def allowed(self, subject: Subject) -> tuple[RuleList, ...]:
        """The lists of what is allowed: each of them has to."""
        return tuple(one for one in self.lists if one.allow and one.subject is subject)

    def denied(self, subject: Subject) -> tuple[RuleList, ...]:
        """The lists of what is denied."""
        return tuple(one for one in self.lists if not one.allow and one.subject is subject)

    def objections(self, subject: Subject, value: str) -> Iterator[RuleList]:
        """The lists that forbid the value: what is allowed without it, or denied with it."""
        yield from (one for one in self.allowed(subject) if not one.has(value))
        yield from (one for one in self.denied(subject) if one.has(value))
