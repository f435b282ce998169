"""Private keys by their form, in any file: PEM, OpenSSH, PGP, PuTTY, age; in base64 too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitctl.model.exposure import Exposure, ExposureKind
from gitctl.secrets.scan.place import Places
from gitctl.secrets.scan.value import decoded

# A line break as such, or as JSON and source code spell it; indented, or quoted as in a mail.
_BREAK = rb"(?:\r?\n|\\r\\n|\\n)[ \t>\"'+]*"
_LABEL = rb"(?:(?:RSA|EC|DSA|OPENSSH|ANY|SSH2 ENCRYPTED|ENCRYPTED) )?PRIVATE KEY|PGP PRIVATE KEY BLOCK|OpenVPN Static key V1"
_ARMOUR = re.compile(
    rb"-----BEGIN (?P<label>" + _LABEL + rb")-----(?P<heads>(?:" + _BREAK + rb"[A-Z][\w-]*: [^\n\\]*)*)(?:" + _BREAK + rb")+"
    rb"(?P<body>[A-Za-z0-9+/=]{24,})"
)
_PUTTY = re.compile(rb"^PuTTY-User-Key-File-[23]: [^\n]*$", re.MULTILINE)
_AGE = re.compile(rb"AGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58,}", re.IGNORECASE)
_BASE64 = re.compile(rb"LS0tLS1CRUdJTi[A-Za-z0-9+/]{40,}={0,2}")
_END = re.compile(rb"-----END [A-Z ]+-----")
_LONGEST = 1 << 16
_HINTS = (b"PRIVATE KEY", b"OpenVPN Static key", b"PuTTY-User-Key", b"LS0tLS1CRUdJTi")


def private_keys(path: str, content: bytes) -> Iterator[Exposure]:
    """Every private key in a file. A mere mention of its first line is none: some of the key must follow."""
    places = Places(content)
    for at, size, kind in _found(content):
        line, column = places.of(at)
        yield Exposure(path, line, column, kind, size=size)


def _found(content: bytes) -> Iterator[tuple[int, int, ExposureKind]]:
    if any(hint in content for hint in _HINTS):
        for found in _ARMOUR.finditer(content):
            yield found.start(), _length(content, found), _kind(found)
        for found in _PUTTY.finditer(content):
            yield found.start(), len(content) - found.start(), ExposureKind.PRIVATE_KEY
        for found in _BASE64.finditer(content):
            inner = _ARMOUR.match(decoded(found.group()[: len(found.group()) // 4 * 4].decode("ascii")) or b"")
            if inner:
                yield found.start(), len(found.group()) * 3 // 4, _kind(inner)
    for found in _AGE.finditer(content):
        yield found.start(), len(found.group()), ExposureKind.AGE_KEY


def _kind(found: re.Match[bytes]) -> ExposureKind:
    locked = b"ENCRYPTED" in found["label"] or b"ENCRYPTED" in found["heads"]
    return ExposureKind.LOCKED_KEY if locked else ExposureKind.PRIVATE_KEY


def _length(content: bytes, found: re.Match[bytes]) -> int:
    end = _END.search(content, found.end(), found.end() + _LONGEST)
    return (end.end() if end else found.end()) - found.start()
