"""Width: how many columns a text takes on a terminal; a wide sign (中, 🚀) takes two, a combining one none."""

from __future__ import annotations


def width(text: str) -> int:
    """Columns that a text without line breaks takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, columns: int) -> str:
    """The text with blanks up to that many columns."""
    return text + " " * max(0, columns - width(text))


def cut(text: str, columns: int) -> str:
    """The text, at most that many columns of it; `…` stands for the rest."""
    if width(text) <= columns:
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text, max(0, columns - 1)).rstrip() + "…"


def rows(text: str, columns: int) -> int:
    """Lines that a text takes on a terminal so wide, wrapped ones counted."""
    return sum(max(1, -(-width(one) // max(1, columns))) for one in text.splitlines())
