"""Formats of texts as the API server checks them. Go's types are stricter about times than the formats of custom resources are.

Where Go's check is long (addresses, hosts), this one refuses only what is surely wrong.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Final

GO_TIME: Final = "go-time"
GO_MICRO_TIME: Final = "go-micro-time"
GO_BYTES: Final = "go-bytes"

_TIME = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
_DURATION = r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)|.*\d+\s*[A-Za-z]+.*"
_HOST = r"(?=.{1,255}$)[^\W_]([\w-]*[^\W_])?(\.[^\W_]([\w-]*[^\W_])?)*\.?"
_UUID = r"[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}"


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_network(text: str) -> bool:
    from ipaddress import ip_interface

    try:
        ip_interface(text)
    except ValueError:
        return False
    return "/" in text


CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date-time": _matches(_TIME),
    GO_TIME: _matches(_TIME.replace("[Tt]", "T").replace("[Zz]", "Z")),
    GO_MICRO_TIME: _matches(_TIME.replace("[Tt]", "T").replace("[Zz]", "Z").replace(r"(\.\d+)?", r"\.\d{6}")),
    "byte": _is_base64,
    GO_BYTES: lambda text: _is_base64(re.sub(r"[\r\n]", "", text)),
    "duration": _matches(_DURATION),
    "uuid": _matches(_UUID),
    "uri": _matches(r"(/|[A-Za-z][A-Za-z0-9+.-]*:)[^\x00-\x1f\x7f]*"),
    "email": _matches(r".*[^@\s]@[^@\s].*"),
    "hostname": _matches(_HOST),
    "cidr": _is_network,
}
"""The checks that are ours; `date`, `ipv4` and `ipv6` are those of the schema's engine."""

KNOWN: Final = frozenset({*CHECKS, "date", "ipv4", "ipv6"})

WORDS: Final[Mapping[str, str]] = {
    "byte": "is not base64",
    GO_BYTES: "is not base64",
    "date-time": "is no time such as 2026-01-31T12:00:00Z",
    GO_TIME: "is no time such as 2026-01-31T12:00:00Z",
    GO_MICRO_TIME: "is no time such as 2026-01-31T12:00:00.000000Z",
    "date": "is no date such as 2026-01-31",
    "duration": "is no duration such as 1h30m",
    "ipv4": "is no IPv4 address",
    "ipv6": "is no IPv6 address",
    "cidr": "is no network such as 10.0.0.0/8",
    "uuid": "is no UUID",
    "uri": "is no URI with a scheme or a leading slash",
    "email": "is no e-mail address",
    "hostname": "is no host name",
}
"""What is said of a text that has not the format."""
