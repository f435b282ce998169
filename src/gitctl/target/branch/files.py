"""PURE: manifests as files, and files as live objects.

Files carry no marks of gitctl: the branch holds what was rendered, and an encrypted file cannot be changed at all. What a cluster
would note on an object (uid, owner, managed fields) is put on it when it is read, from what the state says.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitctl import documents
from gitctl.errors import ManifestError
from gitctl.model.fieldpath import FieldPath
from gitctl.model.fieldset import FieldSet
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.marks import OWNER_ANNOTATION
from gitctl.target.branch.place import Place

_IDENTITY = frozenset({("f:apiVersion",), ("f:kind",), ("f:metadata", "f:name"), ("f:metadata", "f:namespace")})


def content_of(manifest: Manifest, body: Json) -> bytes:
    """The file of a manifest: the encrypted one as it is in Git, else `body` as YAML."""
    return manifest.sealed or documents.dump(body).encode()


def written(manifest: Manifest, body: Json) -> Json:
    """What will be read from the file of a manifest whose body shall be `body`."""
    return body_of(manifest.sealed, manifest.ref, where=str(manifest.origin)) if manifest.sealed else body


def body_of(content: bytes, ref: ObjectRef, *, where: str) -> Json:
    """The object in a file, sops' notes included. A file that is not one object counts as an object with nothing in it."""
    try:
        values = [document.value for document in documents.load_all(content, where=where)]
    except ManifestError:
        values = []
    value = values[0] if len(values) == 1 else None
    if not isinstance(value, dict) or not isinstance(value.get("metadata"), dict):
        names = {"name": ref.name, "namespace": ref.namespace} if ref.namespace else {"name": ref.name}
        return {"kind": ref.kind, "metadata": names}
    return {**value}


def as_live(body: Json, ref: ObjectRef, place: Place, *, owner: str) -> Json:
    """The object as a target shows it: its uid is its place, and gitctl manages every field of what an app owns."""
    metadata = {**body.get("metadata", {}), "uid": uid_of(ref, place)}
    if owner:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), OWNER_ANNOTATION: owner}
        fields = FieldSet(frozenset(_fields(body, ())) - _IDENTITY).tree()
        metadata["managedFields"] = [
            {"manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": body.get("apiVersion", ""), "fieldsV1": fields}
        ]
    return {**body, "metadata": metadata}


def uid_of(ref: ObjectRef, place: Place) -> str:
    """What stays the same as long as it is the same object: where its file lies."""
    return f"{place.branch}:{place.path(ref)}"


def _fields(value: object, path: FieldPath) -> Iterator[FieldPath]:
    """Scalars, lists and empty maps."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _fields(item, (*path, f"f:{key}"))
    elif path:
        yield path
