"""Plain manifests: every YAML and JSON file below a folder."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from gitctl.model.app import App
from gitctl.protocols import Document, Reads, Rendering, RenderRequest, Tree
from gitctl.render.gather import read_file
from gitctl.render.ignore_file import IGNORE_FILE, Ignored

_SUFFIXES = (".yaml", ".yml", ".json")
_OURS = ("gitctl.yaml", "gitctl.yml")


class Plain:
    """Reads files as they are. Hidden files, gitctl.yaml and what `.gitctlignore` names are left out."""

    name = "plain"
    repeatable = True

    def detects(self, names: Collection[str]) -> str:
        """Any YAML or JSON file fits."""
        return "neither a Chart.yaml nor a kustomization" if any(name.endswith(_SUFFIXES) for name in names) else ""

    def reads(self, app: App, tree: Tree) -> Reads:
        """The manifests, and the ignore file."""
        names = tree.names(app.path)
        if app.path and app.path in names:
            return Reads(files=(app.path,))
        own = posixpath.join(app.path, IGNORE_FILE)
        ignore = read_file(tree, own) if own in names else b""
        return Reads(files=_manifests(app.path, names, ignore), folders=(f"{app.path}/" if app.path else "",))

    def fingerprint(self) -> str:
        """No external program."""
        return ""

    def render(self, request: RenderRequest) -> Rendering:
        """One document per file, in the order of their paths."""
        folder, files = request.app.path, request.files
        chosen = (folder,) if folder in files else _manifests(folder, files, files.get(posixpath.join(folder, IGNORE_FILE), b""))
        return Rendering(tuple(Document(files[path], path, exact=True) for path in chosen))


def _manifests(folder: str, names: Collection[str], ignore: bytes) -> tuple[str, ...]:
    prefix = f"{folder}/" if folder else ""
    ignored = Ignored(ignore.decode("utf-8", "replace"))
    inner = sorted(n.removeprefix(prefix) for n in names)
    return tuple(prefix + n for n in inner if _is_manifest(n) and not ignored.matches(n))


def _is_manifest(name: str) -> bool:
    *folders, file = name.split("/")
    return not any(part.startswith(".") for part in (*folders, file)) and file.endswith(_SUFFIXES) and file not in _OURS
