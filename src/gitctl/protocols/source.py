"""Where files come from, and the one way to write to Git: Tree, Source, Publisher."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path as FilePath
from typing import Protocol

from gitctl.model.revision import Revision


class Tree(Protocol):
    """A read-only view of all files of one revision (a commit, or the work tree). Paths are relative, with `/`."""

    @property
    def revision(self) -> Revision:
        """Which revision it is."""
        ...

    def files(self, folder: str) -> Mapping[str, bytes]:
        """All files below `folder` (repository-relative path → content), read in bulk; links are resolved inside the
        repository only. Raises InputError for a link that leaves it, SourceError when the folder does not exist."""
        ...

    def names(self, folder: str) -> Collection[str]:
        """Repository-relative paths of all files below `folder`, empty when it does not exist."""
        ...

    def identity(self, folder: str) -> str:
        """A content hash of `folder` ("" for the whole tree), for cache keys; "" when it cannot be had cheaply."""
        ...

    def export(self, overlay: Mapping[str, bytes]) -> AbstractContextManager[FilePath]:
        """The whole tree as a private folder (mode 0700) without links that leave it; `overlay` replaces files."""
        ...


class Source(Protocol):
    """A Git repository, local or mirrored."""

    def resolve(self, name: str) -> Revision:
        """The commit that a branch, tag, SHA, `HEAD~2` or `@{upstream}` names. Raises SourceError."""
        ...

    def tree(self, revision: Revision) -> Tree:
        """The files of a revision."""
        ...


class Publisher(Protocol):
    """The one way to write to Git."""

    @property
    def must_push(self) -> bool:
        """Does nobody see a commit before it is pushed?"""
        ...

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: Revision) -> Revision:
        """One commit on top of `parent` (which must still be the branch's tip) that writes (None: removes) files, work
        tree included when it is checked out. Raises SourceError, Refused when the files have uncommitted changes."""
        ...

    def push(self, revision: Revision) -> None:
        """Push the branch that holds the commit to its upstream. Raises SourceError."""
        ...
