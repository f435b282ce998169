"""A key for a repository, checked before it is handed to a pod that nobody can ask for a passphrase."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from gitctl.errors import ErrorId, InputError
from gitctl.source.names import Remote

_BLOCK = re.compile(r"-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----(?P<body>.*?)-----END (?P=kind)-----", re.DOTALL)
_MAGIC = b"openssh-key-v1\0"
_HASHED = "|1|"


def read_key(file: Path) -> str:
    """The text of a private key without a passphrase. Raises InputError, which never quotes the file."""
    text = read_text(file, "deploy key")
    block = _BLOCK.search(text)
    if block is None:
        raise InputError(f"{file} is no private key", id=ErrorId.DEPLOY_KEY, hint="make one: ssh-keygen -t ed25519 -N '' -f deploy-key")
    if "ENCRYPTED" in block[0] or _has_passphrase(block["body"]):
        raise InputError(
            f"{file} has a passphrase, which no pod can answer",
            id=ErrorId.DEPLOY_KEY,
            hint="make a key for this alone: ssh-keygen -t ed25519 -N ''",
        )
    return text if text.endswith("\n") else text + "\n"


def _has_passphrase(body: str) -> bool:
    """In OpenSSH's format the name of the cipher follows the magic, as a length and text; `none` is no cipher."""
    try:
        raw = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    if not raw.startswith(_MAGIC):
        return False
    start = len(_MAGIC) + 4
    return raw[start : start + int.from_bytes(raw[len(_MAGIC) : start], "big")] != b"none"


def read_known_hosts(file: Path, remote: Remote) -> str:
    """The text of a known_hosts file that has the remote's host. Raises InputError."""
    text = read_text(file, "known hosts")
    rows = [row.split() for row in text.splitlines() if row.strip() and not row.lstrip().startswith("#")]
    names = {name for row in rows for name in row[0 if not row[0].startswith("@") else 1 :][0].split(",")}
    if not any(name.startswith(_HASHED) or name.strip("[").partition("]")[0] == remote.host or "*" in name for name in names):
        hint = f"ssh-keyscan {remote.host} shows its keys: compare them with what the host publishes"
        raise InputError(f"{file} does not have the host {remote.host}", id=ErrorId.DEPLOY_KEY, hint=hint)
    return text


def read_text(file: Path, what: str) -> str:
    """A small text file. Raises InputError."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise InputError(f"the {what} {file} cannot be read: {reason}", id=ErrorId.FILE_UNREADABLE, hint="check the path") from None
