"""Where a field of an object is written: exactly in a plain file; in a rendered one as near as its origin leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.documents import each_marked, load_all
from gitctl.errors import GitctlError, Where
from gitctl.model.manifest import Json, Manifest, Path
from gitctl.protocols import Tree
from gitctl.workflow.written import SUFFIXES

Marks = dict[Path, tuple[int, int]]

_LARGEST = 4 << 20


class FilePlaces:
    """Places in files, each of which is read once. `files` are the contents by path."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._read: dict[str, dict[int, Marks]] = {}

    def where(self, file: str, document: int, path: Path) -> Where:
        """The place of a path in a document, or of its nearest parent that is written there."""
        marks = self._marks(file).get(document, {})
        while path and path not in marks:
            path = path[:-1]
        return Where(file, *marks.get(path, (0, 0)))

    def has(self, file: str, document: int, path: Path) -> bool:
        """Is the path itself written there?"""
        return path in self._marks(file).get(document, {})

    def _marks(self, file: str) -> dict[int, Marks]:
        """The places of every path by document; none where YAML cannot read what JSON can."""
        if file not in self._read:
            try:
                found = each_marked(self._files.get(file, b""), where=file)
                self._read[file] = {loaded.index: dict(marks) for loaded, marks in found}
            except GitctlError:
                self._read[file] = {}
        return self._read[file]


@dataclass(frozen=True, slots=True)
class _Source:
    """A document of a file that a render read, and which may be where an object comes from."""

    file: str
    document: int
    body: Json


class RenderedPlaces:
    """Places of rendered objects. `places` are the files and folders that the render read."""

    def __init__(self, tree: Tree, places: tuple[str, ...]) -> None:
        self._tree = tree
        self._read = places
        self._files: dict[str, bytes] | None = None
        self._places: FilePlaces | None = None
        self._sources: list[_Source] | None = None

    def where(self, manifest: Manifest, path: Path) -> Where:
        """A plain manifest: the field. A kustomization: the field in the one file that has it with this value, else the object in
        its origin. Others: the file that the renderer names."""
        origin = manifest.origin
        try:
            if origin.line:
                return self._plain(manifest, path)
            return self._found(manifest, path) if origin.renderer == "kustomize" else Where(origin.path)
        except (GitctlError, LookupError):
            return Where(origin.path, origin.line)

    def _plain(self, manifest: Manifest, path: Path) -> Where:
        origin, file = manifest.origin, manifest.origin.path
        places = self._file_places()
        written = ("stringData", *path[1:])
        # The normal form has `stringData` as `data`.
        if path[:1] == ("data",) and places.has(file, origin.document, written) and not places.has(file, origin.document, path):
            path = written
        return places.where(file, origin.document, path)

    def _found(self, manifest: Manifest, path: Path) -> Where:
        """Patches and bases are files with objects of the same kind and name (which may get a prefix or suffix)."""
        exact: list[tuple[_Source, Path]] = []
        own: _Source | None = None
        for source in self._all_sources():
            if not _same(source.body, manifest):
                continue
            own = source if source.file == manifest.origin.path else own
            step = _mirrored(manifest.body, source.body, path)
            if step is not None:
                exact.append((source, step))
        chosen = next((e for e in exact if e[0].file == manifest.origin.path), exact[0] if exact else None)
        if chosen:
            return self._file_places().where(chosen[0].file, chosen[0].document, chosen[1])
        return self._file_places().where(own.file, own.document, ()) if own else Where(manifest.origin.path)

    def _contents(self) -> dict[str, bytes]:
        if self._files is None:
            folders = [p.rstrip("/") for p in self._read if p] or [""]
            self._files = {path: content for folder in folders for path, content in self._tree.files(folder).items()}
        return self._files

    def _file_places(self) -> FilePlaces:
        if self._places is None:
            self._places = FilePlaces(self._contents())
        return self._places

    def _all_sources(self) -> list[_Source]:
        if self._sources is None:
            self._sources = [s for path, content in self._contents().items() if path.endswith(SUFFIXES) for s in _documents(path, content)]
        return self._sources


def _documents(path: str, content: bytes) -> Iterator[_Source]:
    if len(content) > _LARGEST:
        return
    try:
        for found in load_all(content, where=path):
            if isinstance(found.value, dict):
                yield _Source(path, found.index, found.value)
    except GitctlError:
        return  # a template, or a file of another tool


def _same(body: Json, manifest: Manifest) -> bool:
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return body.get("kind") == manifest.ref.kind and isinstance(name, str) and bool(name) and name in manifest.ref.name


def _mirrored(rendered: Any, written: Any, path: Path) -> Path | None:
    """The path in a written object that leads to the same value as `path` in the rendered one; items of lists are found by name."""
    found: list[str | int] = []
    step: Any
    for step in path:
        if not isinstance(rendered, dict | list) or not isinstance(written, type(rendered)):
            return None
        rendered = rendered[step]
        other = _item(written, rendered, step) if isinstance(written, list) else step
        try:
            written = written[other]
        except (LookupError, TypeError):
            return None
        found.append(other)
    return tuple(found) if isinstance(rendered, dict | list) or rendered == written else None


def _item(items: list[Any], rendered: Any, step: str | int) -> int:
    name = rendered.get("name") if isinstance(rendered, dict) else None
    same = (n for n, item in enumerate(items) if name is not None and isinstance(item, dict) and item.get("name") == name)
    return next(same, len(items) if name is not None else int(step))
