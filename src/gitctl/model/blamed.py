"""Blamed: the commits that last changed the lines of a file, and what they tell of encrypted values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gitctl.model.revision import Revision


@dataclass(frozen=True, slots=True)
class Blamed(Revision):
    """The commit that last changed a line. `was_there`: it changed a file that was there before, under whatever name."""

    was_there: bool = False


def encrypted_anew(lines: Mapping[int, Blamed], encrypted: Collection[int], by: Blamed) -> bool:
    """Did the commit write every encrypted line, of several, in a file that was there before? So does `sops rotate`: values may be older.

    `encrypted` are the lines (from 1) with encrypted values; 0, for a value without a line of its own, tells nothing.
    """
    known = {line for line in encrypted if line in lines}
    return by.was_there and len(known) > 1 and all(lines[line].sha == by.sha for line in known)
