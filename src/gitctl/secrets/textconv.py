"""An encrypted file as `git diff` shows it: its structure, a size and a tag in the place of each value, and who can read it."""

from __future__ import annotations

import base64
import re

from gitctl.errors import InputError, RenderError, ToolMissing
from gitctl.protocols import Opened
from gitctl.redact import mask_value, raw_value
from gitctl.secrets import pysops
from gitctl.secrets.sops import SopsProvider
from gitctl.secrets.tags import tag

SECONDS = 10.0
"""Longer than any key service needs; a passphrase that nobody types must not hold up a diff."""

_DATA = re.compile(r"data:([^,\]]*)")
_KEYLESS = "# not decrypted here: a tag changes whenever its value is encrypted anew\n"


def shown(path: str, content: bytes, *, key: bytes) -> str:
    """The text for a diff; a file that is not encrypted as it is.

    With a private key at hand, tags are equal for equal values. Without one the ciphertext is tagged, which stays as it is while its value
    is not edited. No failure stands in the way of a diff: what cannot be decrypted, or read, is shown as it is stored.
    """
    text = content.decode("utf-8", "replace")
    if not pysops.is_encrypted(path, content):
        return text
    try:
        opened, head = _opened(path, content)
        readers = pysops.recipients(content, kind=pysops.kind_of(path, content), filename=path)
    except InputError:
        return text
    return head + _masked(opened, key) + "".join(f"# readable for {reader}\n" for reader in readers)


def _opened(path: str, content: bytes) -> tuple[Opened, str]:
    try:
        return SopsProvider(seconds=SECONDS).open(path, content), ""
    except (InputError, RenderError, ToolMissing):
        return SopsProvider().outline(path, content), _KEYLESS


def _masked(opened: Opened, key: bytes) -> str:
    # What is left of metadata and of encrypted comments are empty comments.
    text = re.sub(r"^[ \t]*#\n", "", opened.template.decode("utf-8", "replace"), flags=re.MULTILINE)
    for place, plain, sealed in opened.values:
        encoded = place in opened.encoded
        mask = mask_value(plain, encoded=encoded) if opened.content else f"*** ({_size(sealed)} bytes stored)"
        value = raw_value(plain, encoded=encoded) if opened.content else sealed.encode()
        text = text.replace(sealed, f"{mask} ~{tag(key, value)}")
    return text.rstrip("\n") + "\n"


def _size(sealed: str) -> int:
    """AES-GCM keeps the length."""
    found = _DATA.search(sealed)
    return len(base64.b64decode(found[1])) if found else 0
