"""`.gitctlignore`: patterns as in gitignore(5), in the app's folder."""

from __future__ import annotations

import re
from dataclasses import dataclass

IGNORE_FILE = ".gitctlignore"


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    keeps: bool
    folders_only: bool


class Ignored:
    """The rules of one file. Paths are relative to its folder."""

    def __init__(self, text: str) -> None:
        self._rules = tuple(rule for line in text.splitlines() if (rule := _rule(line)))

    def matches(self, path: str) -> bool:
        """Is the file ignored, itself or by one of its folders? In an ignored folder nothing can be kept again, as in Git."""
        parts = path.split("/")
        folders = ("/".join(parts[:n]) for n in range(1, len(parts)))
        return any(self._decides(folder, is_folder=True) for folder in folders) or self._decides(path, is_folder=False)

    def _decides(self, path: str, *, is_folder: bool) -> bool:
        ignored = False
        for rule in self._rules:
            if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(path):
                ignored = not rule.keeps
        return ignored


def _rule(line: str) -> _Rule | None:
    text = line.rstrip("\r") if line.endswith("\\ ") else line.rstrip()
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[keeps:].removeprefix("\\") if keeps else text.removeprefix("\\")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    prefix = "" if anchored else "(?:.*/)?"
    return _Rule(re.compile(prefix + _expression(text.removeprefix("/"))), keeps, folders_only) if text else None


def _expression(pattern: str) -> str:
    """A pattern as a regular expression: `*` and `?` stay inside of one name, `**` crosses them."""
    if pattern == "**":
        return ".+"
    pieces = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?|\[[!^]?\]?[^\]/]*\])", pattern)
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: str) -> str:
    match piece:
        case "**/":
            return "(?:.*/)?"
        case "/**":
            return "/.+"
        case "**" | "*":
            return "[^/]*"
        case "?":
            return "[^/]"
    if piece.startswith("[") and piece.endswith("]"):
        inner = piece[1:-1].replace("\\", "\\\\")
        return f"[^/{inner[1:]}]" if inner[:1] in "!^" and inner else f"[{inner}]"
    return re.escape(piece.replace("\\", ""))
