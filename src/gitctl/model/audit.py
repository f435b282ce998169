"""Audit: every secret of a project, who reads it, who uses it, how old it is, and what is wrong about it. Never a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gitctl.model.manifest import ObjectRef
from gitctl.model.secretmade import Keeping
from gitctl.model.secretuse import SecretUse


class AuditRule(StrEnum):
    """What can be wrong."""

    TOO_OLD = "too-old"
    MISSING = "missing"
    KEY_MISSING = "key-missing"
    UNUSED = "unused"
    NOT_RESTARTED = "not-restarted"
    UNKNOWN_READER = "unknown-reader"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True)
class ValueFact:
    """An encrypted value: where it stands, and the commit that last changed its ciphertext (no `changed`: not known).

    `anew`: that commit encrypted all values of the file anew, so the value may be older. `same` is equal for equal values, in this
    process alone; "" where nothing was opened, or the value is too short to tell anything.
    """

    file: str
    key: str
    line: int = 0
    changed: datetime | None = None
    author: str = ""
    commit: str = ""
    anew: bool = False
    same: str = ""


@dataclass(frozen=True, slots=True)
class FileReader:
    """Who can open a file. `name` is "" where nobody gave the recipient one, although others of the rule file have names (`unnamed`)."""

    recipient: str
    name: str = ""
    unnamed: bool = False

    def __str__(self) -> str:
        short = f"{self.recipient[:12]}…" if len(self.recipient) > 20 else self.recipient
        return self.name or short


@dataclass(frozen=True, slots=True)
class Consumer:
    """An object that uses a Secret."""

    app: str
    ref: ObjectRef
    use: SecretUse

    def __str__(self) -> str:
        return f"{self.ref.short} ({self.use})"


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Something to do about a secret. `secret` is `namespace/name` or a file; `accepted` the reason why it is none, "" for no reason."""

    rule: AuditRule
    secret: str
    message: str
    hint: str
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class AuditedSecret:
    """A Secret, another object that holds encrypted values (`ref.kind`), or a file that reaches no object (`ref` None).

    `keys` are those that it has, None where they are not known before it is made; `unread`: no app reads the file.
    """

    name: str
    app: str
    keeping: Keeping
    ref: ObjectRef | None = None
    file: str = ""
    keys: tuple[str, ...] | None = ()
    values: tuple[ValueFact, ...] = ()
    readers: tuple[FileReader, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    unread: bool = False

    @property
    def oldest(self) -> ValueFact | None:
        """The value that has not changed for the longest time; None where that is not known."""
        return min((v for v in self.values if v.changed), key=lambda v: (v.changed, v.key), default=None)


@dataclass(frozen=True, slots=True)
class Audit:
    """One environment on one cluster, in the order of names; `place` is `prod`, `prod → prod-eu`, or "" for files that no app reads.

    `errors` say why an app could not be rendered: then what is missing or unused is not judged.
    """

    place: str
    secrets: tuple[AuditedSecret, ...]
    findings: tuple[AuditFinding, ...] = ()
    notes: tuple[str, ...] = ()
