"""sops' files as `gitctl secret` works with them. Implements `protocols.SecretFiles`."""

from __future__ import annotations

import re
from pathlib import Path

from gitctl.documents import load_all
from gitctl.errors import ErrorId, InputError, RenderError, ToolMissing
from gitctl.model.secret import MaskedValue, RuleMatch, SecretState, SecretStatus
from gitctl.redact import mask_value
from gitctl.secrets import keys, leaves, pysops, rules
from gitctl.secrets.pysops import Kind, NoUsableKey
from gitctl.secrets.sops import SopsProvider

_SECRET = re.compile(rb"^[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Secret[\"']?[ \t]*$", re.MULTILINE)


class SopsFiles:
    """Encrypts by the `.sops.yaml` above a file, decrypts with the keys that sops finds."""

    def readers(self, path: Path) -> tuple[str, ...]:
        """The public keys of SOPS_AGE_KEY_FILE, else of sops' default key file; () where a `.sops.yaml` is found. Raises InputError."""
        if rules.find(path) is not None:
            return ()
        found = keys.recipients(keys.key_file())
        if not found:
            raise InputError(
                "no age key in it", id=ErrorId.KEY_FILE_INVALID, where=str(keys.key_file()), hint="make one with `gitctl secret keygen`"
            )
        return found

    def write_rules(self, folder: Path, readers: tuple[str, ...]) -> Path:
        """Make `.sops.yaml`. Raises InputError."""
        return rules.create(folder, readers)

    def seal(self, path: Path, content: bytes, *, readers: tuple[str, ...]) -> bytes:
        """Encrypt; of a Kubernetes object only `data` and `stringData`, unless the rule says otherwise.

        Raises InputError family, also when nothing in the file would be encrypted; ToolMissing.
        """
        kind, name = pysops.kind_of(str(path)), str(path)
        if pysops.is_encrypted(name, content):
            raise pysops.AlreadyEncrypted("already encrypted", where=name, hint="`gitctl secret edit` changes it")
        regex = "" if _selective(path) or not _is_kubernetes(content, kind, name) else rules.KUBERNETES_REGEX
        _check(content, kind, name)
        sealed = pysops.encrypt(content, kind=kind, recipients=readers, encrypted_regex=regex, filename=name)
        if not any(leaves.encrypted(leaves.documents(sealed, kind=kind, where=name))):
            hint = "an encrypted_regex in .sops.yaml picks the keys; of a Kubernetes object they are data and stringData"
            raise InputError("nothing in it would be encrypted", id=ErrorId.NOTHING_TO_ENCRYPT, where=name, hint=hint)
        return sealed

    def open(self, path: Path, content: bytes, *, form: str = "") -> bytes:
        """Verify and decrypt; `form` is a `Kind`."""
        kind = pysops.kind_of(str(path), content)
        return pysops.decrypt(content, kind=kind, output=Kind(form) if form else None, filename=str(path))

    def mask(self, path: Path, content: bytes) -> tuple[str, tuple[MaskedValue, ...]]:
        """The decrypted file with masks, and the values' places and sizes."""
        if not pysops.is_encrypted(str(path), content):
            raise pysops.NotEncrypted("not encrypted by sops", where=str(path), hint="`gitctl secret encrypt` encrypts it")
        opened = SopsProvider().open(str(path), content)
        # What is left of metadata and of encrypted comments are empty comments; they only keep line numbers.
        text = re.sub(r"^[ \t]*#\n", "", opened.template.decode("utf-8", "replace"), flags=re.MULTILINE)
        masked = []
        for place, plain, sealed in opened.values:
            mask = mask_value(plain, encoded=place in opened.encoded)
            text = text.replace(sealed, mask)
            masked.append(MaskedValue(place, int(re.sub(r"\D", "", mask))))
        return text, tuple(masked)

    def reseal(self, path: Path, content: bytes, plain: bytes, *, room: Path) -> bytes:
        """Put the values of `plain` in; what did not change keeps its ciphertext."""
        kind = pysops.kind_of(str(path), content)
        _check(plain, kind, str(path))
        return pysops.reencrypt(content, plain, kind=kind, folder=room, filename=str(path))

    def rotate(self, path: Path, content: bytes, *, by_rule: bool) -> bytes:
        """A new data key. `by_rule` also makes the recipients those of the rule, which must be age keys."""
        kind, name = pysops.kind_of(str(path), content), str(path)
        add, remove = _difference(path, pysops.recipients(content, kind=kind, filename=name)) if by_rule else ((), ())
        if any(not key.startswith("age1") for key in (*add, *remove)):
            raise InputError(
                "recipients that are not age keys", id=ErrorId.RECIPIENT_INVALID, where=name, hint="run `sops updatekeys` first"
            )
        return pysops.rotate(content, kind=kind, add=add, remove=remove, filename=name)

    def inspect(self, path: Path, content: bytes, *, verify: bool) -> SecretStatus:
        """What is known about a file, with or without decrypting it. Raises ToolMissing."""
        kind, name = pysops.kind_of(str(path), content), str(path)
        try:
            known = pysops.status(content, kind=kind, filename=name)
            rule, missing, surplus = _compared(path, known.recipients)
        except InputError as bad:
            return SecretStatus(name, SecretState.UNREADABLE, why=bad.message)
        if not known.encrypted:
            return SecretStatus(name, SecretState.PLAIN, rule=RuleMatch.NONE)
        state, why = _verified(path, content) if verify else (SecretState.SEALED, "")
        return SecretStatus(name, state, known.recipients, known.modified, rule, missing, surplus, why)

    def concerns(self, path: Path, content: bytes) -> bool:
        """Encrypted, or a plain Kubernetes Secret. Cheap: nothing is parsed."""
        return pysops.is_encrypted(str(path), content) or bool(_SECRET.search(content))


