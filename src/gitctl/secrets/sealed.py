"""A vault that opens nothing: for those who look at what is rendered and need no secret in it."""

from __future__ import annotations

from typing import Any

from gitctl.model.manifest import Json, Path
from gitctl.secrets import leaves, pysops
from gitctl.secrets.placeholder import as_base64, holds_token, token


class SealedVault:
    """Implements `protocols.Vault` for files of sops without any key. Placeholders are those of `SecretVault`, and stay where they
    are; a file that was tampered with is not noticed."""

    def cover(self, path: str, content: bytes) -> bytes | None:
        """The file with placeholders for secrets and no metadata; None when it is not encrypted. Raises ManifestError."""
        if not pysops.is_encrypted(path, content):
            return None
        kind = pysops.kind_of(path, content)
        sealed = leaves.documents(content, kind=kind, where=path)
        encoded = leaves.secret_data(sealed)
        covered = leaves.template(content, kind=kind, where=path)
        for place, leaf in leaves.encrypted(sealed):
            name = token(leaf, place)
            covered = covered.replace(leaf.encode(), (as_base64(name) if place in encoded else name).encode())
        return covered

    def uncover(self, body: Json) -> tuple[Json, tuple[Path, ...]]:
        """The body as it is, and the paths where there are placeholders."""
        return body, tuple(path for path, leaf in leaves.walk(body) if is_sealed(leaf))


def is_sealed(value: Any) -> bool:
    """Does the value hold a placeholder? Its real value is not known, nor its type."""
    return isinstance(value, str) and holds_token(value)
