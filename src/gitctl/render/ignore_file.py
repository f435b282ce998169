"""`.gitctlignore`: patterns as in gitignore(5), in the app's folder."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass

IGNORE_FILE = ".gitctlignore"


@dataclass(frozen=True, slots=True)
class _Rule:
    """`parts` are the names of a pattern; None stands for `**`."""

    parts: tuple[re.Pattern[str] | None, ...]
    keeps: bool
    folders_only: bool

    def fits(self, names: Sequence[str]) -> bool:
        """Does the pattern name this path? All ways to read it are followed at once, so no pattern takes longer than its length."""
        states = self._on({0})
        for name in names:
            states = self._on({following for state in states for following in self._after(state, name)})
        return len(self.parts) in states

    def _after(self, state: int, name: str) -> tuple[int, ...]:
        if state == len(self.parts):
            return ()
        part = self.parts[state]
        if part is None:
            return (state, state + 1) if state + 1 == len(self.parts) else (state,)
        return (state + 1,) if part.fullmatch(name) else ()

    def _on(self, states: set[int]) -> set[int]:
        """`**` in front of more stands for no folder too."""
        last = len(self.parts) - 1
        todo = [*states]
        while todo:
            state = todo.pop()
            if state < last and self.parts[state] is None and state + 1 not in states:
                states.add(state + 1)
                todo.append(state + 1)
        return states


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
            if (is_folder or not rule.folders_only) and rule.fits(path.split("/")):
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
    parts = text.removeprefix("/").split("/")
    everywhere = () if "/" in text else (None,)
    return _Rule((*everywhere, *map(_part, parts)), keeps, folders_only) if text else None


def _part(pattern: str) -> re.Pattern[str] | None:
    """One name of a pattern, as the shell reads it; a class that cannot be read matches nothing."""
    if pattern == "**":
        return None
    shell = re.sub(r"\\(.)", lambda escaped: f"[{escaped[1]}]" if escaped[1] in "*?[" else escaped[1], pattern).replace("[^", "[!")
    return re.compile(fnmatch.translate(shell))
