"""Find everything that a kustomization reads, before kustomize runs; refuse what would leave the repository or run programs."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gitctl.documents import load_all, load_marked
from gitctl.documents.limits import RENDERED
from gitctl.errors import ErrorId, InputError, ManifestError, SourceError, Where
from gitctl.model.filename import KUSTOMIZATIONS
from gitctl.model.manifest import Path
from gitctl.protocols import Reads, Tree
from gitctl.render.bases.local import ROOTS
from gitctl.render.bases.reference import Reference, looks_remote, mount_of, read_reference
from gitctl.render.gather import read_file

_FILES = ("crds", "configurations", "patchesStrategicMerge")
_PLUGINS = ("generators", "transformers", "validators")
_FILES_IN_ITEMS = ("patches", "patchesJson6902", "replacements")
_HELM = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
_FUNCTION = ("config.kubernetes.io/function", "config.k8s.io/function")
_REMOTE_HINT = "copy it into the repository"

Bring = Callable[[Reference, Where], str | None]
"""Fetches a remote base, when it may be had, and says at which folder of the tree it stands; None for one that is not looked into."""


@dataclass(slots=True)
class _Scan:
    """The state of one walk through kustomizations that build on each other."""

    tree: Tree
    bring: Bring | None = None
    folders: list[str] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)
    waiting: deque[str] = field(default_factory=deque)
    seen: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One value of a kustomization that names something: its text, and where it is written."""

    text: str
    where: Where


def kustomization_of(names: Collection[str], folder: str) -> str:
    """The kustomization file of a folder, "" for none."""
    return next((path for name in KUSTOMIZATIONS if (path := posixpath.join(folder, name)) in names), "")


def scan(tree: Tree, folder: str, *, bring: Bring | None = None) -> Reads:
    """Follow a kustomization through all its bases; `bring` puts remote ones into the tree, None refuses them.

    Raises InputError with file:line:col for charts, plug-ins, remote files, paths out of the repository and missing files;
    ManifestError for a kustomization or resource that is no YAML; what `bring` raises."""
    walk = _Scan(tree, bring, waiting=deque([folder]), seen={folder})
    while walk.waiting:
        _folder(walk, walk.waiting.popleft())
    return Reads(tuple(walk.files), tuple(f"{f}/" if f else "" for f in walk.folders))


def _folder(walk: _Scan, folder: str) -> None:
    path = kustomization_of(walk.tree.names(folder), folder)
    if not path:
        raise InputError("the folder has no kustomization", id=ErrorId.KUSTOMIZE_FILE, where=folder or ".")
    walk.folders.append(folder)
    walk.files[path] = None
    value, marks = load_marked(read_file(walk.tree, path), where=path)
    if not isinstance(value, dict):
        raise ManifestError("a kustomization must be a mapping", id=ErrorId.KUSTOMIZE_FILE, where=Where(path, 1, 1))
    _Kustomization(walk, folder, path, value, marks).follow()


