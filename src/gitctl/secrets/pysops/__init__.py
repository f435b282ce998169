"""pysops: a small typed wrapper of the `sops` program, usable on its own.

Content goes in and out as bytes, through pipes: a plaintext is never an argument, an environment variable or a file, `reencrypt`
(which says so) excepted. sops finds its keys as always: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, `~/.config/sops/age/keys.txt`, agents of the
clouds. Every exit code of sops becomes an error of its own type with a hint; no error holds a word of the content.

    from gitctl.secrets import pysops

    sealed = pysops.encrypt(b"password: hunter2\\n", kind=pysops.Kind.YAML, recipients=("age1…",))
    assert pysops.decrypt(sealed, kind=pysops.Kind.YAML) == b"password: hunter2\\n"
    print(pysops.status(sealed, kind=pysops.Kind.YAML).recipients)

    try:
        pysops.decrypt(sealed, kind=pysops.Kind.YAML)
    except pysops.NoUsableKey as error:
        print(error.message, error.details, error.hint)
"""

from __future__ import annotations

from gitctl.secrets.pysops.crypt import decrypt, encrypt, reencrypt, rotate, updatekeys, updatekeys_by_rule
from gitctl.secrets.pysops.errors import (
    AlreadyEncrypted,
    BadContent,
    BadRecipient,
    KeyServiceDenied,
    KeyServiceUnreachable,
    NoRule,
    NoSuchFile,
    NotEncrypted,
    NoUsableKey,
    SopsFailed,
    Tampered,
    WrongKey,
)
from gitctl.secrets.pysops.kind import Kind, is_encrypted, kind_of
from gitctl.secrets.pysops.metadata import Status, recipients, status
from gitctl.secrets.pysops.program import OLDEST, version

__all__ = [
    "OLDEST",
    "AlreadyEncrypted",
    "BadContent",
    "BadRecipient",
    "KeyServiceDenied",
    "KeyServiceUnreachable",
    "Kind",
    "NoRule",
    "NoSuchFile",
    "NoUsableKey",
    "NotEncrypted",
    "SopsFailed",
    "Status",
    "Tampered",
    "WrongKey",
    "decrypt",
    "encrypt",
    "is_encrypted",
    "kind_of",
    "recipients",
    "reencrypt",
    "rotate",
    "status",
    "updatekeys",
    "updatekeys_by_rule",
    "version",
]
