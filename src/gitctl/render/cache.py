"""The render cache: parsed objects by what went into them. Nothing in it was ever decrypted."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from gitctl import __version__
from gitctl.model.app import App
from gitctl.paths import private_folder
from gitctl.render.raw import Raw

_FORMAT = 2
_MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """What a renderer made of some files, parsed."""

    objects: tuple[Raw, ...]
    tools: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


def key_of(app: App, *, renderer: str, program: str, files: str, variables: Mapping[str, object] | None) -> str:
    """A hash of everything that the rendered objects depend on: the program, the app's render options, and the files with their
    placeholders (`files` is their hash); a remote chart is pinned by its digest among the options. `variables` None: none are filled in."""
    about = {
        "format": _FORMAT,
        "gitctl": __version__,
        "renderer": renderer,
        "program": program,
        "files": files,
        "app": [app.name, app.path, app.namespace, app.kubernetes, app.api_versions],
        "helm": asdict(app.helm),
        "generated": [asdict(rule) for rule in app.generated],
        "variables": variables,
    }
    return hashlib.sha256(orjson.dumps(about, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()


class RenderCache:
    """Files in a private folder; None turns it off. An entry that was damaged is dropped, a full disk is not an error."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder / "objects" if folder else None

    def load(self, key: str) -> Kept | None:
        """The entry, None when there is none."""
        if self._folder is None:
            return None
        path = self._folder / key
        try:
            digest, _, content = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest().encode() != digest:
            path.unlink(missing_ok=True)
            return None
        return _parsed(content)

    def store(self, key: str, kept: Kept) -> None:
        """Keep an entry, and forget the oldest when there are many."""
        if self._folder is None:
            return
        content = _content(kept)
        name = ""
        try:
            private_folder(self._folder)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
            os.replace(name, self._folder / key)
            _forget(self._folder)
        except OSError:
            with suppress(OSError):
                os.unlink(name)


def _content(kept: Kept) -> bytes:
    objects = [[raw.body, raw.path, raw.line, raw.index, raw.step] for raw in kept.objects]
    return orjson.dumps({"objects": objects, "tools": kept.tools, "warnings": kept.warnings, "variables": kept.variables})


def _parsed(content: bytes) -> Kept:
    value = orjson.loads(content)
    objects = tuple(Raw(body, path, line, index, tuple(step)) for body, path, line, index, step in value["objects"])
    tools = tuple((name, version) for name, version in value["tools"])
    return Kept(objects, tools, tuple(value["warnings"]), tuple(value["variables"]))


def _forget(folder: Path) -> None:
    entries: Sequence[os.DirEntry[str]] = list(os.scandir(folder))
    if len(entries) > _MOST_ENTRIES:
        for entry in sorted(entries, key=lambda e: e.stat().st_mtime)[: len(entries) - _MOST_ENTRIES // 2]:
            Path(entry.path).unlink(missing_ok=True)
