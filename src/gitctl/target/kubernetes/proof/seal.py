"""PURE: values as canonical bytes, and their hashes.

JSON types count: `80` is not `"80"`, `true` is not `1`, and `1` is not `1.0`. The last is stricter than structured-merge-diff, which
compares numbers by value: here being too strict costs one dry-run, and being too lax would hide a difference.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

_BYTES = 16
_ENGINE = "2"
"""Raised whenever what is hashed changes its meaning: older certificates are then worth nothing."""


def canonical(value: Any) -> bytes | None:
    """JSON with sorted keys: equal values have equal bytes, others never. None for what JSON cannot hold exactly."""
    import orjson

    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError):
        return None


def same(one: Any, other: Any) -> bool:
    """Are two values the same, JSON types included?"""
    text = canonical(one)
    return text is not None and text == canonical(other)


def plain_hash(value: Any) -> str:
    """A hash for what holds no secret; "" for what JSON cannot hold exactly."""
    text = canonical(value)
    return "" if text is None else _short(hashlib.sha256(text).digest())


@dataclass(frozen=True, slots=True)
class Seal:
    """A key for hashes over values: without it nobody can try out what a short password might be."""

    key: bytes

    @property
    def name(self) -> str:
        """Tells keys apart, and says nothing about them."""
        return self.hash("name", "")

    def hash(self, purpose: str, value: Any) -> str:
        """A keyed hash; `purpose` keeps hashes of different things apart. "" for what JSON cannot hold exactly."""
        text = canonical(value)
        if text is None:
            return ""
        return _short(hmac.digest(self.key, f"gitctl {_ENGINE} {purpose}\n".encode() + text, "sha256"))


def _short(digest: bytes) -> str:
    return base64.b64encode(digest[:_BYTES]).decode("ascii").rstrip("=")
