"""Numbers with their nouns, so that messages read well: `1 object`, `3 objects`."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 object`, `3 objects`; `plural` where an added s is wrong."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
