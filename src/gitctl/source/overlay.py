"""OverlayTree: a tree with some files replaced or removed: what a commit would look like before it is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from gitctl.model.revision import Revision
from gitctl.protocols import Tree


class OverlayTree:
    """Implements `protocols.Tree` over another tree. `changes` maps repository paths to content, None to remove."""

    def __init__(self, base: Tree, changes: Mapping[str, bytes | None]) -> None:
        self._base = base
        self._changes = dict(changes)
        self.revision: Revision = base.revision

    def files(self, folder: str) -> Mapping[str, bytes]:
        """The base's files with the changes below `folder`."""
        found = dict(self._base.files(folder)) if self._base.names(folder) else {}
        for path, content in self._below(folder).items():
            if content is None:
                found.pop(path, None)
            else:
                found[path] = content
        return dict(sorted(found.items()))

    def names(self, folder: str) -> Collection[str]:
        """The base's names with the changes below `folder`."""
        changes = self._below(folder)
        kept = {n for n in self._base.names(folder) if n not in changes}
        return sorted(kept | {n for n, content in changes.items() if content is not None})

    def identity(self, folder: str) -> str:
        """The base's where nothing below `folder` changes, else "" (not cached)."""
        return "" if self._below(folder) else self._base.identity(folder)

    def export(self, overlay: Mapping[str, bytes]) -> AbstractContextManager[Path]:
        """The base's export with the changes in it."""
        written = {path: content for path, content in self._changes.items() if content is not None}
        removed = frozenset(path for path, content in self._changes.items() if content is None)
        return _Exported(self._base.export(written | dict(overlay)), removed)

    def _below(self, folder: str) -> dict[str, bytes | None]:
        prefix = f"{folder}/" if folder else ""
        return {p: c for p, c in self._changes.items() if p == folder or p.startswith(prefix)}


class _Exported(AbstractContextManager[Path]):
    def __init__(self, inner: AbstractContextManager[Path], removed: frozenset[str]) -> None:
        self._inner = inner
        self._removed = removed

    def __enter__(self) -> Path:
        folder = self._inner.__enter__()
        for path in self._removed:
            (folder / path).unlink(missing_ok=True)
        return folder

    def __exit__(self, *failure: object) -> bool | None:
        return self._inner.__exit__(*failure)  # type: ignore[arg-type]
