"""The render cache: rendered objects by what went into them, in files of the user's alone. Nothing in it was ever decrypted."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from gitctl import __version__
from gitctl.model.app import App
from gitctl.paths import is_ours, private_folder
from gitctl.render.kept import Kept, decode, encode

_FORMAT = 3
_MOST_ENTRIES = 500
_MOST_BYTES = 256 * 1024 * 1024
_LEFT_SECONDS = 3600.0
"""After which a file that a killed run left half written is removed."""
_NEW = ".new-"


@dataclass(frozen=True, slots=True)
class Key:
    """What rendered objects depend on: `inputs` is a hash of all but the files, `files` one of these."""

    inputs: str
    files: str

    @property
    def name(self) -> str:
        """The name of the entry's file."""
        return f"{self.inputs[:32]}-{self.files}"


def key_of(app: App, *, renderer: str, program: str, files: str, variables: Mapping[str, object] | None) -> Key:
    """Everything that the rendered objects depend on: the program, the app's render options, and the files with their placeholders
    (`files` is their hash); a remote chart is pinned by its digest among the options. `variables` None: none are filled in."""
    about = {
        "format": _FORMAT,
        "gitctl": __version__,
        "renderer": renderer,
        "program": program,
        "app": [app.name, app.path, app.namespace, app.kubernetes, app.api_versions],
        "helm": asdict(app.helm),
        "generated": [asdict(rule) for rule in app.generated],
        "variables": variables,
    }
    return Key(hashlib.sha256(orjson.dumps(about, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest(), files)


class RenderCache:
    """Entries in a private folder; None turns it off. A damaged entry is dropped, a full disk is not an error; runs at the same time
    see whole entries or none. `most_entries` and `most_bytes` bound it."""

    def __init__(self, folder: Path | None, *, most_entries: int = _MOST_ENTRIES, most_bytes: int = _MOST_BYTES) -> None:
        self._folder = folder / "objects" if folder else None
        self._most_entries = most_entries
        self._most_bytes = most_bytes

    def load(self, key: Key) -> Kept | None:
        """The entry, None when there is none."""
        if self._folder is None or not is_ours(self._folder):
            return None
        return _loaded(self._folder / key.name)

    def before(self, key: Key) -> Kept | None:
        """The newest entry for the same inputs with other files."""
        if self._folder is None or not is_ours(self._folder):
            return None
        found = sorted(self._folder.glob(f"{key.inputs[:32]}-*"), key=_used_at)
        return _loaded(found[-1]) if found else None

    def store(self, key: Key, kept: Kept) -> None:
        """Keep an entry, and forget those that were not used for the longest time when there are too many."""
        if self._folder is None:
            return
        name = ""
        try:
            content = encode(kept)
            private_folder(self._folder)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=_NEW)
            with os.fdopen(handle, "wb") as file:
                file.write(_seal(key.name, content) + b"\n" + content)
            os.replace(name, self._folder / key.name)
            self._forget()
        except (OSError, TypeError):
            with suppress(OSError):
                os.unlink(name)

    def _forget(self) -> None:
        """Make room: down to three quarters, so that this is not done each time."""
        assert self._folder is not None  # only after a store
        entries = sorted(((_used_at(path), path.stat().st_size, path) for path in self._folder.iterdir()), reverse=True)
        whole = [(size, path) for _, size, path in entries if not path.name.startswith(_NEW)]
        total = sum(size for size, _ in whole)
        if len(whole) > self._most_entries or total > self._most_bytes:
            while whole and (len(whole) > self._most_entries * 3 // 4 or total > self._most_bytes * 3 // 4):
                size, path = whole.pop()
                total -= size
                path.unlink(missing_ok=True)
        for used, _, path in entries:
            if path.name.startswith(_NEW) and time.time() - used > _LEFT_SECONDS:
                path.unlink(missing_ok=True)


def _loaded(path: Path) -> Kept | None:
    try:
        seal, _, content = path.read_bytes().partition(b"\n")
        if seal == _seal(path.name, content):
            os.utime(path)
            return decode(content)
    except OSError:
        return None
    except (ValueError, KeyError, TypeError):
        pass
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return None


def _seal(name: str, content: bytes) -> bytes:
    """A hash by which an entry that was cut short, changed, or put in another's place is known."""
    return hashlib.sha256(name.encode() + b"\n" + content).hexdigest().encode()


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
