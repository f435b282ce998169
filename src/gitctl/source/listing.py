"""Listing: all names of a commit, as a layout."""

from __future__ import annotations

from gitctl.errors import ErrorId, SourceError, did_you_mean
from gitctl.model.revision import Revision
from gitctl.source.git import Git
from gitctl.source.layout import File, Folder, Link, Node, folders_of, real_path
from gitctl.source.objects import LINK, SUBMODULE, Entry, read_blobs


class Listing:
    """All names of a commit as a layout. The targets of links are blobs too, read together when the first one is met."""

    def __init__(self, git: Git, entries: tuple[Entry, ...]) -> None:
        self._git = git
        self.blobs = {entry.path: entry for entry in entries if entry.mode != SUBMODULE}
        self._submodules = frozenset(entry.path for entry in entries if entry.mode == SUBMODULE)
        self._folders = folders_of(self.blobs)
        self._links: dict[str, Link] | None = None

    def look(self, path: str) -> Node | None:
        """What the commit has at a path; nothing for submodules."""
        entry = self.blobs.get(path)
        if entry is None:
            names = self._folders.get(path)
            return Folder(tuple(names)) if names is not None else None
        return self._link(path) if entry.mode == LINK else File()

    def _link(self, path: str) -> Link:
        if self._links is None:
            links = {entry.path: entry.sha for entry in self.blobs.values() if entry.mode == LINK}
            targets = read_blobs(self._git, {sha: where for where, sha in links.items()})
            self._links = {where: Link(targets[sha].decode("utf-8", "surrogateescape")) for where, sha in links.items()}
        return self._links[path]

    def check_exists(self, folder: str, revision: Revision) -> None:
        """Raise SourceError, with the nearest name, for a folder that the commit does not have."""
        real = real_path(self, folder)
        if real in self._folders:
            return
        inside = next((s for s in self._submodules if real == s or real.startswith(f"{s}/")), None)
        if inside is not None:
            raise SourceError(
                f"{folder} is in the submodule {inside}", id=ErrorId.SUBMODULE, hint="gitctl reads no submodules: make it the source"
            )
        parent, _, name = folder.rpartition("/")
        hint = did_you_mean(name, self._folders.get(parent, ()), what="there is")
        raise SourceError(
            f"the path {folder!r} does not exist in {revision.name} ({revision.short})", id=ErrorId.PATH_NOT_IN_REVISION, hint=hint
        )
