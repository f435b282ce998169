"""Tags: short keyed hashes that are equal for equal values, so that a diff can show *that* a secret changed, never what it is.

The key is random, for this clone alone, and lies in its `.git` folder: without it nobody can try out values against a tag.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from gitctl.errors import ErrorId, InputError

FILE = "gitctl-tag-key"
_BYTES = 32
_DIGITS = 8


def tag(key: bytes, text: str) -> str:
    """Eight hexadecimal digits of HMAC-SHA256."""
    return hmac.new(key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:_DIGITS]


def key_in(folder: Path) -> bytes:
    """The key in a `.git` folder, made (0600) where there is none. Raises InputError when it can be neither read nor made."""
    file = folder / FILE
    try:
        _make(file)
        return file.read_bytes()
    except OSError as bad:
        raise InputError(f"cannot be written: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(file)) from bad


def _make(file: Path) -> None:
    """Whole or not at all, also where two runs make it at once."""
    if file.exists():
        return
    beside = file.with_name(f"{FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(secrets.token_bytes(_BYTES))
    try:
        os.link(beside, file)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