def _verified(path: Path, content: bytes) -> tuple[SecretState, str]:
    try:
        pysops.decrypt(content, kind=pysops.kind_of(str(path), content), filename=str(path))
    except ToolMissing:
        raise
    except NoUsableKey as no_key:
        return SecretState.SEALED, no_key.message
    except pysops.Tampered as tampered:
        return SecretState.TAMPERED, tampered.message.removeprefix("tampered: ")
    except (InputError, RenderError) as bad:
        return SecretState.UNREADABLE, bad.message
    return SecretState.VERIFIED, ""


def _compared(path: Path, recipients: tuple[str, ...]) -> tuple[RuleMatch, tuple[str, ...], tuple[str, ...]]:
    if rules.rule_for(path) is None:
        return RuleMatch.NONE, (), ()
    missing, surplus = _difference(path, recipients)
    return RuleMatch.DIFFERENT if missing or surplus else RuleMatch.SAME, missing, surplus


def _difference(path: Path, recipients: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Recipients that the rule has and the file has not, and the other way round."""
    rule = rules.rule_for(path)
    if rule is None:
        raise pysops.NoRule("no creation rule of a .sops.yaml matches", where=str(path), hint="add a rule for it to .sops.yaml")
    wanted = rule.recipients
    return tuple(r for r in wanted if r not in recipients), tuple(r for r in recipients if r not in wanted)


def _selective(path: Path) -> bool:
    rule = rules.rule_for(path)
    return rule is not None and rule.selective


def _is_kubernetes(content: bytes, kind: Kind, name: str) -> bool:
    if kind not in (Kind.YAML, Kind.JSON):
        return False
    values = (d.value for d in load_all(content, where=name))
    return any(isinstance(v, dict) and isinstance(v.get("kind"), str) and isinstance(v.get("apiVersion"), str) for v in values)


def _check(content: bytes, kind: Kind, name: str) -> None:
    """What would only fail when the file is used: syntax, twice the same key, bad base64. Raises InputError; it tells no value."""
    if kind not in (Kind.YAML, Kind.JSON):
        return
    found = leaves.documents(content, kind=Kind.YAML, where=name)
    encoded = leaves.secret_data(found)
    for index, value in found:
        for path, leaf in leaves.walk(value, (index,)):
            if path in encoded and isinstance(leaf, str):
                leaves.decoded(leaf, path, where=name)
