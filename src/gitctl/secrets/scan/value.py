"""Is a value plain text, or does it only say where the secret is?"""

from __future__ import annotations

import base64
import binascii
import re

# sops · variables of gitctl, Flux, kustomize · templates · vals · Argo CD Vault Plugin · 1Password
_ELSEWHERE = re.compile(r"^ENC\[AES256_GCM,|\$\{[^}]*\}|\$\([^)]*\)|\{\{.*?\}\}|^(?:secret)?ref\+[a-z]|^<[^<>]+>$|^op://", re.DOTALL)
TEMPLATED = "\ue000"
"""Stands for a template's action once a file was made readable (`text.py`)."""

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PUBLIC = re.compile(r"(?:(?:X509 |TRUSTED )?CERTIFICATE(?: REQUEST)?|(?:RSA |EC )?PUBLIC KEY|X509 CRL|PKCS7)")


def is_plain(text: str) -> bool:
    """Is there a secret in the text itself? No for empty texts, references to a store, placeholders, certificates, public keys."""
    bare = text.strip()
    return bool(bare) and TEMPLATED not in bare and not _ELSEWHERE.search(bare) and not _is_public(bare)


def decoded(text: str) -> bytes | None:
    """The bytes of base64, None for anything else."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_public(text: str) -> bool:
    blocks = _PEM.findall(text)
    return bool(blocks) and not _PEM.sub("", text).strip() and all(_PUBLIC.fullmatch(block) for block in blocks)
