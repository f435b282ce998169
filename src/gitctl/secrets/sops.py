"""The secret provider `sops`: opens files that the sops program encrypted, whole or in part."""

from __future__ import annotations

from typing import Any

from gitctl.errors import ErrorId, InputError
from gitctl.model.manifest import Path
from gitctl.protocols import Opened
from gitctl.secrets import leaves, pysops
from gitctl.secrets.pysops import Kind


class SopsProvider:
    """Recognises a file by sops' metadata in it, whatever its name. `seconds` is how long a decryption may take."""

    name = "sops"

    def __init__(self, *, seconds: float = 120.0) -> None:
        self._seconds = seconds

    def recognises(self, path: str, content: bytes) -> bool:
        """Is this file encrypted by sops?"""
        return pysops.is_encrypted(path, content)

    def open(self, path: str, content: bytes) -> Opened:
        """Verify and decrypt. Paths in `values` start with the number of the document, 0 for kinds that have only one.

        Raises Tampered, NoUsableKey, ToolMissing, ManifestError.
        """
        kind = pysops.kind_of(path, content)
        sealed = leaves.documents(content, kind=kind, where=path)
        # The values of an INI file are quoted when they must be; JSON says what they are.
        form = Kind.JSON if kind is Kind.INI else None
        plain = pysops.decrypt(content, kind=kind, output=form, filename=path, seconds=self._seconds)
        values = _binary(plain, sealed) if kind is Kind.BINARY else _pairs(plain, sealed, kind, path)
        encoded = leaves.secret_data(sealed)
        return Opened(plain, values, template=leaves.template(content, kind=kind, where=path), encoded=encoded)

    def outline(self, path: str, content: bytes) -> Opened:
        """What `open` tells, less the plaintext: no key and no program is asked for. Raises ManifestError."""
        kind = pysops.kind_of(path, content)
        sealed = leaves.documents(content, kind=kind, where=path)
        values = tuple((place, "", leaf) for place, leaf in leaves.encrypted(sealed))
        return Opened(b"", values, template=leaves.template(content, kind=kind, where=path), encoded=leaves.secret_data(sealed))


def _binary(plain: bytes, sealed: leaves.Documents) -> tuple[tuple[Path, str, str], ...]:
    text = plain.decode("utf-8", "surrogateescape")
    return tuple((path, text, leaf) for path, leaf in leaves.encrypted(sealed))


def _pairs(plain: bytes, sealed: leaves.Documents, kind: Kind, name: str) -> tuple[tuple[Path, str, str], ...]:
    opened = dict(leaves.documents(plain, kind=Kind.JSON if kind is Kind.INI else kind, where=name))
    return tuple((path, _text(_at(opened, path, name)), leaf) for path, leaf in leaves.encrypted(sealed))


def _at(documents: dict[int, Any], path: Path, name: str) -> Any:
    found: Any = documents
    try:
        for step in path:
            found = found[step]
    except (KeyError, IndexError, TypeError):
        raise InputError(
            "its decrypted form has another shape", id=ErrorId.SECRET_CONTENT, where=name, hint="encrypt it again with sops"
        ) from None
    return found


def _text(value: Any) -> str:
    """A leaf as text: numbers and booleans as JSON spells them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else repr(value)
