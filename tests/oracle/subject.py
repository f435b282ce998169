"""What a campaign is about, and what it counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.oracle.steps import Step

from gitctl.model.manifest import Json


@dataclass(slots=True)
class Subject:
    """One object: what Git wants, what it last had, what was done to it since it was last as wanted, and by what kind of mutation.

    `properties`: the schema of its spec, when it is of a custom kind.
    """

    desired: Json
    properties: Json | None
    good: Json | None = None
    history: list[Step] = field(default_factory=list)
    last: str = "still"
    false: bool = False

    @property
    def name(self) -> str:
        """Kind and name."""
        return f"{self.desired['kind']} {self.desired['metadata']['name']}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A false "in sync": a certificate said so, and the server's answer to a forced apply is another object than the live one."""

    subject: str
    mutation: str
    environment: str
    properties: Json | None
    desired: Json
    live: Json
    answer: Json
    history: tuple[Step, ...]


@dataclass(slots=True)
class Tally:
    """Counts by the last mutation of the object, or by what the environment did.

    `cases`: a certificate said "in sync", and the server was asked. `asked`: gitctl asked the server, and there was a difference;
    `needless`: and there was none. `refused`: mutations that the server did not let happen. `unclear`: the object did not keep still.
    `restamped`: the apply would write times of managers anew, and nothing else. `settled` counts objects in sync at looks that come when
    all was looked at before: those with and those without a proof, apart for mutating admission; `unproven` the latter by cause.
    `shown`: what a plan showed was applied, and the server's object compared with it; `unlike` says where it was another.
    """

    cases: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    needless: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    environment: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    settled: Counter[str] = field(default_factory=Counter)
    unproven: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    unlike: list[str] = field(default_factory=list)
    unclear: int = 0
    restamped: int = 0

    @property
    def total(self) -> int:
        """All cases."""
        return sum(self.cases.values())
