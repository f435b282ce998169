"""Which of sops' exit codes and words mean which error.

sops quotes the offending value in some messages ("Input string … does not match sops' data format"), so nothing that it prints is
passed on but what is picked out here: line numbers, and, for a key that cannot be had, what the key services said.
"""

from __future__ import annotations

import re

from gitctl.errors import ErrorId, GitctlError
from gitctl.secrets.pysops.errors import AlreadyEncrypted, BadContent, BadRecipient, NoRule, NoSuchFile, NotEncrypted, SopsFailed, Tampered
from gitctl.secrets.pysops.nokey import unopened_by, unsealed_by
from gitctl.secrets.pysops.report import Failure, is_service, unopened, unsealed

# sops' cmd/sops/codes/codes.go; seen with 3.11: a stripped MAC is 51, a changed, moved or plain value in an encrypted place is 25.
_TAMPERED = {24: "the MAC cannot be read", 25: "a value was changed, moved, or put in as plain text", 51: "MAC mismatch", 52: "no MAC"}
_NO_KEY = (111, 128)
_LINE = re.compile(r"\bline (\d+)")


def explain(code: int, stderr: str, *, name: str, wanted: tuple[str, ...], looked: tuple[str, ...], at_hand: bool = False) -> GitctlError:
    """The error that an exit code of sops means. `name` is the file, `wanted` its recipients, `looked` where keys were looked for;
    `at_hand`: there are age keys in one of these places."""
    where = name or None
    if code in _TAMPERED:
        hint = "take the file from Git again, and change it with `gitctl secret edit`"
        return Tampered(f"tampered: {_TAMPERED[code]}", where=where, hint=hint)
    if code in _NO_KEY:
        # A report in another form than that of 3.9 to 3.11 says nothing; the file still names its recipients.
        failed = unopened(stderr) or tuple(Failure(recipient, "") for recipient in wanted)
        return unopened_by(failed, where, looked, at_hand=at_hand)
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
    services = tuple(one for one in unsealed(stderr) if is_service(one.recipient))
    if services:
        return unsealed_by(services, where)
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
