"""Budgets that a hostile or broken file cannot exceed, and the checks of its bytes before any parser sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitctl.errors import ErrorId, ManifestError, Where

_BOM = b"\xef\xbb\xbf"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INNER_BOM = re.compile("^\ufeff", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Limits:
    """Most bytes of a file and of a line, depth of nesting, documents, and nodes once aliases and merge keys are expanded.

    A line of the default size already holds more than the API server stores in one object.
    """

    file: int = 10 * 1024 * 1024
    line: int = 4 * 1024 * 1024
    depth: int = 100
    documents: int = 50_000
    nodes: int = 2_000_000


RENDERED = Limits(file=200 * 1024 * 1024)
"""For what a renderer made: many objects in one stream."""


def too_deep(where: Where, limits: Limits) -> ManifestError:
    """The error of a document that is nested deeper than it may be."""
    return ManifestError(f"nested deeper than {limits.depth} levels", id=ErrorId.YAML_TOO_LARGE, where=where)


def checked_text(data: bytes, *, where: str, limits: Limits) -> str:
    """The text of a file without its byte order mark. Raises ManifestError, with the place, for bytes that YAML does not allow."""
    if len(data) > limits.file:
        raise ManifestError(f"the file is larger than {_mebibytes(limits.file)}", id=ErrorId.YAML_TOO_LARGE, where=Where(where))
    _check_lines(data, where, limits)
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as bad:
        before = data[: bad.start].decode("utf-8")
        raise ManifestError(
            "not UTF-8", id=ErrorId.YAML_ENCODING, hint="save the file as UTF-8", where=_place(where, before, len(before))
        ) from None
    found = _FORBIDDEN.search(text)
    if found:
        name = f"U+{ord(found.group()):04X}"
        raise ManifestError(
            f"the character {name} is not allowed in YAML", id=ErrorId.YAML_ENCODING, where=_place(where, text, found.start())
        )
    found = _INNER_BOM.search(text)
    if found:
        raise ManifestError("a byte order mark inside of the file", id=ErrorId.YAML_ENCODING, where=_place(where, text, found.start()))
    return text


def _check_lines(data: bytes, where: str, limits: Limits) -> None:
    if len(data) <= limits.line:
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if len(line) > limits.line:
            raise ManifestError(
                f"the line is longer than {_mebibytes(limits.line)}", id=ErrorId.YAML_TOO_LARGE, where=Where(where, number, 1)
            )


def _place(where: str, text: str, offset: int) -> Where:
    start = text.rfind("\n", 0, offset) + 1
    return Where(where, text.count("\n", 0, offset) + 1, offset - start + 1)


def _mebibytes(size: int) -> str:
    return f"{size / 1024 / 1024:g} MiB"
