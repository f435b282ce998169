"""Reading ahead: a hundred apps beside each other in a tree are read by a few git processes, not by two for each."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from gitctl.errors import SourceError
from gitctl.source.git import Git
from gitctl.source.objects import Entry, read_blobs, small_blobs

_READS = 3
"""So many separate reads, and more are taken to come."""

_LARGEST = 1 << 20
_TOTAL = 32 << 20
"""Bytes of one file, and of all, that are worth keeping for later."""


class ReadAhead:
    """Contents of blobs. After some reads the files around them are read too, if they are small."""

    def __init__(self, git: Git) -> None:
        """Reads nothing yet."""
        self._git = git
        self._folders: list[str] = []
        self._kept: dict[str, bytes] = {}
        self._spent = False

    def contents(self, ids: Mapping[str, str], blobs: Mapping[str, Entry]) -> Mapping[str, bytes]:
        """The contents by object id of `ids` (path → id). `blobs` is all there is in the tree. Raises SourceError, InputError."""
        missing = {sha: path for path, sha in ids.items() if sha not in self._kept}
        if not missing:
            return self._kept
        self._folders.append(posixpath.commonpath(map(posixpath.dirname, missing.values())))
        if len(self._folders) > _READS and not self._spent:
            self._read_around(blobs)
            missing = {sha: path for sha, path in missing.items() if sha not in self._kept}
        return {**self._kept, **read_blobs(self._git, missing)}

    def _read_around(self, blobs: Mapping[str, Entry]) -> None:
        self._spent = True
        around = posixpath.commonpath(self._folders)
        near = {entry.sha for path, entry in blobs.items() if not around or path.startswith(f"{around}/")}
        try:
            self._kept = small_blobs(self._git, near, largest=_LARGEST, total=_TOTAL)
        except SourceError:
            return  # whoever needs one of them gets the error
