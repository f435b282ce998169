"""Page: the explanation of one error, read from `errors/ID.md`.

A page is Markdown that reads well in a terminal too: `# id: title`, what happened, causes, what to do, and a last line `Related: …`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from gitctl.errors import ErrorId

_RELATED = "Related: "


@dataclass(frozen=True, slots=True)
class Page:
    """`title` is half a sentence; `text` is Markdown without the heading and without the line of related errors."""

    id: ErrorId
    title: str
    text: str
    related: tuple[ErrorId, ...] = ()


def page_of(one: ErrorId) -> Page:
    """The page of an error. Raises ValueError when it is not of the form above (a test reads them all)."""
    return parse(one, source_of(one))


def source_of(one: ErrorId) -> str:
    """The page as it is written. Raises FileNotFoundError when there is none."""
    return files("gitctl.reference").joinpath("errors", f"{one}.md").read_text(encoding="utf-8")


def parse(one: ErrorId, source: str) -> Page:
    """A page from its Markdown."""
    head, _, body = source.strip().partition("\n")
    name, _, title = head.removeprefix("# ").partition(": ")
    if not head.startswith("# ") or name != one or not title:
        raise ValueError(f"the page of {one} does not begin with `# {one}: …`")
    *paragraphs, last = body.strip().split("\n\n")
    related = tuple(ErrorId.named(word) for word in last.removeprefix(_RELATED).split(", ")) if last.startswith(_RELATED) else ()
    return Page(one, title, "\n\n".join(paragraphs if related else (*paragraphs, last)), related)
