"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from gitctl.model.quantity import counted


@pytest.mark.parametrize(
    ("number", "noun", "plural", "text"),
    [(0, "object", "", "0 objects"), (1, "object", "", "1 object"), (2, "object", "", "2 objects"), (2, "entry", "entries", "2 entries")],
)
def test_a_noun_agrees_with_its_number(number: int, noun: str, plural: str, text: str) -> None:
    assert counted(number, noun, plural) == text
