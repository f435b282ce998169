"""Git's diff and merge drivers of a clone: its configuration, and `.gitattributes`, which says for which files they are used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, InputError
from gitctl.source.git import Git

ATTRIBUTES = ".gitattributes"


@dataclass(frozen=True, slots=True)
class Stages:
    """A conflicting file as the index has it; b"" for a side that has none."""

    base: bytes
    ours: bytes
    theirs: bytes


class GitClone:
    """A clone with its drivers: `workflow.git_setup.Clone`. `recognises(path, content)` says what is encrypted."""

    def __init__(self, root: Path, recognises: Callable[[str, bytes], bool]) -> None:
        self._git = Git(root)
        self._recognises = recognises

    def names(self) -> tuple[str, ...]:
        """The files that Git tracks or would track, relative to the root. Raises SourceError."""
        return tuple(
            filter(
                None,
                self._git.out("ls-files", "-z", "--cached", "--others", "--exclude-standard")
                .decode("utf-8", "surrogateescape")
                .split("\0"),
            )
        )

    def encrypted(self, names: Collection[str]) -> frozenset[str]:
        """Which of these are encrypted, as they lie on the disk."""
        return frozenset(name for name in names if self._is_encrypted(name))

    def _is_encrypted(self, name: str) -> bool:
        file = self._git.folder / name
        return file.is_file() and not file.is_symlink() and self._recognises(name, file.read_bytes())

    def settings(self) -> Mapping[str, str]:
        """This clone's own configuration, by key; of several values the last."""
        listed = self._git.run("config", "--local", "--null", "--list").stdout.decode("utf-8", "replace")
        return {key: value for key, _, value in (entry.partition("\n") for entry in listed.split("\0") if entry)}

    def configure(self, settings: Mapping[str, str]) -> None:
        """Set these. Raises SourceError."""
        for key, value in settings.items():
            self._git.out("config", "--local", "--replace-all", key, value)

    def forget(self, section: str) -> None:
        """Take a section away, where it is there."""
        self._git.run("config", "--local", "--remove-section", section)

    @property
    def attributes(self) -> str:
        """The text of `.gitattributes` at the root, "" without one. Raises InputError."""
        try:
            return self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as bad:
            raise InputError("cannot be read", id=ErrorId.FILE_UNREADABLE, where=str(self._file)) from bad

    def write_attributes(self, text: str) -> None:
        """Write `.gitattributes`; an empty one goes. Raises InputError."""
        try:
            self._file.write_text(text, encoding="utf-8") if text else self._file.unlink(missing_ok=True)
        except OSError as bad:
            raise InputError(f"cannot be written: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(self._file)) from bad

    @property
    def _file(self) -> Path:
        return self._git.folder / ATTRIBUTES


def stages(git: Git, path: str) -> Stages | None:
    """The three versions of a file with a merge conflict, None when it has none."""
    listed = git.out("ls-files", "--unmerged", "-z", "--", path).decode("utf-8", "surrogateescape").split("\0")
    blobs = {line.split("\t")[0].split(" ")[2]: line.split(" ")[1] for line in listed if line}
    if not blobs:
        return None
    base, ours, theirs = (git.out("cat-file", "blob", blobs[n]) if n in blobs else b"" for n in "123")
    return Stages(base, ours, theirs)


def git_folder(git: Git) -> Path:
    """The `.git` folder that all work trees of a clone share. Raises SourceError."""
    return Path(git.text("rev-parse", "--path-format=absolute", "--git-common-dir"))


def merge_text(git: Git, base: Path, ours: Path, theirs: Path) -> bool:
    """Merge plain files as git does, into `ours`; False with conflict markers. Raises SourceError."""
    done = git.run("merge-file", "-L", "ours", "-L", "base", "-L", "theirs", str(ours), str(base), str(theirs))
    if done.code < 0 or done.code > 127:
        raise git.failure("the files cannot be merged", done)
    return done.code == 0
