"""`secret seal`, `reseal`, `verify`: files of Sealed Secrets. All files of a call are worked out before the first is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, InputError, ManifestError
from gitctl.model.quantity import counted
from gitctl.model.revision import Revision
from gitctl.model.sealing import Scope, SealState, SealStatus
from gitctl.protocols import Publisher
from gitctl.workflow.scan import Files
from gitctl.workflow.secret import replace_files, rewritten

Work = Callable[[str, bytes], bytes]
"""A file's name and content → its new content."""
Inspect = Callable[[str, bytes], tuple[SealStatus, ...]]

LARGEST = 10 * 1024 * 1024
"""Bytes of a file that is still looked at."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """Files that were changed, files that were right already, and the commit when one was made."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    commit: Revision | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The SealedSecrets of some files, and (file, reason) of those that could not be looked at."""

    found: tuple[SealStatus, ...]
    passed_over: tuple[tuple[str, str], ...]


def in_place(paths: Sequence[Path], work: Work) -> Resealed:
    """Write files anew: all of them, or none when one cannot be. Raises GitctlError family."""
    before, after = rewritten(paths, lambda path, content: work(str(path), content))
    changed = {path: content for path, content in after.items() if content != before[path]}
    replace_files(changed)
    return Resealed(tuple(map(str, changed)), tuple(str(path) for path in after if path not in changed))


def committed(found: Mapping[str, bytes], work: Work, publisher: Publisher, *, parent: Revision, push: bool) -> Resealed:
    """Write files of a commit anew, in one commit on top of it; none when nothing changes. Raises GitctlError family.

    All or nothing: a file that cannot be done means no commit. What is done is left alone by the next run.
    """
    before, after = rewritten([Path(path) for path in found], lambda path, content: work(path.as_posix(), content), found)
    changed = {path.as_posix(): content for path, content in after.items() if content != before[path]}
    unchanged = tuple(path for path in found if path not in changed)
    if not changed:
        return Resealed((), unchanged)
    commit = publisher.commit(changed, _message(changed), parent=parent)
    if push:
        publisher.push(commit)
    return Resealed(tuple(changed), unchanged, commit)


def verify(files: Files, inspect: Inspect) -> Verified:
    """Look at every SealedSecret in the files. Raises SourceError, InputError for a file that cannot be read."""
    contents, large = files.read(files.names, largest=LARGEST)
    passed_over = [(name, f"larger than {LARGEST >> 20} MiB") for name in large]
    found: list[SealStatus] = []
    for name, content in contents.items():
        try:
            found += inspect(name, content)
        except ManifestError as error:
            if b"{{" in content:
                passed_over.append((name, f"a template: {error.message}"))
            else:
                found.append(SealStatus(name, "", Scope.STRICT, 0, SealState.BROKEN, f"not readable: {error.message}"))
    return Verified(tuple(found), tuple(passed_over))


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole, new or in the place of an old one. Raises InputError."""
    if path.exists():
        replace_files({path: content})
        return
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as out:
            out.write(content)
    except OSError as bad:
        raise InputError(f"cannot be written: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(path)) from bad


def _message(changed: Mapping[str, bytes]) -> str:
    names = "\n".join(sorted(changed))
    return f"reseal {counted(len(changed), 'file')} for the current certificate\n\n{names}\n"
