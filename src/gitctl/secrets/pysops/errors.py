"""What can go wrong with sops, and which of its exit codes and words mean it.

sops quotes the offending value in some messages ("Input string … does not match sops' data format"), so nothing that it prints is
passed on but what is picked out here: line numbers, and, for a key that cannot be had, the lines of the key services.
"""

from __future__ import annotations

import re

from gitctl.errors import ErrorId, ExitCode, GitctlError, InputError, RenderError


class SopsFailed(RenderError):
    """sops failed in a way that has no better name."""

    default_id = ErrorId.SOPS_FAILED


class NoUsableKey(RenderError):
    """No private key at hand opens the file."""

    default_id = ErrorId.NO_USABLE_KEY


class WrongKey(NoUsableKey):
    """The age keys at hand are not those of the file."""

    exit_code = ExitCode.INPUT
    default_id = ErrorId.WRONG_KEY


class Tampered(InputError):
    """The file was changed after it was encrypted."""

    default_id = ErrorId.SECRET_TAMPERED


class AlreadyEncrypted(InputError):
    """The content has sops metadata already."""

    default_id = ErrorId.ALREADY_ENCRYPTED


class NotEncrypted(InputError):
    """The content has no sops metadata."""

    default_id = ErrorId.NOT_ENCRYPTED


class NoSuchFile(InputError):
    """The file does not exist."""

    default_id = ErrorId.FILE_MISSING


class BadContent(InputError):
    """The content is not what its kind says, or cannot be stored by sops."""

    default_id = ErrorId.SECRET_CONTENT


class BadRecipient(InputError):
    """A recipient is not a public key."""

    default_id = ErrorId.RECIPIENT_INVALID


class NoRule(InputError):
    """No recipients are given, and no creation rule matches."""

    default_id = ErrorId.SOPS_RULE_MISSING


# sops' cmd/sops/codes/codes.go; seen with 3.11: a stripped MAC is 51, a changed, moved or plain value in an encrypted place is 25.
_TAMPERED = {24: "the MAC cannot be read", 25: "a value was changed, moved, or put in as plain text", 51: "MAC mismatch", 52: "no MAC"}
_NO_KEY = (111, 128)
_LINE = re.compile(r"\bline (\d+)")
# Group failures in the report of a missing key: a recipient and the reasons of its key service.
_REASON = re.compile(r"^\s+(?:- )?\| ?(.*)$", re.MULTILINE)


def explain(code: int, stderr: str, *, name: str, wanted: tuple[str, ...], looked: tuple[str, ...], at_hand: bool = False) -> GitctlError:
    """The error that an exit code of sops means. `name` is the file, `wanted` its recipients, `looked` where keys were looked for;
    `at_hand`: there are age keys in one of these places."""
    where = name or None
    if code in _TAMPERED:
        hint = "take the file from Git again, and change it with `gitctl secret edit`"
        return Tampered(f"tampered: {_TAMPERED[code]}", where=where, hint=hint)
    if code in _NO_KEY:
        kind = WrongKey if at_hand and any(r.startswith("age1") for r in wanted) else NoUsableKey
        return _no_key(kind, stderr, where, wanted, looked)
    match code:
        case 203:
            return AlreadyEncrypted("already encrypted", where=where, hint="`gitctl secret edit` changes it")
        case 100:
            return NoSuchFile("no such file", where=where)
        case 61:
            return _no_rule(where)
        case 92:
            return BadContent("empty", where=where)
    return _by_words(code, stderr, where)


def _by_words(code: int, stderr: str, where: str | None) -> GitctlError:
    """Exit codes 1, 2 and 4 mean many things; the words tell them apart."""
    text = stderr.lower()
    if "metadata not found" in text:
        return NotEncrypted("not encrypted by sops", where=where, hint="`gitctl secret encrypt` encrypts it")
    if "no matching creation rules" in text or "config file not found" in text:
        return _no_rule(where)
    if "age public key" in text or "malformed recipient" in text:
        return BadRecipient("a recipient is not an age public key", where=where, hint="public keys start with age1; see .sops.yaml")
    if "loading config" in text:
        return NoRule(".sops.yaml cannot be read", id=ErrorId.SOPS_CONFIG, where=where, hint="see `sops --help` for its form")
    if code in (2, 4) or "unmarshal" in text or "invalid dotenv" in text:
        line = _LINE.search(stderr)
        return BadContent("cannot be read" + (f", see line {line[1]}" if line else ""), where=where, hint="correct its syntax")
    return SopsFailed(f"sops ended with exit code {code}", where=where, hint="its own message may hold secrets: run sops by hand to see it")


def _no_rule(where: str | None) -> NoRule:
    return NoRule("no recipients: no creation rule of a .sops.yaml matches", where=where, hint="add a rule for it to .sops.yaml")


def _no_key(kind: type[NoUsableKey], stderr: str, where: str | None, wanted: tuple[str, ...], looked: tuple[str, ...]) -> NoUsableKey:
    details = [*(f"wanted: a key of {recipient}" for recipient in wanted), *(f"looked in: {place}" for place in looked)]
    if any(not r.startswith("age1") for r in wanted):
        details += [f"said: {line}" for line in _REASON.findall(stderr)]
    hint = "point SOPS_AGE_KEY_FILE to a key of one of them, or have yours added: .sops.yaml, then `gitctl secret rotate --recipients`"
    message = "no usable key: the keys at hand are not those of the file" if kind is WrongKey else "no usable key"
    return kind(message, where=where, details=details, hint=hint)
