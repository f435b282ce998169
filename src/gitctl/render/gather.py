"""Read what a renderer needs, with placeholders in the place of secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from gitctl.errors import ErrorId, InputError, RenderError, SourceError
from gitctl.protocols import Reads, Tree, Vault
from gitctl.render.bases.reference import mount_of


@dataclass(frozen=True, slots=True)
class Gathered:
    """`files` are what the renderer sees, placeholders included; `identity` is a hash of their names and contents; `sealed` are the
    encrypted files as Git has them."""

    files: Mapping[str, bytes]
    identity: str
    read_set: tuple[str, ...]
    sealed: Mapping[str, bytes]


def gather(tree: Tree, reads: Reads, vault: Vault) -> Gathered:
    """Raises InputError for a file that is missing or that was tampered with, RenderError for one without its key."""
    found: dict[str, bytes] = {}
    for folder in reads.folders:
        found.update(tree.files(folder.rstrip("/")))
    _add_files(found, tree, (*reads.files, *reads.maybe))
    # Keys of ours open nothing that others wrote.
    covered = {path: vault.cover(path, found[path]) for path in reads.files if not mount_of(path)}
    covered |= {path: _cover_or_poison(vault, path, found[path]) for path in reads.maybe}
    opened = {path: content for path, content in covered.items() if content is not None}
    files = {**found, **opened}
    return Gathered(files, _identity(files), read_set(reads), {path: found[path] for path in opened})


def _cover_or_poison(vault: Vault, path: str, content: bytes) -> bytes | None:
    """A file that cannot be opened becomes a placeholder that stands for nothing: the vault refuses what was made from it."""
    try:
        return vault.cover(path, content)
    except RenderError:
        return b"gitctl-" + hashlib.sha256(path.encode()).hexdigest()[:32].encode()


def read_file(tree: Tree, path: str) -> bytes:
    """One file of a tree. Raises InputError when it is not there."""
    found: dict[str, bytes] = {}
    _add_files(found, tree, (path,))
    return found[path]


def _add_files(found: dict[str, bytes], tree: Tree, paths: tuple[str, ...]) -> None:
    for path in paths:
        if path in found:
            continue
        try:
            found[path] = tree.files(path)[path]
        except (KeyError, SourceError):
            raise InputError("the file does not exist", id=ErrorId.FILE_MISSING, where=path) from None


def _identity(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path}\0{len(files[path])}\0".encode())
        total.update(files[path])
    return total.hexdigest()


def read_set(reads: Reads) -> tuple[str, ...]:
    """Folders of the repository, and the files outside of them. What a commit of another one pins is named by our own files."""
    reads = Reads(*(tuple(p for p in paths if not mount_of(p)) for paths in (reads.files, reads.folders)))
    folders = sorted(f for f in set(reads.folders) if not any(o != f and f.startswith(o) for o in reads.folders))
    return (*folders, *sorted(p for p in set(reads.files) if not p.startswith(tuple(folders) or "\0")))
