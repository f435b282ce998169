"""The vault without keys: for targets that never hold a plaintext, and for checks that need none.

It finds where secrets end up, and leaves placeholders there. A file that was tampered with is not noticed.
"""

from __future__ import annotations

from typing import Any

from gitctl.model.manifest import Json, Path
from gitctl.protocols import Opened, SecretProvider
from gitctl.secrets.placeholder import Secret, holds_token
from gitctl.secrets.vault import SecretVault

_SOMETHING = Secret("a secret")


class KeylessVault(SecretVault):
    """Implements `protocols.Vault` with the placeholders, and so the digests, of `SecretVault`; nothing is decrypted."""

    def uncover(self, body: Json) -> tuple[Json, tuple[Path, ...]]:
        """The body as it is, placeholders included, and the paths where there are any. Raises as SecretVault's."""
        return body, super().uncover(body)[1]

    def _opened(self, provider: SecretProvider, path: str, content: bytes) -> Opened:
        return provider.outline(path, content)

    def _keep(self, name: str, plain: str, sealed: str, place: Path, base64_in: str) -> None:
        del plain, sealed, place, base64_in
        self._secrets[name] = _SOMETHING


def is_sealed(value: Any) -> bool:
    """Does the value hold a placeholder? Its real value is not known, nor its type."""
    return isinstance(value, str) and holds_token(value)
