"""Placeholders: what renderers see in the place of secrets, and how the secrets come back.

A token is `gitctl-` and 32 hexadecimal digits of HMAC-SHA256 with the *encrypted* value as the key and its path as the message. So it
- is the same on every machine for the same commit: sops' ciphertext (`ENC[AES256_GCM,…]`) is in Git, and no key need be shared;
- changes whenever the value is encrypted anew, so hash suffixes and checksum annotations follow the content; sops keeps the
  ciphertext of values that an edit did not touch;
- tells nothing about the plaintext: the ciphertext, which holds a random IV, is all that goes in.
It has the form of a DNS label, so renderers that check names accept it.

Numbers, booleans: a value that is nothing but the token of an encrypted number or boolean becomes that number or boolean, in places
where Kubernetes wants text the text of it. A template that *decides* by an encrypted value (`if .Values.flag`) or computes with it
sees the token, which is text and never empty: encrypt texts, and leave switches and counts plain.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.errors import ErrorId, RenderError
from gitctl.model.manifest import Path

PREFIX = "gitctl-"
# Eight digits or more: a token that a renderer cut off or put in capitals must not pass for text.
_LIKE_TOKEN = re.compile(PREFIX + r"[0-9a-f]{8,32}", re.IGNORECASE)
_DIGITS = 32
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_DEEPEST = 3
"""Base64 in base64: a `.dockerconfigjson` holds `auth` in it."""

_HINT = "renderers may copy, join and base64-encode a secret, nothing else"


def token(encrypted: str, path: Path) -> str:
    """The placeholder of the encrypted value at a path."""
    message = json.dumps(path, ensure_ascii=False).encode("utf-8", "surrogateescape")
    digest = hmac.new(encrypted.encode("utf-8", "surrogateescape"), message, hashlib.sha256)
    return PREFIX + digest.hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class Secret:
    """What a token stands for. `text` is UTF-8 with surrogate escapes where the secret is binary; `value` is its number or boolean."""

    text: str
    value: int | float | bool | None = None


def replace(text: str, secrets: Mapping[str, Secret]) -> str:
    """The text with secrets in the place of tokens, also inside base64. Raises RenderError for a token that is damaged or not known."""
    return _Opening(secrets).text(text, 0)


class _Opening:
    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        self._secrets = secrets

    def text(self, text: str, depth: int) -> str:
        # Base64 first, while the text holds no plaintext that could look like it.
        if depth < _DEEPEST and any(needle in text for needle in _NEEDLES):
            text = _BASE64.sub(lambda found: self._base64(found.group(), depth), text)
        return _LIKE_TOKEN.sub(self._token, text)

    def _token(self, found: re.Match[str]) -> str:
        like = found.group()
        secret = self._secrets.get(like)
        if secret is not None:
            return secret.text
        if len(like) == len(PREFIX) + _DIGITS:
            raise RenderError("a placeholder that stands for no secret of this run", id=ErrorId.SECRET_MANGLED, hint=_HINT)
        if any(known.startswith(like.lower()) for known in self._secrets):
            raise RenderError("the renderer cut a secret in two", id=ErrorId.SECRET_MANGLED, hint=_HINT)
        return like

    def _base64(self, segment: str, depth: int) -> str:
        inner = _decoded(segment)
        opened = self.text(inner, depth + 1)
        if opened != inner:
            encoded = base64.b64encode(opened.encode("utf-8", "surrogateescape")).decode("ascii")
            return encoded if len(segment) % 4 == 0 else encoded.rstrip("=")
        if any(self.text(_decoded(segment[shift:]), depth + 1) != _decoded(segment[shift:]) for shift in (1, 2, 3)):
            raise RenderError("a secret in an encoding that cannot be undone", id=ErrorId.SECRET_MANGLED, hint=_HINT)
        return segment


def _decoded(segment: str) -> str:
    bare = segment.rstrip("=")
    bare = bare[: len(bare) - (len(bare) % 4 == 1)]
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return ""
    return raw.decode("utf-8", "surrogateescape")


def _needles() -> tuple[str, ...]:
    """What base64 makes of the prefix at each of the three alignments, without the characters that depend on its neighbours."""
    found = []
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + PREFIX.encode()).decode("ascii")
        found.append(text[(shift * 8 + 5) // 6 : (shift + len(PREFIX)) * 8 // 6])
    return tuple(found)


_NEEDLES = _needles()


def holds_token(text: str) -> bool:
    """Is there a token in the text, or in base64 in it?"""
    return (PREFIX in text and _LIKE_TOKEN.search(text) is not None) or any(needle in text for needle in _NEEDLES)


def tokens_in(text: str, depth: int = 0) -> Iterator[str]:
    """The whole tokens in the text, and in base64 in it."""
    yield from (like for like in _LIKE_TOKEN.findall(text) if len(like) == len(PREFIX) + _DIGITS)
    if depth < _DEEPEST and any(needle in text for needle in _NEEDLES):
        for segment in _BASE64.findall(text):
            yield from tokens_in(_decoded(segment), depth + 1)


def as_base64(placeholder: str) -> str:
    """The placeholder as tools expect it below `data` of a Kubernetes Secret."""
    return base64.b64encode(placeholder.encode()).decode("ascii")


def typed(text: str, kind: str) -> int | float | bool | None:
    """The number or boolean that sops' type name and the text mean, None for text."""
    if kind not in ("int", "float", "bool"):
        return None
    value: Any = json.loads(text)
    return value if isinstance(value, int | float) else None
