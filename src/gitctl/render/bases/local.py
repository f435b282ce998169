"""Local bases: in the private copy, kustomizations name remote bases by the folders in which their trees stand."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from gitctl.documents import dump, load_marked
from gitctl.errors import GitctlError
from gitctl.model.filename import KUSTOMIZATIONS
from gitctl.render.bases.reference import looks_remote, mount_of, read_reference

ROOTS = ("resources", "bases", "components")
"""The lists of a kustomization that name bases."""


def with_local_bases(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The files, with relative paths in the place of references to remote bases that are among them. A kustomization without such a
    reference stays as it is written."""
    mounts = {mount for path in files if (mount := mount_of(path))}
    if not mounts:
        return files
    return {path: _rewritten(path, text, mounts) if posixpath.basename(path) in KUSTOMIZATIONS else text for path, text in files.items()}


def _rewritten(path: str, content: bytes, mounts: set[str]) -> bytes:
    try:
        value, _ = load_marked(content, where=path)
    except GitctlError:  # no part of the app: the scan has read all others
        return content
    if not isinstance(value, dict):
        return content
    changed = {key: [_local(item, path, mounts) for item in value[key]] for key in ROOTS if isinstance(value.get(key), list)}
    if all(changed[key] == value[key] for key in changed):
        return content
    return dump({**value, **changed}).encode()


def _local(item: Any, path: str, mounts: set[str]) -> Any:
    if not isinstance(item, str) or not looks_remote(item):
        return item
    try:
        reference = read_reference(item)
    except GitctlError:
        return item
    return posixpath.relpath(reference.path, posixpath.dirname(path) or ".") if reference.mount in mounts else item
