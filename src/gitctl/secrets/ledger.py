"""What is known of encrypted files: values with line and placeholder, recipients with names. A key is asked for only for equal values."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from gitctl.errors import GitctlError
from gitctl.model.audit import FileReader
from gitctl.protocols import LedgerEntry, Opened
from gitctl.secrets import pysops, roster
from gitctl.secrets.leaves import ENCRYPTED, shown
from gitctl.secrets.placeholder import token, tokens_in
from gitctl.secrets.rules import FILE
from gitctl.secrets.sops import SopsProvider

_TELLING = 8
"""Signs of a value from which on it is no accident that another one is equal."""


class SopsLedger:
    """Implements `protocols.Ledger` for files that sops encrypted. `files` are those of the repository: path → content.

    With `learn`, which is told every plaintext, files are opened, and equal values are told.
    """

    def __init__(self, files: Mapping[str, bytes], *, learn: Callable[[str], None] | None = None) -> None:
        self._learn = learn
        self._key = os.urandom(32)
        self._known: dict[str, Sequence[LedgerEntry]] = {}
        provider = SopsProvider()
        self._provider = provider
        self.files: Mapping[str, bytes] = {path: content for path, content in files.items() if provider.recognises(path, content)}
        self._rules = {path: content for path, content in files.items() if PurePosixPath(path).name == FILE}
        self._names = {path: _names(content, path) for path, content in self._rules.items()}

    def values(self, path: str) -> Sequence[LedgerEntry]:
        """The encrypted values of a file; none of one that cannot be read, but where it is to be opened."""
        if path not in self._known:
            lines = _lines_of(self.files[path])
            opened = self._opened(path)
            self._known[path] = [
                LedgerEntry(token(sealed, place), shown(place[1:]), lines.get(sealed, 0), self._same(plain, place in opened.encoded))
                for place, plain, sealed in opened.values
            ]
        return self._known[path]

    def _opened(self, path: str) -> Opened:
        if self._learn is not None:
            return self._provider.open(path, self.files[path])
        try:
            return self._provider.outline(path, self.files[path])
        except GitctlError:
            return Opened(b"", ())

    def _same(self, plain: str, encoded: bool) -> str:
        if self._learn is None:
            return ""
        self._learn(plain)
        content = plain.encode("utf-8", "surrogateescape")
        if encoded:
            with suppress(ValueError):
                content = base64.b64decode(content)
                self._learn(content.decode("utf-8", "replace"))
        return hmac.digest(self._key, content, "sha256").hex() if len(content) >= _TELLING else ""

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


def _lines_of(content: bytes) -> dict[str, int]:
    """Ciphertext of sops → its line (from 1). A ciphertext is random: it stands in one line alone."""
    rows = enumerate(content.decode("utf-8", "surrogateescape").split("\n"), start=1)
    return {found.group(): number for number, row in rows for found in ENCRYPTED.finditer(row)}


def _names(content: bytes, path: str) -> Mapping[str, str]:
    try:
        found = roster.readers(content.decode("utf-8", "replace"), config=Path(path))
    except GitctlError:
        return {}
    return {one.recipient: one.name for one in found if one.name}
