"""WorkTree: the files as they lie on the disk, uncommitted changes and all; inside of Git without what .gitignore hides."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from gitctl.errors import ErrorId, InputError, SourceError, did_you_mean
from gitctl.model.revision import Revision
from gitctl.source.checkout import dirty_paths, find_root
from gitctl.source.export import exported
from gitctl.source.git import Git
from gitctl.source.layout import File, Folder, Link, Node, folders_of, walk
from gitctl.source.objects import LARGEST_FILE, LARGEST_READ
from gitctl.source.resolve import find_commit

NAME = "work tree"


class WorkTree:
    """A `protocols.Tree` over a folder. Its revision is HEAD, `dirty` when anything differs; outside of Git the sha is ""."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        top = find_root(self.root)
        self._git = Git(top) if top is not None else None
        self._layout = _Disk(self.root, _visible(self._git, self.root) if self._git else None)

    @cached_property
    def revision(self) -> Revision:
        """HEAD and whether anything differs from it. Asked for late: in a large repository `git status` takes its time."""
        return _revision(self.root, self._git)

    def files(self, folder: str) -> Mapping[str, bytes]:
        """All files at or below `folder`, links followed inside of the tree. Raises InputError, SourceError."""
        found = walk(self._layout, folder, strict=True)
        if not found and self._layout.look(folder) is None:
            parent, _, name = folder.rpartition("/")
            around = self._layout.look(parent)
            hint = did_you_mean(name, around.names if isinstance(around, Folder) else (), what="there is")
            raise SourceError(f"the path {folder!r} does not exist in {self.root}", id=ErrorId.PATH_NOT_IN_REVISION, hint=hint)
        return self._read(found)

    def names(self, folder: str) -> Collection[str]:
        """Paths of all files at or below `folder`; bad links are passed over."""
        return tuple(walk(self._layout, folder, strict=False))

    def identity(self, folder: str) -> str:  # noqa: ARG002
        """Always "": files may change at any time."""
        return ""

    @contextmanager
    def export(self, overlay: Mapping[str, bytes]) -> Iterator[Path]:
        """The whole tree as a private folder; links are copied as what they point to, bad ones left out."""
        contents = self._read(walk(self._layout, "", strict=False))
        with exported({**contents, **overlay}) as folder:
            yield folder

    def _read(self, found: Mapping[str, str]) -> dict[str, bytes]:
        contents: dict[str, bytes] = {}
        total = 0
        for seen, real in found.items():
            content = _content(self.root / real, seen)
            total += len(content)
            if total > LARGEST_READ:
                raise InputError(f"the folder holds more than {LARGEST_READ >> 20} MiB", id=ErrorId.REPOSITORY_TOO_LARGE, where=seen)
            contents[seen] = content
        return contents


class _Disk:
    """A folder as a layout, looked at when asked. `visible` are the files that Git would track; None shows all but `.git`."""

    def __init__(self, root: Path, visible: frozenset[str] | None) -> None:
        self._root = root
        self._visible = visible
        self._folders = None if visible is None else folders_of(visible)

    def look(self, path: str) -> Node | None:
        """What is on the disk at a path, nothing for sockets, devices and what is not visible."""
        if self._visible is not None and self._folders is not None and path not in self._visible and path not in self._folders:
            return None
        try:
            mode = (self._root / path).lstat().st_mode
        except OSError:
            return None
        if stat.S_ISLNK(mode):
            return Link(os.readlink(self._root / path))
        if stat.S_ISDIR(mode):
            return Folder(self._names(path))
        return File() if stat.S_ISREG(mode) else None

    def _names(self, path: str) -> tuple[str, ...]:
        if self._folders is not None:
            return tuple(sorted(self._folders.get(path, ())))
        try:
            return tuple(sorted(name for name in os.listdir(self._root / path) if name != ".git"))
        except OSError as closed:
            raise InputError(f"the folder cannot be read: {closed.strerror}", id=ErrorId.FILE_UNREADABLE, where=path) from closed


def _visible(git: Git, root: Path) -> frozenset[str]:
    """Tracked files and new ones that are not ignored, relative to `root`."""
    listed = git.out("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--full-name", "--", str(root))
    prefix = "" if git.folder.resolve() == root else f"{root.relative_to(git.folder.resolve()).as_posix()}/"
    names = listed.decode("utf-8", "surrogateescape").split("\0")
    # A trailing slash marks a repository inside of this one: not ours to read.
    return frozenset(name.removeprefix(prefix) for name in names if name.startswith(prefix) and name.strip("/") == name != "")


def _revision(root: Path, git: Git | None) -> Revision:
    if git is None:
        return Revision(repo=str(root), sha="", name=NAME)
    dirty = bool(dirty_paths(git))
    head = find_commit(git, "HEAD", repo=str(git.folder))
    if head is None:
        return Revision(repo=str(git.folder), sha="", name=NAME, dirty=True)
    return replace(head, name=NAME, dirty=dirty)


def _content(path: Path, seen: str) -> bytes:
    """One file, never through a link that took its place. Raises InputError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as closed:
        raise InputError(f"the file cannot be read: {closed.strerror}", id=ErrorId.FILE_UNREADABLE, where=seen) from closed
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            raise InputError(f"not a file of at most {LARGEST_FILE >> 20} MiB", id=ErrorId.REPOSITORY_TOO_LARGE, where=seen)
        return file.read()
