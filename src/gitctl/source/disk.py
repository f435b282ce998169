"""Files as they lie on the disk, by the names that people know them by. Links are not followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from gitctl.errors import ErrorId, InputError
from gitctl.source.checkout import find_root
from gitctl.source.git import Git

_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__"})


class OnDisk:
    """`names` are relative to `start`, the folder that the user is in."""

    def __init__(self, start: Path, names: Sequence[str]) -> None:
        self._start = start
        self.names = tuple(dict.fromkeys(names))

    def read(self, names: Collection[str], *, largest: int) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
        """The contents of these files, and those larger than `largest` bytes; what is no file is left out. Raises InputError."""
        contents: dict[str, bytes] = {}
        large: list[str] = []
        for name in names:
            content = _content(self._start / name, name, largest)
            if content is not None and len(content) > largest:
                large.append(name)
            elif content is not None:
                contents[name] = content
        return contents, tuple(large)


def tracked_files(start: Path, root: Path) -> OnDisk:
    """All files of the repository that Git tracks. Raises SourceError."""
    return OnDisk(start, [_from(start, path) for path in _tracked(Git(root), root)])


def untracked_files(root: Path) -> int:
    """How many files of the repository Git neither tracks nor ignores. Raises SourceError."""
    return Git(root).out("ls-files", "-z", "--others", "--exclude-standard").count(b"\0")


def named_files(start: Path, paths: Sequence[Path]) -> OnDisk:
    """The files that are named, and of folders those that Git tracks; all of them outside of Git. Raises InputError, SourceError."""
    return OnDisk(start, [name for path in paths for name in _at(start, path)])


def _at(start: Path, path: Path) -> Iterator[str]:
    whole = start / path
    if whole.is_dir():
        root = find_root(whole)
        below = _tracked(Git(root), whole) if root is not None else _walked(whole)
        yield from (_from(start, file) for file in below)
    elif whole.exists() or whole.is_symlink():
        yield str(path)
    else:
        raise InputError("no such file", id=ErrorId.FILE_MISSING, where=str(path))


def _tracked(git: Git, folder: Path) -> list[Path]:
    listed = git.out("ls-files", "-z", "--full-name", "--", str(folder)).decode("utf-8", "surrogateescape")
    return [git.folder / name for name in dict.fromkeys(listed.split("\0")) if name]


def _walked(top: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(top):
        subfolders[:] = sorted(set(subfolders) - _SKIPPED)
        yield from (Path(folder, name) for name in sorted(names))


def _from(start: Path, path: Path) -> str:
    return Path(os.path.relpath(path, start)).as_posix()


def _content(path: Path, name: str, largest: int) -> bytes | None:
    """At most one byte more than `largest`; None for links, folders, devices, and what is not there. Raises InputError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as closed:
        if path.is_symlink():
            return None
        raise InputError(f"the file cannot be read: {closed.strerror}", id=ErrorId.FILE_UNREADABLE, where=name) from closed
    with os.fdopen(handle, "rb") as file:
        return file.read(largest + 1) if stat.S_ISREG(os.fstat(handle).st_mode) else None
