"""Where in a tree the encrypted values stand that a placeholder stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitctl.errors import GitctlError
from gitctl.secrets.placeholder import token, tokens_in
from gitctl.secrets.sops import SopsProvider


@dataclass(frozen=True, slots=True)
class SealedValue:
    """An encrypted value: its file, its line (from 1; 0 where it has none of its own), and the lines of all encrypted values there."""

    path: str
    line: int
    others: tuple[int, ...]


def sealed_values(files: Mapping[str, bytes], covered: str) -> tuple[SealedValue, ...]:
    """The encrypted values whose placeholders are in a text (`covered`), as they stand in these files. No key is needed."""
    wanted = frozenset(tokens_in(covered))
    return tuple(found for path, content in files.items() for found in _in_file(path, content, wanted)) if wanted else ()


def _in_file(path: str, content: bytes, wanted: frozenset[str]) -> Iterator[SealedValue]:
    provider = SopsProvider()
    if not provider.recognises(path, content):
        return
    try:
        values = provider.outline(path, content).values
    except GitctlError:
        return
    lines = content.split(b"\n")
    places = {sealed: _line(lines, sealed) for _, _, sealed in values}
    for place, _, sealed in values:
        if token(sealed, place) in wanted:
            yield SealedValue(path, places[sealed], tuple(places.values()))


def _line(lines: list[bytes], sealed: str) -> int:
    """A ciphertext is random: it stands in one line alone."""
    text = sealed.encode()
    return next((number for number, line in enumerate(lines, start=1) if text in line), 0)
