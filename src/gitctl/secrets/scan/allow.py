"""Reasons that a file gives for plain text in it: `gitctl.dev/allow-plaintext: REASON`, on the line or on the one above it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from gitctl.model.exposure import Exposure
from gitctl.secrets.scan.objects import ALLOW

_MARK = re.compile(re.escape(ALLOW) + r"[\"']?[ \t]*[:=](?P<reason>.*)")
_CLOSING = ("*/", "-->")


def with_reasons(found: Iterable[Exposure], text: str) -> tuple[Exposure, ...]:
    """The exposures with the reason that a comment gives for them. A mark without a reason accepts nothing."""
    if ALLOW not in text:
        return tuple(found)
    rows = enumerate(text.split("\n"), start=1)
    reasons = {number: _reason(mark["reason"]) for number, row in rows if ALLOW in row and (mark := _MARK.search(row))}
    return tuple(replace(e, accepted=e.accepted or reasons.get(e.line) or reasons.get(e.line - 1, "")) for e in found)


def _reason(text: str) -> str:
    bare = text.strip()
    for closing in _CLOSING:
        bare = bare.removesuffix(closing).rstrip()
    return bare.strip("\"' ")