class _Kustomization:
    """One file. Fields of a wrong type are left to kustomize to complain about."""

    def __init__(self, walk: _Scan, folder: str, path: str, value: dict[str, Any], marks: dict[Path, tuple[int, int]]) -> None:
        self._walk = walk
        self._folder = folder
        self._path = path
        self._value = value
        self._marks = marks

    def follow(self) -> None:
        for key in _HELM:
            if self._value.get(key):
                hint = "make it an app of its own with `render: helm`, or vendor its output"
                raise InputError(
                    f"{key}: charts inside of a kustomization are not rendered",
                    id=ErrorId.KUSTOMIZE_UNSUPPORTED,
                    where=self._where((key,)),
                    hint=hint,
                )
        for key in ROOTS:
            for entry in self._texts(key):
                self._base_or_resource(entry)
        for key in _FILES:
            for entry in self._texts(key):
                self._file(entry, is_yaml=True)
        for key in _PLUGINS:
            for entry in self._texts(key):
                self._plugin(entry)
        for entry in self._paths_in_items():
            self._file(entry, is_yaml=True)
        for entry in self._generated():
            self._file(entry, is_yaml=False)

    def _where(self, path: Path) -> Where:
        line, column = self._marks.get(path, (0, 0))
        return Where(self._path, line, column)

    def _texts(self, key: str) -> Iterator[_Entry]:
        values = self._value.get(key)
        for number, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield _Entry(value, self._where((key, number)))

    def _paths_in_items(self) -> Iterator[_Entry]:
        for key in _FILES_IN_ITEMS:
            items = self._value.get(key)
            for number, item in enumerate(items if isinstance(items, list) else ()):
                if isinstance(item, dict) and isinstance(item.get("path"), str):
                    yield _Entry(item["path"], self._where((key, number, "path")))
        schema = self._value.get("openapi")
        if isinstance(schema, dict) and isinstance(schema.get("path"), str):
            yield _Entry(schema["path"], self._where(("openapi", "path")))

    def _generated(self) -> Iterator[_Entry]:
        """Files that become data of ConfigMaps and Secrets: `name=path` or `path`."""
        for key in ("configMapGenerator", "secretGenerator"):
            generators = self._value.get(key)
            for number, generator in enumerate(generators if isinstance(generators, list) else ()):
                for inner, text, place in _sources(generator):
                    yield _Entry(text.split("=", 1)[-1] if inner == "files" else text, self._where((key, number, *place)))

    def _base_or_resource(self, entry: _Entry) -> None:
        if self._walk.bring is None or not looks_remote(entry.text):
            self._resource(entry)
            return
        path = self._walk.bring(read_reference(entry.text, entry.where), entry.where)
        if path is None:
            return
        if path in self._walk.tree.names(path):
            raise InputError(
                "a remote base must be a folder", id=ErrorId.REMOTE_BASE, where=entry.where, hint="name the folder of the file"
            )
        self._visit(path)

    def _visit(self, folder: str) -> None:
        if folder not in self._walk.seen:
            self._walk.seen.add(folder)
            self._walk.waiting.append(folder)

    def _resource(self, entry: _Entry) -> None:
        path = self._local(entry)
        names = self._walk.tree.names(path)
        if path in names and path != self._folder:
            self._take(path, is_yaml=True)
        elif names or path == "":
            self._visit(path)
        else:
            self._missing(path, "names neither a file nor a folder of the repository", entry)

    def _plugin(self, entry: _Entry) -> None:
        """The configuration of a built-in generator or transformer, in a file, in a folder or inline."""
        if "\n" in entry.text:
            self._refuse_functions(entry.text.encode(), entry.where)
            return
        self._resource(entry)
        path = self._local(entry)
        if path in self._walk.files:
            self._refuse_functions(read_file(self._walk.tree, path), entry.where)

    def _refuse_functions(self, content: bytes, where: Where) -> None:
        for loaded in load_all(content, where=where.path):
            metadata = loaded.value.get("metadata") if isinstance(loaded.value, dict) else None
            annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
            if isinstance(annotations, dict) and any(name in annotations for name in _FUNCTION):
                raise InputError(
                    "a kustomize plug-in that runs a program",
                    id=ErrorId.KUSTOMIZE_UNSUPPORTED,
                    where=where,
                    hint="only built-in generators and transformers run",
                )

    def _file(self, entry: _Entry, *, is_yaml: bool) -> None:
        if "\n" in entry.text:
            return  # an inline patch
        path = self._local(entry)
        if path not in self._walk.tree.names(path):
            self._missing(path, "names no file of the repository", entry)
        self._take(path, is_yaml=is_yaml)

    def _missing(self, path: str, message: str, entry: _Entry) -> NoReturn:
        with suppress(SourceError):
            self._walk.tree.files(path)  # tells about a link that leaves the repository
        raise InputError(message, id=ErrorId.KUSTOMIZE_FILE, where=entry.where)

    def _take(self, path: str, *, is_yaml: bool) -> None:
        """YAML is read here for its faults: kustomize's messages have no place, and may quote the file."""
        if path not in self._walk.files and is_yaml:
            loaded = load_all(read_file(self._walk.tree, path), where=path, limits=RENDERED)
            self._walk.files[path] = None
            for document in loaded:
                self._follow_builtin(document.value, path)
        self._walk.files[path] = None

    def _follow_builtin(self, value: Any, path: str) -> None:
        """The configuration of a built-in generator or transformer names files as a kustomization does."""
        if not (isinstance(value, dict) and value.get("apiVersion") == "builtin"):
            return
        where = Where(path)
        for key, text, _ in _sources(value):
            self._file(_Entry(text.split("=", 1)[-1] if key == "files" else text, where), is_yaml=False)
        paths = value.get("paths")
        for text in (value.get("path"), *(paths if isinstance(paths, list) else ())):
            if isinstance(text, str):
                self._file(_Entry(text, where), is_yaml=True)

    def _local(self, entry: _Entry) -> str:
        if looks_remote(entry.text):
            raise InputError("a remote base or file", id=ErrorId.REMOTE_BASE, where=entry.where, hint=_REMOTE_HINT)
        path = posixpath.normpath(posixpath.join(self._folder, entry.text))
        if entry.text.startswith("/") or path == ".." or path.startswith("../") or mount_of(path) != mount_of(self._folder):
            raise InputError("a path out of the repository", id=ErrorId.PATH_UNSAFE, where=entry.where)
        return "" if path == "." else path


def _sources(generator: Any) -> Iterator[tuple[str, str, Path]]:
    if not isinstance(generator, dict):
        return
    for key in ("files", "envs"):
        values = generator.get(key)
        for number, text in enumerate(values if isinstance(values, list) else ()):
            if isinstance(text, str):
                yield key, text, (key, number)
    if isinstance(generator.get("env"), str):
        yield "env", generator["env"], ("env",)
