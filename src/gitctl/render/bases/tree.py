"""WithBases: a tree in which the commits of other repositories stand beside the project's own files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from gitctl.errors import ErrorId, GitctlError, InputError, Where
from gitctl.model.app import App
from gitctl.model.revision import Revision
from gitctl.protocols import Bases, Tree
from gitctl.render.archive import Budget
from gitctl.render.bases.permission import require_allowed
from gitctl.render.bases.reference import Reference, mount_of

MOST_COMMITS = 20
"""Most commits of other repositories that one app is made of, bases of bases counted."""
BUDGET = Budget(unpacked=256 << 20, files=20_000)
"""Of what is read of all of them together: small packs may unpack to any amount."""


class WithBases:
    """A `protocols.Tree`. Each remote commit is read in its own tree: a link or a path in it leads no further than that."""

    def __init__(self, tree: Tree, app: App, bases: Bases | None, *, budget: Budget | None = None) -> None:
        self._tree = tree
        self._app = app
        self._bases = bases
        self._budget = budget or BUDGET
        self._mounts: dict[str, Tree] = {}
        self._seen: set[str] = set()
        self._unpacked = 0

    @property
    def revision(self) -> Revision:
        """Of the project's own tree."""
        return self._tree.revision

    def bring(self, reference: Reference, where: Where) -> str:
        """The base's folder in this tree, fetched when it is not here. Raises InputError, Refused for what is not allowed or too much,
        SourceError for what cannot be had."""
        require_allowed(reference, self._app, where)
        if self._bases is None:
            raise InputError("a remote base or file: none are fetched here", id=ErrorId.REMOTE_BASE, where=where)
        with _told_at(where):
            if reference.mount not in self._mounts:
                self._check_count()
                self._mounts[reference.mount] = self._bases.tree(reference.url, reference.ref)
            tree = self._mounts[reference.mount]
            if not tree.names(reference.folder):
                tree.files(reference.folder)  # says why: no such folder, or a submodule
        return reference.path

    def files(self, folder: str) -> Mapping[str, bytes]:
        """As the tree that the folder lies in has it. Raises InputError when the bases that were read are beyond the budget, too."""
        mount, tree, inner = self._located(folder)
        if not mount:
            return tree.files(folder)
        if len(tree.names(inner)) > self._budget.files:
            raise _too_large(folder, f"more than {self._budget.files} files")
        with _told_below(mount):
            found = {f"{mount}/{path}": content for path, content in tree.files(inner).items()}
        self._count(folder, found)
        return found

    def _count(self, folder: str, found: Mapping[str, bytes]) -> None:
        """Each file once, however often it is read."""
        self._unpacked += sum(len(content) for path, content in found.items() if path not in self._seen)
        self._seen.update(found)
        if len(self._seen) > self._budget.files:
            raise _too_large(folder, f"more than {self._budget.files} files")
        if self._unpacked > self._budget.unpacked:
            raise _too_large(folder, f"more than {self._budget.unpacked >> 20} MiB")

    def names(self, folder: str) -> Collection[str]:
        """As the tree that the folder lies in has it."""
        mount, tree, inner = self._located(folder)
        return tuple(f"{mount}/{path}" for path in tree.names(inner)) if mount else tree.names(folder)

    def identity(self, folder: str) -> str:
        """Of the project's own files; a mount names its content."""
        mount, tree, inner = self._located(folder)
        found = tree.identity(inner)
        return f"{mount}:{found}" if mount and found else found

    def export(self, overlay: Mapping[str, bytes]) -> AbstractContextManager[Path]:
        """The project's own files."""
        return self._tree.export(overlay)

    def _located(self, path: str) -> tuple[str, Tree, str]:
        """The mount that a path lies in ("" for none), its tree, and the path in that."""
        mount = mount_of(path)
        if mount not in self._mounts:
            return "", self._tree, path
        return mount, self._mounts[mount], path.removeprefix(mount).lstrip("/")

    def _check_count(self) -> None:
        if len(self._mounts) >= MOST_COMMITS:
            raise InputError(
                f"more than {MOST_COMMITS} remote bases", id=ErrorId.REPOSITORY_TOO_LARGE, hint="copy what is needed into the repository"
            )


def _too_large(folder: str, what: str) -> InputError:
    return InputError(
        f"the remote bases of the app have {what}",
        id=ErrorId.REPOSITORY_TOO_LARGE,
        where=folder,
        hint="name a folder further down in it, or copy what is needed into the repository",
    )


@contextmanager
def _told_at(where: Where) -> Iterator[None]:
    """What fails is told with the line that asks for it."""
    try:
        yield
    except GitctlError as error:
        error.where = where
        raise


@contextmanager
def _told_below(mount: str) -> Iterator[None]:
    """Places in another repository are told with its name."""
    try:
        yield
    except GitctlError as error:
        if isinstance(error.where, str):
            error.where = f"{mount}/{error.where}"
        raise
