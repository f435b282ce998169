"""Faults that are refused before anything is sent: the API server would refuse them too, later, and would quote the values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitctl.errors import ManifestError
from gitctl.model.manifest import Json, Path
from gitctl.model.reference import is_reference
from gitctl.render.normal import TEXTS, decoded, is_secret
from gitctl.render.raw import Raw

Fault = tuple[Path, str, str]

_API_VERSION = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?v[a-z0-9]+", re.IGNORECASE)


def faults(raw: Raw) -> Iterator[ManifestError]:
    """What is wrong with an object as it was written, each with its place; values are never part of a message."""
    for path, message, hint in _faults(raw.body):
        yield raw.fault(message, path, hint)


def _faults(body: Json) -> Iterator[Fault]:
    yield from _identity(body)
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        yield from _metadata(metadata)
    else:
        yield ("metadata",) if "metadata" in body else (), "metadata.name is missing", ""
    if is_secret(body):
        yield from _secret(body)
    elif body.get("kind") == "ConfigMap" and body.get("apiVersion") == "v1":
        yield from _texts(body, "data", "ConfigMap")
        yield from _base64(body, "binaryData", "ConfigMap")


def _identity(body: Json) -> Iterator[Fault]:
    for key in ("apiVersion", "kind"):
        value = body.get(key)
        if value is None:
            yield (), f"{key} is missing", "files that are no manifests can be listed in .gitctlignore"
        elif not isinstance(value, str) or not value:
            yield (key,), f"{key} must be text", ""
    version = body.get("apiVersion")
    if isinstance(version, str) and version.startswith("kustomize.config.k8s.io/"):
        yield ("apiVersion",), "a kustomization among plain manifests", "set `render: kustomize`, or list it in .gitctlignore"
    elif isinstance(version, str) and version and not _API_VERSION.fullmatch(version):
        yield ("apiVersion",), "apiVersion must look like v1 or apps/v1", ""


def _metadata(metadata: Json) -> Iterator[Fault]:
    name = metadata.get("name")
    if metadata.get("generateName") and not name:
        hint = "give it a name: with a generated one, every sync would make another object"
        yield ("metadata", "generateName"), "generateName cannot be tracked", hint
    elif name is None or name == "":
        yield ("metadata",), "metadata.name is missing", ""
    elif not isinstance(name, str):
        yield ("metadata", "name"), "metadata.name must be text", "quote it"
    if not isinstance(metadata.get("namespace", ""), str):
        yield ("metadata", "namespace"), "metadata.namespace must be text", "quote it"
    if metadata.get("ownerReferences"):
        hint = "take them out: they name an object of one cluster by uid, and the garbage collector deletes what has no such owner"
        yield ("metadata", "ownerReferences"), "ownerReferences in Git", hint
    for group in TEXTS:
        yield from _texts(metadata, group, "", ("metadata",))


def _secret(body: Json) -> Iterator[Fault]:
    yield from _base64(body, "data", "Secret")
    yield from _texts(body, "stringData", "Secret")
    if not isinstance(body.get("type", ""), str):
        yield ("type",), "the type of a Secret must be text", ""
    if not isinstance(body.get("immutable", False), bool):
        yield ("immutable",), "immutable must be true or false", ""


def _texts(owner: Json, key: str, kind: str, parents: Path = ()) -> Iterator[Fault]:
    values = owner.get(key)
    place = f"{key} of a {kind}" if kind else key
    if values is not None and not isinstance(values, dict):
        yield (*parents, key), f"{place} must be a mapping", ""
        return
    for name, value in (values or {}).items():
        if not isinstance(value, str | None):
            yield (*parents, key, name), f"{place} must hold text, not {_type(value)}", "quote the value"


def _base64(body: Json, key: str, kind: str) -> Iterator[Fault]:
    values = body.get(key)
    if values is not None and not isinstance(values, dict):
        yield (key,), f"{key} of a {kind} must be a mapping", ""
        return
    for name, value in (values or {}).items():
        if not isinstance(value, str | None):
            yield (key, name), f"{key} of a {kind} must hold base64 text, not {_type(value)}", _plain_hint(kind)
        elif value is not None and decoded(value) is None and not (kind == "Secret" and is_reference(value)):
            yield (key, name), f"{key} of a {kind} must be base64", _plain_hint(kind)


def _plain_hint(kind: str) -> str:
    return "plain text goes below stringData" if kind == "Secret" else "plain text goes below data"


def _type(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"
