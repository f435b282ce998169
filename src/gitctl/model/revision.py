"""Revision: one state of a Git repository."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, and the name by which the user asked for it.

    `repo` is a URL without credentials, or the checkout's folder; `sha` is 40 or 64 hex digits, "" where there is no
    repository (path mode outside Git). `dirty` means that uncommitted files are part of what was read.
    `stale_seconds` is the age of the last fetch when the remote could not be reached now, else None.
    """

    repo: str
    sha: str
    name: str
    author: str = ""
    subject: str = ""
    committed_at: datetime | None = None
    dirty: bool = False
    stale_seconds: float | None = None

    @property
    def short(self) -> str:
        """Eight hex digits, with `-dirty` where uncommitted files were read."""
        return (self.sha[:8] or "no-commit") + ("-dirty" if self.dirty else "")
