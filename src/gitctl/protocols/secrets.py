"""Encrypted files, as providers open them, as people work with them, and as a render sees them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Protocol

from gitctl.model.manifest import Json, Path
from gitctl.model.secret import MaskedValue, SecretStatus


@dataclass(frozen=True, slots=True)
class Opened:
    """A decrypted file: `content` is plaintext; `values` maps each sensitive leaf (path) to its plaintext and its encrypted form.

    A path starts with the number of the document. `template` is the file in which encrypted forms stand for values and that has
    nothing else of the provider; `encoded` are the paths whose plaintext is base64 (`data` of a Secret).
    """

    content: bytes
    values: tuple[tuple[Path, str, str], ...]
    template: bytes = b""
    encoded: frozenset[Path] = frozenset()


class SecretProvider(Protocol):
    """One way to keep secrets in Git."""

    name: str

    def recognises(self, path: str, content: bytes) -> bool:
        """Is this file encrypted by this provider? Cheap: called for every file that is read."""
        ...

    def open(self, path: str, content: bytes) -> Opened:
        """Verify and decrypt, in memory. Raises InputError (tampered), RenderError (no key), ToolMissing."""
        ...

    def outline(self, path: str, content: bytes) -> Opened:
        """The same without a key: no content, and no plaintext in `values`. Raises InputError for a file that cannot be read."""
        ...


class SecretFiles(Protocol):
    """The files of a secret provider as people work with them: content in, content out. `path` decides kind and rule, and names the
    file in errors; no method reads or writes it. Errors: InputError (bad content, tampered), RenderError (no key), ToolMissing."""

    def readers(self, path: FilePath) -> tuple[str, ...]:
        """Whose keys are taken for a file where no rule is found; () where one is. Raises InputError when there are none."""
        ...

    def write_rules(self, folder: FilePath, readers: tuple[str, ...]) -> FilePath:
        """Make the first rule file of a repository."""
        ...

    def seal(self, path: FilePath, content: bytes, *, readers: tuple[str, ...]) -> bytes:
        """Encrypt, by the rule, or for `readers` where there is none."""
        ...

    def open(self, path: FilePath, content: bytes, *, form: str = "") -> bytes:
        """Verify and decrypt; `form` (`json`, `yaml`) asks for another form."""
        ...

    def mask(self, path: FilePath, content: bytes) -> tuple[str, tuple[MaskedValue, ...]]:
        """The decrypted file with a mask in the place of each value, and the values' places and sizes."""
        ...

    def reseal(self, path: FilePath, content: bytes, plain: bytes, *, room: FilePath) -> bytes:
        """`content` with the values of `plain`; what did not change keeps its ciphertext. `room`: a private folder in memory."""
        ...

    def rotate(self, path: FilePath, content: bytes, *, by_rule: bool) -> bytes:
        """All values under a new data key; `by_rule` makes the recipients those of the rule."""
        ...

    def inspect(self, path: FilePath, content: bytes, *, verify: bool) -> SecretStatus:
        """What is known about a file; `verify` decrypts it. Only ToolMissing is raised."""
        ...

    def concerns(self, path: FilePath, content: bytes) -> bool:
        """Is this file encrypted, or ought it to be?"""
        ...


class Vault(Protocol):
    """All secret providers as a render sees them: plaintext is held in memory from `cover` until `uncover`."""

    def cover(self, path: str, content: bytes) -> bytes | None:
        """The file with a placeholder in the place of each secret; None when it is not encrypted. The same encrypted value
        at the same place gives the same placeholder. Raises InputError (tampered), RenderError (no key), ToolMissing."""
        ...

    def uncover(self, body: Json) -> tuple[Json, tuple[Path, ...]]:
        """The body with plaintext in the place of placeholders, and the paths where there were any. A placeholder may be a part
        of a longer text, and renderers may have base64-encoded the whole of it (`secretGenerator`, helm's `b64enc`)."""
        ...
