"""Encrypt, decrypt, rotate: bytes in, bytes out."""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path

from gitctl.secrets.pysops.kind import Kind
from gitctl.secrets.pysops.metadata import recipients as recipients_of
from gitctl.secrets.pysops.program import sops


def encrypt(content: bytes, *, kind: Kind, recipients: tuple[str, ...] = (), encrypted_regex: str = "", filename: str = "") -> bytes:
    """Encrypt for age `recipients`; without any, as the creation rule of the `.sops.yaml` above `filename` says.

    `encrypted_regex` picks the keys whose values are encrypted (default: the rule's, else all). Raises AlreadyEncrypted, BadContent,
    BadRecipient, NoRule, ToolMissing.
    """
    path = Path(filename).absolute() if filename else None
    arguments = ["encrypt", *_types(kind), "--filename-override", str(path or "content")]
    if recipients:
        arguments += ["--age", ",".join(recipients)]
    if encrypted_regex:
        arguments += ["--encrypted-regex", encrypted_regex]
    return sops((*arguments, "/dev/stdin"), content, name=filename, cwd=path.parent if path else None)


def decrypt(content: bytes, *, kind: Kind, output: Kind | None = None, filename: str = "", seconds: float = 120.0) -> bytes:
    """Verify and decrypt; `output` asks for another form. `filename` is for messages only.

    Raises NotEncrypted, NoUsableKey, Tampered, BadContent, ToolMissing; RenderError when a key service or a passphrase takes longer than
    `seconds`.
    """
    wanted = recipients_of(content, kind=kind, filename=filename)
    return sops(("decrypt", *_types(kind, output), "/dev/stdin"), content, name=filename, wanted=wanted, seconds=seconds)


def rotate(content: bytes, *, kind: Kind, add: tuple[str, ...] = (), remove: tuple[str, ...] = (), filename: str = "") -> bytes:
    """A new data key, every value encrypted again; age recipients are added and removed first. Raises as `decrypt`, BadRecipient."""
    arguments = ["rotate", *_types(kind)]
    if add:
        arguments += ["--add-age", ",".join(add)]
    if remove:
        arguments += ["--rm-age", ",".join(remove)]
    wanted = recipients_of(content, kind=kind, filename=filename)
    return sops((*arguments, "/dev/stdin"), content, name=filename, wanted=wanted)


def updatekeys(content: bytes, *, kind: Kind, recipients: tuple[str, ...], filename: str = "") -> bytes:
    """The same values under the same data key, for these age recipients and no others. Raises as `decrypt`, BadRecipient.

    Who had the data key before can still open every version that Git knows: follow with `rotate`, and change the secrets.
    """
    config = f"creation_rules: [{{age: '{','.join(recipients)}'}}]\n".encode()
    # sops 3.9 goes by the suffix.
    return updatekeys_by_rule(
        content, kind=kind, config=config, path=f"content.{'env' if kind is Kind.DOTENV else kind}", filename=filename
    )


def updatekeys_by_rule(content: bytes, *, kind: Kind, config: bytes, path: str, filename: str = "") -> bytes:
    """As `updatekeys`, for whoever the rule of a `.sops.yaml` (its content: `config`) names for `path`, below the folder of that file.

    Keys of any service. Raises as `decrypt`, BadRecipient, NoRule.
    """
    wanted = recipients_of(content, kind=kind, filename=filename)
    with tempfile.TemporaryDirectory(prefix="gitctl-sops-") as folder:
        # sops updates keys in place, by a rule, and only in files. Nothing here is plaintext.
        file, rules = Path(folder, path), Path(folder, ".sops.yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        rules.write_bytes(config)
        arguments = ("updatekeys", "--yes", "--input-type", kind, str(file))
        sops(arguments, b"", name=filename, cwd=Path(folder), wanted=wanted, env={"SOPS_CONFIG": str(rules)})
        return file.read_bytes()


def reencrypt(content: bytes, plaintext: bytes, *, kind: Kind, folder: Path, filename: str = "") -> bytes:
    """The encrypted `content` with its values replaced by those of `plaintext`; what is equal keeps its ciphertext, so diffs stay small.

    Only sops' edit mode can do that, and it edits a file: `folder` must be private and in memory (`secrets.room`), both files in it
    are gone on return. Raises as `decrypt`; BadContent when sops cannot read the plaintext.
    """
    sealed, edited = folder / "sealed", folder / "edited"
    wanted = recipients_of(content, kind=kind, filename=filename)
    # Tried beforehand, because edit mode does not say what is wrong: our editor works only once, so that sops cannot ask again for ever.
    encrypt(plaintext, kind=kind, recipients=(_nobody(),), filename=filename)
    try:
        _write_private(sealed, content)
        _write_private(edited, plaintext)
        mover = f"mv {shlex.quote(str(edited))}"
        # sops before 3.10 knows EDITOR only.
        env = {"TMPDIR": str(folder), "SOPS_EDITOR": mover, "EDITOR": mover}
        sops(("edit", *_types(kind), str(sealed)), b"", name=filename, cwd=folder, env=env, wanted=wanted)
        return sealed.read_bytes()
    finally:
        sealed.unlink(missing_ok=True)
        edited.unlink(missing_ok=True)


def _nobody() -> str:
    """A public key whose private half is forgotten at once, for a trial."""
    from pyrage import x25519

    return str(x25519.Identity.generate().to_public())


def _types(kind: Kind, output: Kind | None = None) -> tuple[str, ...]:
    return "--input-type", kind, "--output-type", output or kind


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
