"""Culprit: who wrote what Git wants."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who wrote the wanted value: a commit; and the line that has it, where one is known (path "", line 0: not known).

    `anew`: the commit encrypted every value of the file anew, so the value itself may be older.
    """

    sha: str
    author: str
    time: str
    subject: str = ""
    path: str = ""
    line: int = 0
    anew: bool = False
