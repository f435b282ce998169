"""`secret`: encrypted files as people work with them. All files of a call are worked out before the first is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, GitctlError, InputError, Refused, raise_all
from gitctl.model.secret import SecretStatus
from gitctl.parallel import map_bounded
from gitctl.protocols import SecretFiles

Room = Callable[[], AbstractContextManager[Path]]
Editor = Callable[[Path], int]
AskAgain = Callable[[GitctlError], bool]

_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__"})
_LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What `encrypt` did. `rules` is the rule file that it made, None where there was one."""

    files: tuple[Path, ...]
    rules: Path | None


def encrypt(paths: Sequence[Path], files: SecretFiles, *, root_of: Callable[[Path], Path]) -> Encrypted:
    """Encrypt files in place: all of them, or none when one cannot be. Raises GitctlError family.

    `root_of(file)` is the folder that gets a first rule file.
    """
    contents = _contents(paths)
    readers = {path: files.readers(path) for path in contents}
    sealed = _each(contents, lambda path, content: files.seal(path, content, readers=readers[path]))
    made = None
    for path, known in readers.items():
        # Asked again: the rule file of one file may serve the next.
        if known and files.readers(path):
            made = files.write_rules(root_of(path), known)
    try:
        replace_files(sealed)
    except InputError:
        if made:
            made.unlink()
        raise
    return Encrypted(tuple(sealed), made)


def rotate(paths: Sequence[Path], files: SecretFiles, *, by_rule: bool) -> tuple[Path, ...]:
    """A new data key for each file, in place: all of them, or none. Raises GitctlError family."""
    rotated = _each(_contents(paths), lambda path, content: files.rotate(path, content, by_rule=by_rule))
    replace_files(rotated)
    return tuple(rotated)


def decrypt(path: Path, files: SecretFiles, *, form: str = "", in_place: bool = False) -> bytes:
    """The plaintext of a file; `in_place` puts it there too. Raises GitctlError family."""
    plain = files.open(path, read_file(path), form=form)
    if in_place:
        replace_files({path: plain})
    return plain


def edit(path: Path, files: SecretFiles, *, room: Room, editor: Editor, again: AskAgain) -> bool:
    """Let the user edit a file's plaintext, in a private room; False when nothing was changed.

    A text that cannot be encrypted is asked for again as long as `again` wants. Raises InputError when the editor fails, Refused when
    somebody else changed the file meanwhile: the work is then kept, encrypted, beside it.
    """
    content = read_file(path)
    plain = files.open(path, content)
    with room() as folder:
        draft = folder / path.name
        write_new(draft, plain)
        while True:
            edited = _edited(draft, editor)
            if edited == plain:
                return False
            try:
                sealed = files.reseal(path, content, edited, room=folder)
                break
            except InputError as error:
                if not again(error):
                    raise
    if sealed == content:
        return False
    _check_unmoved(path, content, sealed)
    replace_files({path: sealed})
    return True


def status(paths: Sequence[Path], files: SecretFiles, *, verify: bool) -> tuple[SecretStatus, ...]:
    """The status of files that are named, and of those in named folders that are or ought to be encrypted. Raises InputError."""
    found = sorted({file for path in paths for file in _candidates(path, files)})
    # Each is a run of the provider's program; two at a time keep a laptop usable.
    return tuple(map_bounded(lambda p: files.inspect(p, read_file(p), verify=verify), found, limit=4))


def rewritten(
    paths: Sequence[Path], work: Callable[[Path, bytes], bytes], known: Mapping[str, bytes] | None = None
) -> tuple[dict[Path, bytes], dict[Path, bytes]]:
    """Contents before and after; `known` ones are not read from the disk. Raises everything that went wrong, at once."""
    before = _contents(paths) if known is None else {path: known[path.as_posix()] for path in paths}
    return before, _each(before, work)


def read_file(path: Path) -> bytes:
    """The content of a file that the user named. Raises InputError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", id=ErrorId.FILE_MISSING, where=str(path)) from None
    except IsADirectoryError:
        raise InputError("a folder, not a file", id=ErrorId.FILE_UNREADABLE, where=str(path)) from None
    except OSError as bad:
        raise InputError(f"cannot be read: {bad.strerror}", id=ErrorId.FILE_UNREADABLE, where=str(path)) from bad


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Write files whole, all or none: modes stay, and a link still leads to its file. Raises InputError."""
    staged: list[tuple[Path, Path]] = []
    try:
        for path, content in contents.items():
            staged.append(_staged(path, content))
        for beside, real in staged:
            beside.replace(real)
    except OSError as bad:
        raise InputError(f"cannot be written: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(path)) from bad
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)


def _staged(path: Path, content: bytes) -> tuple[Path, Path]:
    """The content in a new file beside the one that it will replace, and that one."""
    real = path.resolve()
    mode = real.stat().st_mode & 0o7777
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
            os.fchmod(out.fileno(), mode)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), real


def _contents(paths: Sequence[Path]) -> dict[Path, bytes]:
    return _each(dict.fromkeys(paths, b""), lambda path, _: read_file(path))


def _each(contents: dict[Path, bytes], work: Callable[[Path, bytes], bytes]) -> dict[Path, bytes]:
    """The results for all files. Raises everything that went wrong, at once."""
    done: dict[Path, bytes] = {}
    failed: list[GitctlError] = []
    for path, content in contents.items():
        try:
            done[path] = work(path, content)
        except GitctlError as error:
            failed.append(error)
    raise_all(failed)
    return done


def _edited(draft: Path, editor: Editor) -> bytes:
    code = editor(draft)
    if code:
        raise InputError(
            f"the editor ended with exit code {code}",
            id=ErrorId.EDITOR_FAILED,
            hint="the file is as it was; SOPS_EDITOR or EDITOR names an editor",
        )
    return read_file(draft)


def write_new(path: Path, content: bytes) -> None:
    """A new file that only we may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)


def _check_unmoved(path: Path, before: bytes, sealed: bytes) -> None:
    if path.is_file() and path.read_bytes() == before:
        return
    kept = path.with_name(f"{path.name}.edited")
    kept.write_bytes(sealed)
    raise Refused(
        "changed while it was edited",
        id=ErrorId.EDITED_MEANWHILE,
        where=str(path),
        hint=f"your edit is in {kept}, encrypted: compare, then keep one",
    )


def _candidates(path: Path, files: SecretFiles) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, subfolders, names in os.walk(path):
        subfolders[:] = sorted(set(subfolders) - _SKIPPED)
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink() and file.stat().st_size <= _LARGEST and files.concerns(file, read_file(file)):
                yield file
