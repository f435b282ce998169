"""PURE: may these manifests be written into a branch? Never a plaintext that was encrypted in Git, never a reference
to a store, never two objects in one file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitctl.errors import ErrorId, ManifestError, Refused
from gitctl.model.manifest import Manifest
from gitctl.model.quantity import counted
from gitctl.model.reference import references_in
from gitctl.target.branch.place import Place


def check_manifests(manifests: Sequence[Manifest], place: Place) -> None:
    """Raise Refused for objects that hold a secret in the open or refer to a store, ManifestError for two that would share a file."""
    open_ones = [m for m in manifests if m.sensitive and not m.sealed]
    if open_ones:
        raise Refused(
            f"{counted(len(open_ones), 'object')} would hold secrets in the open: a branch takes encrypted manifests as they are in Git",
            id=ErrorId.BRANCH_SECRET,
            details=[f"{m.ref} ({m.origin})" for m in open_ones],
            hint="make each an encrypted manifest of its own: a plain file with this one object, its namespace written in it",
        )
    referring = [m for m in manifests if any(references_in(m))]
    if referring:
        raise Refused(
            f"{counted(len(referring), 'object')} would hold references to stores: nobody behind a branch resolves them",
            id=ErrorId.BRANCH_REFERENCE,
            details=[f"{m.ref} ({m.origin})" for m in referring],
            hint="write an ExternalSecret, or deliver the app to a cluster",
        )
    other_forms = [m for m in manifests if m.sealed and m.origin.path.endswith(".json")]
    if other_forms:
        raise Refused(
            "an encrypted JSON file cannot be committed as YAML",
            id=ErrorId.BRANCH_SECRET,
            details=[f"{m.ref} ({m.origin})" for m in other_forms],
            hint="write it as YAML and encrypt it again",
        )
    _check_paths(manifests, place)


def _check_paths(manifests: Iterable[Manifest], place: Place) -> None:
    taken: dict[str, Manifest] = {}
    for manifest in manifests:
        path = place.path(manifest.ref)
        first = taken.setdefault(path, manifest)
        if first is not manifest:
            message = f"{first.ref} and {manifest.ref} would be one file, {path}"
            raise ManifestError(message, id=ErrorId.DUPLICATE_OBJECT, where=str(manifest.origin), hint="rename one")
