"""When a commit encrypted a whole file anew, so that a value may be older than its line."""

from __future__ import annotations

import pytest

from gitctl.model.blamed import Blamed, encrypted_anew

NEW, OLD = Blamed("r", "b" * 40, "new", was_there=True), Blamed("r", "a" * 40, "old")
FIRST = Blamed("r", "b" * 40, "first")


@pytest.mark.parametrize(
    ("lines", "encrypted", "by", "anew"),
    [
        ({1: OLD, 2: NEW, 3: NEW}, (2, 3), NEW, True),
        ({2: NEW, 3: NEW}, (2, 3), NEW, True),
        ({2: NEW, 3: OLD}, (2, 3), NEW, False),
        ({1: OLD, 2: NEW}, (2, 2), NEW, False),
        ({2: NEW}, (0, 2), NEW, False),
        ({2: FIRST, 3: FIRST}, (2, 3), FIRST, False),
        ({}, (2, 3), NEW, False),
    ],
    ids=["with older lines", "nothing else left", "one of two", "one line", "no line of its own", "a new file", "not known"],
)
def test_a_file_that_was_encrypted_anew(lines: dict[int, Blamed], encrypted: tuple[int, ...], by: Blamed, anew: bool) -> None:
    assert encrypted_anew(lines, encrypted, by) is anew
