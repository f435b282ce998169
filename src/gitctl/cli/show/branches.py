"""Branches: what stands before each line of a tree, drawn in box characters, or in ASCII where the terminal has no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_BOXES = ("├─ ", "└─ ", "│  ", "   ")
_ASCII = ("|- ", "`- ", "|  ", "   ")


def branches(nodes: Sequence[T], below: Callable[[T], Sequence[T]], *, boxes: bool = True) -> Iterator[tuple[str, T]]:
    """Each node with the text before it, from the top down."""
    middle, last, through, blank = _BOXES if boxes else _ASCII

    def walk(level: Sequence[T], before: str) -> Iterator[tuple[str, T]]:
        for number, node in enumerate(level, start=1):
            ends = number == len(level)
            yield before + (last if ends else middle), node
            yield from walk(below(node), before + (blank if ends else through))

    return walk(nodes, "")
