"""CommitTree: the files of one commit, read in bulk, without a checkout."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gitctl.model.revision import Revision
from gitctl.source.ahead import ReadAhead
from gitctl.source.export import exported
from gitctl.source.git import Git
from gitctl.source.layout import has_links, walk
from gitctl.source.listing import Listing
from gitctl.source.objects import list_entries


class CommitTree:
    """A `protocols.Tree` over one commit. Names and contents are read once, when they are first asked for."""

    def __init__(self, git: Git, revision: Revision) -> None:
        self.revision = revision
        self._git = git
        self._listed: Listing | None = None
        self._ahead = ReadAhead(git)

    def files(self, folder: str) -> Mapping[str, bytes]:
        """All files at or below `folder`, links followed inside the repository. Raises InputError, SourceError."""
        found = walk(self._listing, folder, strict=True)
        if not found:
            self._listing.check_exists(folder, self.revision)
        return self._read(found)

    def names(self, folder: str) -> Collection[str]:
        """Paths of all files at or below `folder`; bad links are passed over."""
        return tuple(walk(self._listing, folder, strict=False))

    def identity(self, folder: str) -> str:
        """The id of the folder's Git tree; of the whole tree when links could lead out of the folder; "" when it does not exist."""
        whole = has_links(self._listing, folder)
        path = "" if whole else folder
        return self._git.try_text("rev-parse", "--verify", "--quiet", f"{self.revision.sha}:{path}")

    @contextmanager
    def export(self, overlay: Mapping[str, bytes]) -> Iterator[Path]:
        """The whole tree as a private folder; links are copied as what they point to, bad ones left out."""
        contents = self._read(walk(self._listing, "", strict=False))
        with exported({**contents, **overlay}) as folder:
            yield folder

    @property
    def _listing(self) -> Listing:
        if self._listed is None:
            self._listed = Listing(self._git, list_entries(self._git, self.revision.sha))
        return self._listed

    def _read(self, found: Mapping[str, str]) -> dict[str, bytes]:
        ids = {seen: self._listing.blobs[real].sha for seen, real in found.items()}
        contents = self._ahead.contents(ids, self._listing.blobs)
        return {seen: contents[sha] for seen, sha in ids.items()}
