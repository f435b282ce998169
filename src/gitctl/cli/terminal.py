"""Terminal: what may be written to a stream: colours, lines that are written over, box characters; and whether a CI job reads it.

Colours, the first that is said: `--color`, `--no-color`, NO_COLOR, FORCE_COLOR or CLICOLOR_FORCE, CLICOLOR=0, TERM=dumb, a terminal.
"""

from __future__ import annotations

import os
import shutil
from enum import StrEnum
from typing import TextIO


class Color(StrEnum):
    """When to use colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def may_color(stream: TextIO, when: Color = Color.AUTO) -> bool:
    """May this stream carry colours?"""
    if when is not Color.AUTO:
        return when is Color.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if _said("FORCE_COLOR") or _said("CLICOLOR_FORCE"):
        return True
    if os.environ.get("CLICOLOR") == "0":
        return False
    return is_live(stream)


def is_live(stream: TextIO) -> bool:
    """Is it a terminal on which lines can be written over?"""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def boxes(stream: TextIO) -> bool:
    """Does the stream take characters that ASCII does not have?"""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def in_ci() -> bool:
    """Does a CI job run this? Nobody answers then, and the log is read later."""
    return _said("CI") or in_github()


def in_github() -> bool:
    """Is it a job of GitHub Actions, whose log has groups?"""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def size() -> os.terminal_size:
    """Columns and lines: COLUMNS and LINES, else the terminal's own, else 80 by 24."""
    return shutil.get_terminal_size()


def _said(variable: str) -> bool:
    return os.environ.get(variable, "").lower() not in ("", "0", "false", "no")
