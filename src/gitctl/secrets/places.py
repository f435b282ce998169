"""Where in a tree the encrypted values stand that placeholders stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitctl.secrets.ledger import SopsLedger
from gitctl.secrets.placeholder import tokens_in


@dataclass(frozen=True, slots=True)
class SealedValue:
    """An encrypted value: its file, its line (from 1; 0 where it has none of its own), and the lines of all encrypted values there."""

    path: str
    line: int
    others: tuple[int, ...]


class SealedValues:
    """The encrypted values in some files, by their placeholders. No key is needed, and no program."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._values: dict[str, list[SealedValue]] = {}
        ledger = SopsLedger(files)
        for path in ledger.files:
            lines = tuple(entry.line for entry in ledger.values(path))
            for entry in ledger.values(path):
                self._values.setdefault(entry.token, []).append(SealedValue(path, entry.line, lines))

    def below(self, covered: str) -> tuple[SealedValue, ...]:
        """Those whose placeholders are in a text, in base64 too. A copied file has the same ones as the other."""
        return tuple(value for name in dict.fromkeys(tokens_in(covered)) for value in self._values.get(name, ()))
