"""`secret recipients`: who can read the encrypted files of a repository, changed for all of them in one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gitctl.errors import GitctlError, raise_all
from gitctl.model.revision import Revision
from gitctl.model.secret import Aligned
from gitctl.parallel import map_bounded
from gitctl.protocols import Publisher
from gitctl.workflow.secret import replace_files

Align = Callable[[str, bytes], Aligned | None]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The files that change with what came and went, and those of rule files."""

    files: Mapping[str, Aligned]
    rules: Mapping[str, bytes]

    @property
    def contents(self) -> dict[str, bytes]:
        """All that is written, by path."""
        return dict(self.rules) | {name: one.content for name, one in self.files.items()}


def aligned(files: Mapping[str, bytes], rules: Mapping[str, bytes], align: Align) -> Alignment:
    """Work out every file before any is written. Raises all that went wrong, at once: then nothing was changed."""
    failed: list[GitctlError] = []

    def one(name: str) -> tuple[str, Aligned | None]:
        try:
            return name, align(name, files[name])
        except GitctlError as error:
            failed.append(error)
            return name, None

    done = list(map_bounded(one, sorted(files), limit=4))
    raise_all(failed)
    return Alignment({name: found for name, found in done if found is not None}, rules)


def write(alignment: Alignment, *, root: Path) -> None:
    """Write the files, all or none. Raises InputError."""
    replace_files({root / name: content for name, content in alignment.contents.items()})


def commit_files(alignment: Alignment, message: str, *, publisher: Publisher, parent: Revision) -> Revision | None:
    """One commit on top of `parent`; None when there is nothing to write.

    Raises SourceError when the branch has moved, Refused for files with uncommitted changes.
    """
    return publisher.commit(alignment.contents, message, parent=parent) if alignment.contents else None


def below(config: str, names: Sequence[str]) -> tuple[str, ...]:
    """The files for which this `.sops.yaml` is a candidate: in its folder and below. Paths are relative to one root."""
    folder = PurePosixPath(config).parent
    return tuple(name for name in names if folder in PurePosixPath(name).parents)
