"""Is a value plain text, or does it only say where the secret is? Everything here takes time in proportion to the text."""

from __future__ import annotations

import base64
import binascii
import re

# sops · vals · Argo CD Vault Plugin · 1Password
_WHOLE = re.compile(r"ENC\[AES256_GCM,|(?:secret)?ref\+[a-z]|<[^<>]+>\Z|op://")
# Variables of gitctl, Flux, kustomize; templates.
_BRACKETS = (("${", "}"), ("$(", ")"), ("{{", "}}"))
TEMPLATED = "\ue000"
"""Stands for a template's action once a file was made readable (`text.py`)."""

_PEM = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]+)-----")
_PUBLIC = re.compile(r"(?:(?:X509 |TRUSTED )?CERTIFICATE(?: REQUEST)?|(?:RSA |EC )?PUBLIC KEY|X509 CRL|PKCS7)")


def is_plain(text: str) -> bool:
    """Is there a secret in the text itself? No for empty texts, references to a store, placeholders, certificates, public keys."""
    bare = text.strip()
    return bool(bare) and not (TEMPLATED in bare or _WHOLE.match(bare) or _has_reference(bare) or _is_public(bare))


def decoded(text: str) -> bytes | None:
    """The bytes of base64, None for anything else."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _has_reference(text: str) -> bool:
    return any(opening in text and text.find(closing, text.find(opening)) > 0 for opening, closing in _BRACKETS)


def _is_public(text: str) -> bool:
    """PEM blocks that are no secret, one after the other, and nothing between them."""
    end = 0
    marks = iter(_PEM.finditer(text))
    for first in marks:
        last = next(marks, None)
        if last is None or (first[1], last[1], first[2]) != ("BEGIN", "END", last[2]) or not _PUBLIC.fullmatch(first[2]):
            return False
        if text[end : first.start()].strip():
            return False
        end = last.end()
    return end > 0 and not text[end:].strip()
