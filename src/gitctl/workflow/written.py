"""Manifests as they are written in files: which documents are manifests, which are something else, and which are patches."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.documents import Loaded, load_all
from gitctl.errors import GitctlError, ManifestError
from gitctl.model.manifest import Json, Path
from gitctl.protocols import Tree

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_OURS = ("gitctl.yaml", "gitctl.yml")
_CHART = "Chart.yaml"
_OTHER_TOOLS = ("kustomize.config.k8s.io/", "gitctl.dev/")


@dataclass(frozen=True, slots=True)
class Written:
    """One object of a file: its document (from 0, empty ones counted), the line on which that starts, and the object's path in it
    (not empty inside of a List)."""

    body: Json
    file: str
    document: int
    line: int
    step: Path = ()

    @property
    def name(self) -> str:
        """`Deployment shop/web`, as far as the object says it."""
        metadata = self.body.get("metadata")
        about = metadata if isinstance(metadata, dict) else {}
        name = "/".join(str(about[k]) for k in ("namespace", "name") if isinstance(about.get(k), str))
        kind = self.body.get("kind")
        return f"{kind if isinstance(kind, str) else 'object'} {name}".strip()


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds: manifests; or why it holds none (`other`)."""

    objects: tuple[Written, ...] = ()
    other: str = ""


def read_file(path: str, content: bytes, siblings: Collection[str]) -> FileContent:
    """The manifests of a file; `siblings` are the names of the files in its tree. Raises ManifestError for text that is no YAML."""
    name = posixpath.basename(path)
    if name in KUSTOMIZATIONS:
        return FileContent(other="a kustomization")
    if name in _OURS:
        return FileContent(other="a project file: `gitctl config validate` checks it")
    if is_template(path, siblings):
        return FileContent(other="a helm template: validate the app that renders it")
    try:
        loaded = load_all(content, where=path)
    except ManifestError as error:
        if b"{{" in content:
            error.hint = error.hint or "a template? validate what it renders to"
        raise
    objects = tuple(o for found in loaded for o in _objects(found, path, found.value, ()))
    return FileContent(objects) if objects else FileContent(other="no Kubernetes manifest")


def is_template(path: str, siblings: Collection[str]) -> bool:
    """Does the file lie below `templates` of a chart?"""
    parts = path.split("/")[:-1]
    return any(part == "templates" and "/".join([*parts[:n], _CHART]) in siblings for n, part in enumerate(parts))


def _objects(found: Loaded, path: str, value: Any, step: Path) -> Iterator[Written]:
    if not isinstance(value, dict) or not _is_object(value):
        return
    items = value.get("items")
    if not (isinstance(items, list) and str(value.get("kind", "")).endswith("List")):
        yield Written({k: v for k, v in value.items() if k != "sops"}, path, found.index, found.line, step)
        return
    for number, item in enumerate(items):
        yield from _objects(found, path, item, (*step, "items", number))


def _is_object(value: Json) -> bool:
    """An object has a kind and an API version; one of the two and metadata is an object that lacks the other."""
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and version.startswith(_OTHER_TOOLS):
        return False
    return bool(version and kind) or (bool(version or kind) and isinstance(value.get("metadata"), dict))


def patches(tree: Tree, names: Collection[str]) -> frozenset[str]:
    """The files that kustomizations of the tree use as patches: `names` are all files of the tree."""
    found: set[str] = set()
    for path in (n for n in names if posixpath.basename(n) in KUSTOMIZATIONS):
        folder = posixpath.dirname(path)
        for value in _values(path, dict(_read(tree, path))):
            found.update(posixpath.normpath(posixpath.join(folder, entry)) for entry in _entries(value))
    return frozenset(found)


def _entries(kustomization: Json) -> Iterator[str]:
    for key in ("patches", "patchesStrategicMerge", "patchesJson6902", "configurations", "replacements"):
        listed = kustomization.get(key)
        for entry in listed if isinstance(listed, list) else ():
            name = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(name, str) and "\n" not in name:
                yield name


def _values(path: str, files: Mapping[str, bytes]) -> list[Json]:
    try:
        return [d.value for d in load_all(files[path], where=path) if isinstance(d.value, dict)]
    except (GitctlError, KeyError):
        return []  # the kustomization itself is not what is checked here


def definitions(tree: Tree, names: Collection[str]) -> list[Json]:
    """The CustomResourceDefinitions that lie in the tree's YAML files; files that cannot be read define nothing. At most 5,000 files
    are opened: in a larger tree those with `crd` in their path."""
    candidates = [n for n in names if n.endswith(SUFFIXES) and not any(part.startswith(".") for part in n.split("/"))]
    if len(candidates) > _MOST_FILES:
        candidates = [n for n in candidates if "crd" in n.lower()][:_MOST_FILES]
    found: list[Json] = []
    for path, content in _contents(tree, candidates):
        if _MARK in content:
            found += [body for body in _bodies(path, content) if body.get("kind") == _MARK.decode()]
    return found


_MOST_FILES = 5_000
_MARK = b"CustomResourceDefinition"


def _contents(tree: Tree, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Folder by folder: a tree of a commit is read in bulk. Files at the root are read one by one."""
    wanted, read = set(names), ""
    for folder in sorted({posixpath.dirname(n) for n in names}):
        if not folder:
            yield from (found for n in names if "/" not in n for found in _read(tree, n))
        elif not (read and f"{folder}/".startswith(read)):
            read = f"{folder}/"
            yield from (found for found in _read(tree, folder) if found[0] in wanted)


def _read(tree: Tree, folder: str) -> Iterable[tuple[str, bytes]]:
    try:
        return tree.files(folder).items()
    except GitctlError:
        return ()  # too large, or with links that lead out: what it defines stays unknown, and that is said of every such object


def _bodies(path: str, content: bytes) -> list[Json]:
    try:
        return [o.body for found in load_all(content, where=path) for o in _objects(found, path, found.value, ())]
    except GitctlError:
        return []
