"""A Kubernetes Secret as what is sealed: its values as bytes, and the rest, which stays readable."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.errors import ErrorId, InputError
from gitctl.model.manifest import Json
from gitctl.secrets.kubeseal.errors import NotASecret
from gitctl.secrets.kubeseal.place import annotations_of

_SERVERS_OWN = frozenset(
    {"resourceVersion", "uid", "generation", "creationTimestamp", "deletionTimestamp", "managedFields", "ownerReferences", "selfLink"}
)
# Copies of the whole object, values included, that tools leave in its annotations.
_COPIES = frozenset({"kubectl.kubernetes.io/last-applied-configuration", "kapp.k14s.io/original", "kapp.k14s.io/original-diff"})
_LONG_ENOUGH = 8


@dataclass(frozen=True, slots=True)
class PlainSecret:
    """A Secret. `metadata` is the user's: without what a server adds, and without copies of the object."""

    metadata: Json
    values: Mapping[str, bytes]
    rest: Json


def read_secret(body: Any, *, where: str) -> PlainSecret:
    """A manifest as a Secret. Raises NotASecret, InputError (bad base64, a value that is no text, a value repeated in the metadata)."""
    if not isinstance(body, dict) or body.get("kind") != "Secret" or body.get("apiVersion") != "v1":
        _refuse(body, where)
    encoded, texts = _texts(body, "data", where), _texts(body, "stringData", where)
    values = {key: _bytes(text, key, where) for key, text in encoded.items()} | {key: text.encode() for key, text in texts.items()}
    metadata = _own(body.get("metadata"))
    _check_repeated(metadata, values, where)
    return PlainSecret(metadata, values, {key: body[key] for key in ("type", "immutable") if body.get(key) is not None})


def _refuse(body: Any, where: str) -> None:
    kind = body.get("kind") if isinstance(body, dict) else None
    if kind == "SealedSecret":
        hint = "`gitctl secret reseal` seals it for another key"
        raise InputError("sealed already", id=ErrorId.ALREADY_ENCRYPTED, where=where, hint=hint)
    what = f"a {kind}, not a Secret" if isinstance(kind, str) else "not a Kubernetes Secret"
    raise NotASecret(what, where=where, hint="put Secrets into a file of their own; --raw seals any value")


def _texts(body: Json, part: str, where: str) -> dict[str, str]:
    values = body.get(part)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f"{part} is no mapping", id=ErrorId.SECRET_CONTENT, where=where)
    for key, value in values.items():
        if not isinstance(value, str):
            hint = "put numbers, booleans and null between quotes"
            raise InputError(f"{part}.{key} is no text", id=ErrorId.SECRET_CONTENT, where=where, hint=hint)
    return values


def _bytes(text: str, key: str, where: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        hint = "plain text goes below stringData"
        raise InputError(f"bad base64 at data.{key}", id=ErrorId.BASE64_INVALID, where=where, hint=hint) from None


def _own(metadata: Any) -> Json:
    found = metadata if isinstance(metadata, dict) else {}
    kept = {key: value for key, value in found.items() if key not in _SERVERS_OWN}
    annotations = {key: value for key, value in annotations_of(found).items() if key not in _COPIES}
    return {key: value for key, value in kept.items() if key != "annotations"} | ({"annotations": annotations} if annotations else {})


def _check_repeated(metadata: Json, values: Mapping[str, bytes], where: str) -> None:
    """What is in the metadata stays readable: a value that is there too would be sealed for nothing."""
    for part in ("annotations", "labels"):
        found = metadata.get(part)
        for name, text in found.items() if isinstance(found, dict) else ():
            key = next((key for key, value in values.items() if any(form in str(text) for form in _forms(value))), None)
            if key is not None:
                said = f"metadata.{part} {name} repeats the value of {key}: it would stay readable"
                raise InputError(said, id=ErrorId.SECRET_CONTENT, where=where, hint=f"take it out of the {part}")


def _forms(value: bytes) -> Iterator[str]:
    if len(value) >= _LONG_ENOUGH:
        yield value.decode("utf-8", "surrogateescape")
        yield base64.b64encode(value).decode("ascii")
