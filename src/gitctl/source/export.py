"""Files in memory → a private folder on disk that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gitctl.errors import ErrorId, InputError
from gitctl.source.objects import check_path


@contextmanager
def exported(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A new folder (mode 0700, files 0600, no links) that holds `files`. Raises InputError when two names are one file on this disk."""
    folder = Path(tempfile.mkdtemp(prefix="gitctl-tree-"))
    try:
        made: set[str] = set()
        for path, content in files.items():
            check_path(path)
            parent = path.rpartition("/")[0]
            if parent not in made:
                (folder / parent).mkdir(mode=0o700, parents=True, exist_ok=True)
                made.add(parent)
            _write(folder / path, content, path)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(target: Path, content: bytes, path: str) -> None:
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as taken:
        raise InputError(
            "two files differ only in the case of their names, and this disk cannot hold both", id=ErrorId.PATH_CASE, where=path
        ) from taken
    with os.fdopen(handle, "wb") as out:
        out.write(content)
