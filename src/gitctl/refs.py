"""Refs: what a target that keeps things in Git asks of a repository. `source` implements it, `cli` hands it over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gitctl.model.revision import Revision

STATE_REFS = "refs/gitctl/state/"
"""Below it, what gitctl remembers about apps that are rendered into a branch."""
LOCK_REFS = "refs/gitctl/lock/"
APP_TRAILER = "Gitctl-App"
"""The trailer of a commit with rendered manifests that names the app's owner id."""


@dataclass(frozen=True, slots=True)
class RefMove:
    """A ref that shall name another commit. `old` is what it must name now; "" stands for a ref that does not exist."""

    ref: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Touch:
    """A commit that changed some files: `owners` are its `APP_TRAILER`s, none for a commit of somebody else."""

    by: Revision
    paths: frozenset[str]
    owners: tuple[str, ...] = ()


class Refs(Protocol):
    """The refs of one repository, for who keeps things in Git without a work tree. What others read at a remote is written there
    first, and here afterwards. Methods raise SourceError when the repository cannot be used."""

    @property
    def where(self) -> str:
        """The repository: a URL without credentials, or a folder."""
        ...

    @property
    def shared(self) -> bool:
        """Do moves reach a remote, where others see them?"""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What users must know about the answers, such as a remote that is out of reach."""
        ...

    def tips(self, *refs: str, merged: bool = True) -> Mapping[str, str]:
        """Asks anew: each of the refs that is there, and each one below a name that ends in `/`, with its commit.

        `merged`: the newer one of here and the remote, SourceError when the two have diverged; else as the place has it that moves
        are written to first."""
        ...

    def files(self, commit: str, paths: Collection[str]) -> Mapping[str, bytes]:
        """The regular files of a commit at these paths, or below those that end in `/` ("/" is the whole tree)."""
        ...

    def touches(self, old: str, new: str, folder: str) -> tuple[Touch, ...] | None:
        """The commits after `old` up to `new` that changed files below `folder`, newest first; all of them for
        `old` "", None when it is no ancestor."""
        ...

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: str) -> str:
        """A commit on top of `parent` ("" makes a first one) that writes (None: removes) files; no ref names it yet.

        Raises InputError for a path that leads through a link."""
        ...

    def note(self, files: Mapping[str, bytes], message: str, *, parent: str) -> str:
        """A commit that holds these files alone: gitctl's own bookkeeping, in gitctl's name and unsigned."""
        ...

    def require_writable(self, ref: str) -> None:
        """Raise Refused where a work tree has the branch checked out: moving it would make all its files look changed. Raises
        SourceError where Git does not know who commits."""
        ...

    def move(self, moves: Sequence[RefMove]) -> None:
        """Move all of the refs, or none. Raises StateMoved when one of them is not where it was thought to be."""
        ...

    def publish(self) -> tuple[str, ...]:
        """Push those refs of the last `tips` that are newer here than at the remote; their names. Raises StateMoved."""
        ...
