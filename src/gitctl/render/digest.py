"""Digests of manifests and of a whole render: over placeholders, never over plaintext."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from gitctl.model.manifest import Manifest


def digest_of(text: bytes) -> str:
    """SHA-256 of canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(text).hexdigest()


def render_digest(manifests: Iterable[Manifest]) -> str:
    """SHA-256 over all manifests' identities and digests; their order and the files they were written in do not matter."""
    lines = sorted(f"{m.ref.group}\0{m.ref.kind}\0{m.ref.namespace}\0{m.ref.name}\0{m.digest}\n" for m in manifests)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
