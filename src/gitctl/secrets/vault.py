"""The vault: covers secrets before files are rendered, uncovers them in what was rendered. Plaintext lives here, in memory, alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitctl.errors import ErrorId, InputError, RenderError
from gitctl.model.manifest import Json, Path
from gitctl.model.textfield import wants_text
from gitctl.protocols import Opened, SecretProvider
from gitctl.redact import Redactor
from gitctl.secrets.leaves import ENCRYPTED, decoded, shown
from gitctl.secrets.placeholder import Secret, as_base64, replace, token, typed

_IDENTITY = (("kind",), ("apiVersion",), ("metadata", "name"), ("metadata", "namespace"), ("metadata", "generateName"))


class SecretVault:
    """Implements `protocols.Vault` for any secret providers. `redactor` learns every plaintext that passes."""

    def __init__(self, providers: Sequence[SecretProvider], redactor: Redactor) -> None:
        self._providers = tuple(providers)
        self._redactor = redactor
        self._secrets: dict[str, Secret] = {}
        self._covered: dict[tuple[str, bytes], bytes] = {}

    def cover(self, path: str, content: bytes) -> bytes | None:
        """The file with placeholders for secrets and no metadata; None when no provider recognises it.

        Raises InputError (tampered, bad base64), RenderError (no key), ToolMissing.
        """
        provider = next((p for p in self._providers if p.recognises(path, content)), None)
        if provider is None:
            return None
        known = self._covered.get((path, content))
        if known is None:
            known = self._cover(path, self._opened(provider, path, content))
            self._covered[path, content] = known
        return known

    def _opened(self, provider: SecretProvider, path: str, content: bytes) -> Opened:
        return provider.open(path, content)

    def _cover(self, path: str, opened: Opened) -> bytes:
        covered = opened.template
        for place, plain, sealed in opened.values:
            name = token(sealed, place)
            encoded = place in opened.encoded
            self._keep(name, plain, sealed, place, path if encoded else "")
            covered = covered.replace(sealed.encode(), (as_base64(name) if encoded else name).encode())
        return covered

    def _keep(self, name: str, plain: str, sealed: str, place: Path, base64_in: str) -> None:
        """Remember what a token stands for; `base64_in` is the file where the plaintext is base64, else ""."""
        self._remember(name, decoded(plain, place, where=base64_in) if base64_in else plain, sealed)
        if base64_in:
            self._learn(plain)

    def _remember(self, name: str, plain: str, sealed: str) -> None:
        found = ENCRYPTED.fullmatch(sealed)
        value = typed(plain, found["type"]) if found else None
        self._secrets[name] = Secret(plain, value)
        if not isinstance(value, bool):
            self._learn(plain)

    def _learn(self, plain: str) -> None:
        self._redactor.learn(plain.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))

    def uncover(self, body: Json) -> tuple[Json, tuple[Path, ...]]:
        """The body with plaintext in the place of placeholders, and the paths where there were any.

        Raises RenderError for a placeholder that is damaged, unknown, a key, or part of the object's identity; InputError for an
        encrypted value that nothing opened.
        """
        paths: list[Path] = []
        try:
            opened = self._open(body, (), paths)
        except (RenderError, InputError) as error:
            error.where = error.where or _name(body)
            raise
        misplaced = next((p for p in paths if p in _IDENTITY), None)
        if misplaced:
            raise RenderError(
                f"a secret in {shown(misplaced)}: it would be shown everywhere",
                id=ErrorId.SECRET_MISPLACED,
                where=str(body.get("kind", "")),
            )
        return opened, tuple(paths)

    def _open(self, value: Any, path: Path, paths: list[Path]) -> Any:
        if isinstance(value, dict):
            return {self._key(k, path): self._open(v, (*path, k), paths) for k, v in value.items()}
        if isinstance(value, list):
            return [self._open(v, (*path, i), paths) for i, v in enumerate(value)]
        return self._open_text(value, path, paths) if isinstance(value, str) else value

    def _open_text(self, text: str, path: Path, paths: list[Path]) -> Any:
        if text.startswith("ENC[") and ENCRYPTED.fullmatch(text):
            hint = "its file lost sops' metadata: take it from Git again"
            raise InputError(f"an encrypted value that nothing opened at {shown(path)}", id=ErrorId.SECRET_UNOPENED, hint=hint)
        secret = self._secrets.get(text)
        try:
            opened = secret.text if secret else replace(text, self._secrets)
        except RenderError as error:
            raise RenderError(f"{error.message}, at {shown(path)}", id=error.id, hint=error.hint) from None
        if opened == text:
            return text
        paths.append(path)
        if secret and secret.value is not None and not wants_text(path):
            return secret.value
        return _checked(opened, path)

    def _key(self, key: str, path: Path) -> str:
        if replace(key, self._secrets) != key:
            raise RenderError(f"a secret as a key, below {shown(path)}", id=ErrorId.SECRET_MISPLACED, hint="use secrets as values only")
        return key


def _checked(text: str, path: Path) -> str:
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise RenderError(
            f"a binary secret as text, at {shown(path)}", id=ErrorId.SECRET_MISPLACED, hint="binary secrets go below `data` of a Secret"
        )
    return text


def _name(body: Json) -> str:
    metadata = body.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return f"{body.get('kind', 'object')} {name}".strip()
