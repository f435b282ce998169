"""Text for people as lines of styled spans: the same lines become coloured terminal text or plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from gitctl.cli.show.width import padded, width


class Style(StrEnum):
    """What a span means; the colour follows."""

    PLAIN = ""
    HEAD = "bold"
    ADDED = "green"
    REMOVED = "red"
    CHANGED = "yellow"
    QUIET = "dim"
    BAD = "bold red"


Span: TypeAlias = tuple[str, Style]
Line: TypeAlias = tuple[Span, ...]


def line(text: str, style: Style = Style.PLAIN) -> Line:
    """A line of one style."""
    return ((text, style),)


def text_of(lines: Iterable[Line], *, color: bool, clean: Callable[[str], str]) -> str:
    """The lines as text. Every span passes `clean` (the redactor) before colours are added, so that no colour code of
    somebody else survives and ours do."""
    if not color:
        return "".join("".join(clean(t) for t, _ in spans) + "\n" for spans in lines)
    from rich.console import Console
    from rich.text import Text

    console = Console(force_terminal=True, soft_wrap=True, highlight=False, color_system="standard")
    with console.capture() as capture:
        for spans in lines:
            console.print(Text.assemble(*((clean(t), s.value) for t, s in spans)))
    return capture.get()


def table(rows: list[tuple[str, ...]], head: tuple[str, ...]) -> list[Line]:
    """Left-aligned columns, as kubectl prints them: capital heads, three spaces, no lines."""
    widths = [max(width(r[i]) for r in (head, *rows)) for i in range(len(head))]

    def row(cells: tuple[str, ...], style: Style) -> Line:
        return line("   ".join(padded(c, w) for c, w in zip(cells, widths, strict=True)).rstrip(), style)

    return [row(head, Style.HEAD), *(row(r, Style.PLAIN) for r in rows)]


def age(seconds: float) -> str:
    """`12s`, `5m`, `3h`, `8d`: one unit, as kubectl shows ages."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(max(0, seconds))}s"


def since(time: str, now: datetime) -> str:
    """The age of an RFC 3339 UTC time."""
    return age((now - datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)).total_seconds())
