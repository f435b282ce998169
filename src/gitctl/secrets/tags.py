"""Tags: short keyed hashes that are equal for equal values, so that a diff can show *that* a secret changed, never what it is.

The key is random: without it nobody can try out values against a tag. `git diff` has one for the clone, in its `.git` folder; a report has
one for itself, which no file ever holds.
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


def new_key() -> bytes:
    """A key that nobody else has."""
    return secrets.token_bytes(_BYTES)


def tag(key: bytes, value: bytes) -> str:
    """Eight hexadecimal digits of HMAC-SHA256: two values in a report of a thousand look equal by chance once in 10,000 reports."""
    return hmac.new(key, value, hashlib.sha256).hexdigest()[:_DIGITS]


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
        out.write(new_key())
    try:
        os.link(beside, file)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
