"""Where in a tree the encrypted values stand that placeholders stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitctl.errors import GitctlError
from gitctl.secrets.leaves import ENCRYPTED
from gitctl.secrets.placeholder import token, tokens_in
from gitctl.secrets.sops import SopsProvider


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
        for path, content in files.items():
            for name, value in _in_file(path, content):
                self._values.setdefault(name, []).append(value)

    def below(self, covered: str) -> tuple[SealedValue, ...]:
        """Those whose placeholders are in a text, in base64 too. A copied file has the same ones as the other."""
        return tuple(value for name in dict.fromkeys(tokens_in(covered)) for value in self._values.get(name, ()))


def _in_file(path: str, content: bytes) -> Iterator[tuple[str, SealedValue]]:
    provider = SopsProvider()
    if not provider.recognises(path, content):
        return
    try:
        values = provider.outline(path, content).values
    except GitctlError:
        return
    lines = lines_of(content)
    others = tuple(lines.get(sealed, 0) for _, _, sealed in values)
    for place, _, sealed in values:
        yield token(sealed, place), SealedValue(path, lines.get(sealed, 0), others)


def lines_of(content: bytes) -> dict[str, int]:
    """Ciphertext of sops → its line (from 1). A ciphertext is random: it stands in one line alone."""
    rows = enumerate(content.decode("utf-8", "surrogateescape").split("\n"), start=1)
    return {found.group(): number for number, row in rows for found in ENCRYPTED.finditer(row)}
