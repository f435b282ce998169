"""Files in memory → a private folder on disk that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gitctl.errors import ErrorId, InputError, SourceError
from gitctl.source.objects import check_path


@contextmanager
def exported(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A new folder (mode 0700, files 0600, no links) that holds `files`.

    Raises InputError when two names are one file on this disk, SourceError when there is no room for them.
    """
    with temporary("gitctl-tree-") as folder:
        try:
            _fill(folder, files)
        except OSError as fault:
            raise _no_room(fault, str(folder)) from None
        yield folder


@contextmanager
def temporary(prefix: str) -> Iterator[Path]:
    """A new private folder, removed afterwards. Raises SourceError where none can be made."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as fault:
        raise _no_room(fault, "the temporary folder") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _no_room(fault: OSError, where: str) -> SourceError:
    message = f"files for git cannot be written: {fault.strerror}"
    return SourceError(message, id=ErrorId.TEMPORARY_UNWRITABLE, where=where, hint="make room there, or name another folder: TMPDIR")


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    made: set[str] = set()
    for path, content in files.items():
        check_path(path)
        parent = path.rpartition("/")[0]
        if parent not in made:
            (folder / parent).mkdir(mode=0o700, parents=True, exist_ok=True)
            made.add(parent)
        _write(folder / path, content, path)


def _write(target: Path, content: bytes, path: str) -> None:
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as taken:
        raise InputError(
            "two files differ only in the case of their names, and this disk cannot hold both", id=ErrorId.PATH_CASE, where=path
        ) from taken
    with os.fdopen(handle, "wb") as out:
        out.write(content)
