"""age keys: make them, and read the public halves of those that are at hand. Key files have the form of age-keygen."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gitctl.errors import ErrorId, InputError
from gitctl.secrets.pysops.program import default_key_file

_IDENTITY = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")
_PUBLIC = re.compile(r"#\s*(?:public key|recipient):\s*(age1\S+)", re.IGNORECASE)
# Keys of plugins and post-quantum keys: their public half is only known from the comment above them.
_COMMENTED = ("AGE-PLUGIN-", "AGE-SECRET-KEY-PQ-1")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made: the file that holds it, its public half, and whether the file was there before, or readable by others."""

    file: Path
    recipient: str
    appended: bool
    tightened: bool


def key_file() -> Path:
    """The key file that sops reads: SOPS_AGE_KEY_FILE, else its default."""
    named = os.environ.get("SOPS_AGE_KEY_FILE")
    return Path(named).expanduser() if named else default_key_file()


def recipients(file: Path) -> tuple[str, ...]:
    """The public keys of a key file. Raises InputError when it cannot be read or is none; the message has no text of the file."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(
            "no such key file", id=ErrorId.KEY_FILE_MISSING, where=str(file), hint="make one with `gitctl secret keygen`"
        ) from None
    except (OSError, UnicodeDecodeError) as bad:
        raise InputError("the key file cannot be read", id=ErrorId.FILE_UNREADABLE, where=str(file)) from bad
    return _public_halves(text, str(file))


def keygen(file: Path, *, now: datetime) -> NewKey:
    """A new X25519 key at the end of `file`, which is made (0600, folders 0700) when it is missing. Raises InputError.

    The file is only ever appended to, by one write: no key in it can be lost, two runs at once both keep theirs.
    """
    from pyrage import x25519

    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    block = f"# created: {now.isoformat(timespec='seconds')}\n# public key: {recipient}\n{identity}\n"
    before = file.read_bytes() if file.is_file() else b""
    _public_halves(before.decode("utf-8", "replace"), str(file))
    tightened = _append(file, (b"" if before.endswith(b"\n") or not before else b"\n") + block.encode())
    return NewKey(file, recipient, appended=bool(before), tightened=tightened)


def _append(file: Path, block: bytes) -> bool:
    """True when the file was open to others, which it no longer is."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as bad:
        raise InputError(f"the key file cannot be written: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(file)) from bad
    try:
        tightened = bool(os.fstat(handle).st_mode & 0o077)
        os.fchmod(handle, 0o600)
        os.write(handle, block)
        os.fsync(handle)
    finally:
        os.close(handle)
    return tightened


def _public_halves(text: str, where: str) -> tuple[str, ...]:
    found: list[str] = []
    comment = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("#"):
            comment = stripped
        elif _IDENTITY.fullmatch(stripped):
            found.append(_public_half(stripped, f"{where}:{number}"))
        elif stripped.startswith(_COMMENTED):
            found += _PUBLIC.findall(comment)
        elif stripped:
            raise InputError(
                "not an age key", id=ErrorId.KEY_FILE_INVALID, where=f"{where}:{number}", hint="a key file has one AGE-SECRET-KEY-1… a line"
            )
    return tuple(dict.fromkeys(found))


def _public_half(identity: str, where: str) -> str:
    from pyrage import IdentityError, x25519

    try:
        return str(x25519.Identity.from_str(identity).to_public())
    except IdentityError:
        # Not chained: its text may repeat the key.
        raise InputError("not an age key: wrong checksum", id=ErrorId.KEY_FILE_INVALID, where=where) from None
