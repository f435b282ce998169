"""The backup of a controller's private keys: PEM, or the Secrets that hold them, as `kubectl get -o yaml` prints them; sops may have
encrypted either."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from gitctl.documents import load_all
from gitctl.secrets import pysops
from gitctl.secrets.kubeseal.crypt import SealingKey, read_sealing_key
from gitctl.secrets.kubeseal.errors import BadSealingKey

_OLDEST = datetime.min.replace(tzinfo=UTC)


def read_backup(path: str, content: bytes) -> tuple[SealingKey, ...]:
    """The keys, newest first. Raises BadSealingKey, ManifestError, and for an encrypted file what sops' failures raise."""
    plain = content
    if pysops.is_encrypted(path, content):
        plain = pysops.decrypt(content, kind=pysops.kind_of(path, content), filename=path)
    if plain.lstrip().startswith(b"-----BEGIN"):
        found = [read_sealing_key(plain, where=path)]
    else:
        found = [read_sealing_key(key, certificate, where=path) for key, certificate in _pairs(plain, path)]
    if not found:
        raise BadSealingKey("no key in it", where=path, hint="a backup holds Secrets with tls.crt and tls.key, or is a PEM file")
    return tuple(sorted(found, key=lambda key: key.since or _OLDEST, reverse=True))


def _pairs(plain: bytes, path: str) -> Iterator[tuple[bytes, bytes]]:
    for document in load_all(plain, where=path):
        for body in _secrets(document.value):
            data, texts = body.get("data"), body.get("stringData")
            held = {key: _decoded(text, path) for key, text in data.items()} if isinstance(data, dict) else {}
            held |= {key: str(text).encode() for key, text in texts.items()} if isinstance(texts, dict) else {}
            if "tls.key" in held:
                yield held["tls.key"], held.get("tls.crt", b"")


def _secrets(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and value.get("kind") == "Secret":
        yield value
    elif isinstance(value, dict) and str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from _secrets(item)


def _decoded(text: Any, path: str) -> bytes:
    try:
        return base64.b64decode("".join(str(text).split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadSealingKey("bad base64 in a Secret of it", where=path) from None
