"""OverlayTree: a tree with some files replaced or removed, as it would be after a commit of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gitctl.protocols import Tree


class OverlayTree:
    """A `protocols.Tree` over another one; `changes` maps paths to new contents, None for removed files."""

    def __init__(self, tree: Tree, changes: Mapping[str, bytes | None]) -> None:
        self.revision = tree.revision
        self._tree = tree
        self._changes = dict(changes)

    def files(self, folder: str) -> Mapping[str, bytes]:
        """All files at or below `folder`. Raises what the tree below raises; a folder that only the changes have is fine."""
        added = {path: content for path, content in self._changes.items() if _below(path, folder) and content is not None}
        before = self._tree.files(folder) if not added or self._tree.names(folder) else {}
        return {path: content for path, content in before.items() if path not in self._changes} | added

    def names(self, folder: str) -> Collection[str]:
        """Paths of all files at or below `folder`."""
        added = {path for path, content in self._changes.items() if _below(path, folder) and content is not None}
        return tuple({path for path in self._tree.names(folder) if path not in self._changes} | added)

    def identity(self, folder: str) -> str:
        """As the tree below when nothing is changed at all, else ""."""
        return "" if self._changes else self._tree.identity(folder)

    @contextmanager
    def export(self, overlay: Mapping[str, bytes]) -> Iterator[Path]:
        """The changed tree as a private folder; `overlay` wins over the changes."""
        changed = {path: content for path, content in self._changes.items() if content is not None}
        with self._tree.export({**changed, **overlay}) as folder:
            for path, content in self._changes.items():
                if content is None and path not in overlay:
                    (folder / path).unlink(missing_ok=True)
            yield folder


def _below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
