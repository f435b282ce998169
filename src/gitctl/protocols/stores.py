"""Stores outside of Git: what a reference stands for. A store answers for one source; `References` is all stores together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gitctl.model.reference import Reference, Source, StoreKind


class Trouble(StrEnum):
    """Why there is no value, the lightest first. The words are part of results."""

    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    UNLISTED = "not listed"
    NO_KEY = "no such key"
    MISSING = "not there"
    NO_LIBRARY = "library missing"
    DENIED = "denied"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Fault:
    """No value: why, in words for people, and what to do about it. Neither has anything of the value in it."""

    trouble: Trouble
    reason: str
    hint: str = ""


class Store(Protocol):
    """One kind of store. Its methods are called from several threads at a time."""

    kind: StoreKind

    def read(self, source: Source) -> bytes | Fault:
        """All that the store has there. One request, or a few; each ends in time."""
        ...


class References(Protocol):
    """All stores of a run. Each source is asked for once, however often it is wanted."""

    def values(self, wanted: Collection[Reference]) -> Mapping[Reference, bytes | Fault]:
        """The value of each reference, or why there is none. Values are known to the redactor from then on."""
        ...


class NoReferences:
    """Implements `References` where nothing is asked."""

    def values(self, wanted: Collection[Reference]) -> Mapping[Reference, bytes | Fault]:
        """Of nothing."""
        return {one: Fault(Trouble.UNREACHABLE, "this command asks no store") for one in wanted}
