"""Normal forms: what the API server would make of the object anyway, so that every comparison starts from the same spelling."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from gitctl.model.manifest import Json, Path
from gitctl.model.reference import is_reference

SERVER_SET = ("managedFields", "resourceVersion", "uid", "selfLink", "generation", "creationTimestamp", "deletionTimestamp")
"""Fields of metadata that only the API server sets; copies of live objects bring them along."""


TEXTS = ("labels", "annotations")
"""Mappings of metadata whose values are text."""


def is_secret(body: Json) -> bool:
    """A Secret of the core API."""
    return body.get("kind") == "Secret" and body.get("apiVersion") == "v1"


def normal(body: Json) -> Json:
    """The object with stringData in data, canonical base64, "" for null where the server wants text, and without the server's own
    fields, null creation times and an empty or generated status. Values of a wrong type stay as they are: `lint` tells about them.
    The argument is not changed."""
    result = {k: _without_null_times(v) for k, v in body.items() if k != "status" or not _is_idle_status(body, v)}
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        result["metadata"] = {k: _texts(v) if k in TEXTS else v for k, v in metadata.items() if k not in SERVER_SET}
    if is_secret(body):
        _join_secret(result)
    elif body.get("kind") == "ConfigMap" and body.get("apiVersion") == "v1":
        _canonical_values(result, "binaryData")
        if "data" in result:
            result["data"] = _texts(result["data"])
    return result


def server_fields(body: Json) -> tuple[str, ...]:
    """The server's own fields that the object was written with, null times aside."""
    metadata = body.get("metadata")
    return tuple(k for k in SERVER_SET if metadata.get(k) is not None) if isinstance(metadata, dict) else ()


def moved(path: Path, body: Json) -> Path:
    """Where a path of the written object lies in its normal form."""
    return ("data", *path[1:]) if is_secret(body) and path[:1] == ("stringData",) else path


def decoded(text: Any) -> bytes | None:
    """The bytes of base64 as the API server reads it (line breaks inside are fine); None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return None


def _texts(values: Any) -> Any:
    """The server reads null as "" where it wants text."""
    return {k: "" if v is None else v for k, v in values.items()} if isinstance(values, dict) else values


def _join_secret(body: Json) -> None:
    body["data"] = _encoded_references(body["data"]) if isinstance(body.get("data"), dict) else body.get("data")
    _canonical_values(body, "data")
    written = _texts(body.get("stringData"))
    if not isinstance(written, dict):
        if written is None:
            body.pop("stringData", None)
        return
    data = body.get("data")
    if not (data is None or isinstance(data, dict)) or not all(isinstance(v, str) for v in written.values()):
        return
    del body["stringData"]
    body["data"] = (data or {}) | {k: base64.b64encode(v.encode("utf-8", "surrogateescape")).decode("ascii") for k, v in written.items()}


def _encoded_references(values: Json) -> Json:
    """A reference to a store may stand below data without base64: its value is what is encoded."""
    return {
        k: base64.b64encode(v.encode("utf-8", "surrogateescape")).decode("ascii") if isinstance(v, str) and is_reference(v) else v
        for k, v in values.items()
    }


def _canonical_values(body: Json, key: str) -> None:
    values = body.get(key)
    if isinstance(values, dict):
        body[key] = {k: v if (raw := decoded(v)) is None else base64.b64encode(raw).decode("ascii") for k, v in _texts(values).items()}
    elif values is None:
        body.pop(key, None)


def _is_idle_status(body: Json, status: Any) -> bool:
    return _is_blank(status) or body.get("kind") == "CustomResourceDefinition"


def _is_blank(value: Any) -> bool:
    """Nothing in it, at any depth: generators write `status: {loadBalancer: {}}`."""
    if isinstance(value, dict):
        return all(map(_is_blank, value.values()))
    return value is None or value == "" or value == []


def _without_null_times(value: Any) -> Any:
    """Go's zero time in every `metadata`, templates included."""
    if isinstance(value, dict):
        return {k: _without_null_times(v) for k, v in value.items() if not (k == "creationTimestamp" and v is None)}
    if isinstance(value, list):
        return [_without_null_times(v) for v in value]
    return value
