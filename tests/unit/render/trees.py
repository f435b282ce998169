"""What render tests share: folders as trees, a vault without secrets, apps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gitctl.model.app import App
from gitctl.model.manifest import Json, RenderResult
from gitctl.model.manifest import Path as FieldPath
from gitctl.render.run import render
from gitctl.source.worktree import WorkTree

Files = Mapping[str, str | bytes]


class NoSecrets:
    """A vault for trees without encrypted files."""

    def cover(self, path: str, content: bytes) -> bytes | None:
        return None

    def uncover(self, body: Json) -> tuple[Json, tuple[FieldPath, ...]]:
        return body, ()


def write(folder: Path, files: Files) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def app(path: str = "app", **options: Any) -> App:
    """An app with defaults."""
    return App(project="p", env="dev", name=options.pop("name", "web"), path=path, **options)


def render_files(
    folder: Path, files: Files, wanted: App | None = None, *, cache: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> RenderResult:
    """Write the files, then render the app (default: folder `app`, no options)."""
    return render(wanted or app(), WorkTree(write(folder, files)), vault=NoSecrets(), cache=cache, say=say)


def config_map(name: str, extra: str = "") -> str:
    """A ConfigMap in YAML."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n{extra}"
