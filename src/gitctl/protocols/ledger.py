"""Ledger: what is known of a repository's encrypted files without any key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gitctl.model.audit import FileReader


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An encrypted value: the placeholder that a render has in its place, the key that people know it by, its line (0: not known).

    `same` as in `ValueFact`.
    """

    token: str
    key: str
    line: int
    same: str = ""


class Ledger(Protocol):
    """The encrypted files of one revision. Of a file that cannot be read nothing is known; only a ledger that opens files raises."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Path → content of the encrypted files."""
        ...

    def values(self, path: str) -> Sequence[LedgerEntry]:
        """The encrypted values of a file. A ledger that opens files raises RenderError (no key), InputError (tampered), ToolMissing."""
        ...

    def readers(self, path: str) -> tuple[FileReader, ...]:
        """Who can open a file."""
        ...

    def tokens(self, text: str) -> frozenset[str]:
        """The placeholders in a rendered text, also in base64."""
        ...
