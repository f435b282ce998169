"""`secret restart-key`: the key for hashes of Secrets on pod templates, encrypted before it is in any file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, InputError
from gitctl.protocols import SecretFiles
from gitctl.workflow.secret import replace_files

_TEXT = """\
# The key of the hashes of Secrets on pod templates (restart_on_secret_change in gitctl.yaml).
# Another key restarts every pod that has such a hash.
data:
  restart-key: "{key}"
"""


@dataclass(frozen=True, slots=True)
class RestartKey:
    """The file with the key, and the rule file that was made for it, None where there was one."""

    file: Path
    rules: Path | None


def make_restart_key(file: Path, files: SecretFiles, *, key: str, root_of: Callable[[Path], Path]) -> RestartKey:
    """Write an encrypted file with the key (text, 32 signs or more). `root_of(file)` is the folder that gets a first rule file.

    Raises InputError for a file that is there already, what `SecretFiles.seal` raises.
    """
    if file.exists():
        hint = "it is kept: another key restarts all pods that have a hash; to want that, remove the file first"
        raise InputError("there is a file already", id=ErrorId.FILE_UNWRITABLE, where=str(file), hint=hint)
    _make_folder(file.parent)  # the program that encrypts runs in it
    readers = files.readers(file)
    sealed = files.seal(file, _TEXT.format(key=key).encode(), readers=readers)
    rules = files.write_rules(root_of(file), readers) if readers else None
    try:
        _write(file, sealed)
    except InputError:
        if rules:
            rules.unlink()
        raise
    return RestartKey(file, rules)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as bad:
        raise InputError(f"cannot be made: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(folder)) from bad


def _write(file: Path, content: bytes) -> None:
    try:
        file.touch(exist_ok=False)
    except OSError as bad:
        raise InputError(f"cannot be written: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(file)) from bad
    replace_files({file: content})
