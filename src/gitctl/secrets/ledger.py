"""What is known of encrypted files without any key: their values with line and placeholder, their recipients, and their names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from gitctl.errors import GitctlError
from gitctl.model.audit import FileReader
from gitctl.protocols import SealedValue
from gitctl.secrets import pysops, roster
from gitctl.secrets.leaves import shown
from gitctl.secrets.placeholder import token, tokens_in
from gitctl.secrets.rules import FILE
from gitctl.secrets.sops import SopsProvider


class SopsLedger:
    """Implements `protocols.Ledger` for files that sops encrypted. `files` are those of the repository: path → content."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        provider = SopsProvider()
        self._provider = provider
        self.files: Mapping[str, bytes] = {path: content for path, content in files.items() if provider.recognises(path, content)}
        self._rules = {path: content for path, content in files.items() if PurePosixPath(path).name == FILE}
        self._names = {path: _names(content, path) for path, content in self._rules.items()}

    def values(self, path: str) -> Sequence[SealedValue]:
        """The encrypted values of a file; none of one that cannot be read."""
        content = self.files[path]
        try:
            found = self._provider.outline(path, content).values
        except GitctlError:
            return ()
        lines = content.decode("utf-8", "replace").split("\n")
        return [SealedValue(token(sealed, place), shown(place[1:]), _line(lines, sealed)) for place, _, sealed in found]

    def readers(self, path: str) -> tuple[FileReader, ...]:
        """The recipients of a file, with the names that the nearest rule file gives them."""
        try:
            known = pysops.recipients(self.files[path], kind=pysops.kind_of(path, self.files[path]), filename=path)
        except GitctlError:
            return ()
        names = self._names.get(self._rule_file(path), {})
        return tuple(FileReader(one, names.get(one, ""), unnamed=bool(names) and one not in names) for one in known)

    def tokens(self, text: str) -> frozenset[str]:
        """The placeholders in a rendered text."""
        return frozenset(tokens_in(text))

    def _rule_file(self, path: str) -> str:
        """The nearest upwards, as sops takes it."""
        above = [f"{folder}/{FILE}" if str(folder) != "." else FILE for folder in PurePosixPath(path).parents]
        return next((name for name in above if name in self._rules), "")


def _names(content: bytes, path: str) -> Mapping[str, str]:
    try:
        found = roster.readers(content.decode("utf-8", "replace"), config=Path(path))
    except GitctlError:
        return {}
    return {one.recipient: one.name for one in found if one.name}


def _line(lines: Sequence[str], sealed: str) -> int:
    """The line (from 1) of a ciphertext, which no other line has; 0 where it is written in another way."""
    # JSON may escape a slash of the base64.
    forms = (sealed, json.dumps(sealed)[1:-1].replace("/", "\\/"))
    return next((number for number, line in enumerate(lines, 1) if any(form in line for form in forms)), 0)
