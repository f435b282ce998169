"""Values of secrets as they are shown: a size, and a tag that is equal for equal values in one run.

The key of the tags is random, made when the first one is needed, and gone with the process: no other run makes the same tags, and a tag
tells nobody anything about a value but that it equals another one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from gitctl.redact import MASK, mask_value, raw_value
from gitctl.secrets.placeholder import tokens_in
from gitctl.secrets.tags import new_key, tag


@cache
def _key() -> bytes:
    return new_key()


def is_covered(value: Any) -> bool:
    """Does a placeholder stand in the place of the value, because nothing was decrypted?"""
    return isinstance(value, str) and next(tokens_in(value), None) is not None


def tag_of(value: Any, *, encoded: bool) -> str:
    """Eight hexadecimal digits, the same for the same bytes. Of a value that was not decrypted they are those of its ciphertext."""
    return tag(_key(), raw_value(value, encoded=encoded))


def size_of(value: Any, *, encoded: bool) -> int | None:
    """The size in bytes; None where nothing was decrypted."""
    return None if is_covered(value) else len(raw_value(value, encoded=encoded))


def tagged(value: Any, *, encoded: bool) -> str:
    """`*** (13 bytes) ~5f1d09aa`."""
    mask = f"{MASK} (not decrypted)" if is_covered(value) else mask_value(value, encoded=encoded)
    return f"{mask} ~{tag_of(value, encoded=encoded)}"


def sealed_tag(ciphertext: Any) -> str:
    """`sealed ~5f1d09aa`: a value of a SealedSecret, by its ciphertext; sealing the same value again gives another."""
    return f"sealed ~{tag_of(ciphertext, encoded=False)}"
