"""Secrets inside of YAML and JSON: Kubernetes Secrets, kubeconfigs, credentials of registries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gitctl.errors import ManifestError
from gitctl.model.exposure import Exposure, ExposureKind
from gitctl.model.manifest import Json, Path
from gitctl.secrets.scan.text import Document, documents
from gitctl.secrets.scan.value import decoded, is_plain

CONCERNED = re.compile(
    rb"[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?(?:Secret|Config)\b|[\"']?auths[\"']?[ \t\r\n]*:|[\"']?secretGenerator[\"']?[ \t]*:"
)
"""What a file that one of these kinds can be in has somewhere."""

ALLOW = "gitctl.dev/allow-plaintext"

_USER = ("client-key-data", "token", "password")
_PROVIDER = ("access-token", "id-token", "refresh-token", "client-secret")
_REGISTRY = ("auth", "password", "identitytoken", "registrytoken")


@dataclass(frozen=True, slots=True)
class Found:
    """A value that may be a secret: its path in the document, its text, and whether it is base64 of one."""

    kind: ExposureKind
    path: Path
    text: str
    key: str
    object: str = ""
    encoded: bool = False
    accepted: str = ""


def exposed_objects(file: str, document: Document) -> Iterator[Exposure]:
    """What lies open in a document."""
    for path, body in mappings(document.value, ()):
        for found in (*_in_mapping(path, body), *_in_texts(path, body)):
            yield from exposed(file, document, found)


def exposed(file: str, document: Document, found: Found) -> Iterator[Exposure]:
    """The exposure when the value is plain text, else nothing."""
    raw = decoded(found.text) if found.encoded else None
    text = found.text if raw is None else raw.decode("utf-8", "replace")
    if not (is_plain(found.text) and is_plain(text)):
        return
    size = len(found.text.encode("utf-8", "surrogatepass")) if raw is None else len(raw)
    line, column = document.place(found.path)
    yield Exposure(file, line, column, found.kind, found.key, found.object, size, accepted=found.accepted)


def mappings(value: Any, path: Path) -> Iterator[tuple[Path, Json]]:
    """Every mapping of a value, the outer ones first."""
    todo: list[tuple[Path, Any]] = [(path, value)]
    while todo:
        here, found = todo.pop()
        if isinstance(found, dict):
            yield here, found
            todo += [((*here, key), item) for key, item in reversed(found.items())]
        elif isinstance(found, list):
            todo += [((*here, number), item) for number, item in reversed([*enumerate(found)])]


def _in_mapping(path: Path, body: Json) -> Iterator[Found]:
    kind, version = body.get("kind"), body.get("apiVersion", "v1")
    if kind == "Secret" and version == "v1":
        yield from _secret(path, body)
    elif kind == "Config" and version == "v1":
        yield from _kubeconfig(path, body)
    if isinstance(body.get("auths"), dict):
        yield from _registries((*path, "auths"), body["auths"])


def _in_texts(path: Path, body: Json) -> Iterator[Found]:
    """Manifests inside of a text, such as the patches of a kustomization: told at the place of the text."""
    for step, text in _texts(body):
        if "\n" in text and CONCERNED.search(text.encode("utf-8", "surrogatepass")):
            with suppress(ManifestError):
                for document in documents("", text.encode("utf-8", "surrogatepass")):
                    inner = (found for _, mapping in mappings(document.value, ()) for found in _in_mapping((), mapping))
                    yield from (replace(found, path=(*path, *step)) for found in inner)


def _texts(body: Json) -> Iterator[tuple[Path, str]]:
    """The texts of a mapping, and those in its lists."""
    for key, value in body.items():
        for step, text in [((key, number), item) for number, item in enumerate(value)] if isinstance(value, list) else [((key,), value)]:
            if isinstance(text, str):
                yield step, text


def _secret(path: Path, body: Json) -> Iterator[Found]:
    name, accepted = _name(body), _accepted(body)
    for part in ("data", "stringData"):
        values = body.get(part)
        for key, value in values.items() if isinstance(values, dict) else ():
            text = _text(value)
            yield Found(ExposureKind.SECRET, (*path, part, key), text, f"{part}.{key}", name, part == "data", accepted)


def _kubeconfig(path: Path, body: Json) -> Iterator[Found]:
    users = body.get("users")
    for number, entry in enumerate(users if isinstance(users, list) else ()):
        user = entry.get("user") if isinstance(entry, dict) else None
        if isinstance(user, dict):
            place, name = (*path, "users", number, "user"), f"user {entry.get('name', '')}".strip()
            yield from _values(ExposureKind.KUBECONFIG, place, user, _USER, name)
            provider = user.get("auth-provider")
            if isinstance(provider, dict) and isinstance(provider.get("config"), dict):
                yield from _values(ExposureKind.KUBECONFIG, (*place, "auth-provider", "config"), provider["config"], _PROVIDER, name)


def _registries(path: Path, auths: Json) -> Iterator[Found]:
    for registry, entry in auths.items():
        if isinstance(entry, dict):
            yield from _values(ExposureKind.DOCKER, (*path, registry), entry, _REGISTRY, str(registry))


def _values(kind: ExposureKind, path: Path, values: Json, keys: tuple[str, ...], owner: str) -> Iterator[Found]:
    for key in keys:
        yield Found(kind, (*path, key), _text(values.get(key)), key, owner, encoded=key in ("client-key-data", "auth"))


def _name(body: Json) -> str:
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{body['kind']}/{name}" if isinstance(name, str) else str(body["kind"])


def _accepted(body: Json) -> str:
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    reason = annotations.get(ALLOW) if isinstance(annotations, dict) else None
    return reason.strip() if isinstance(reason, str) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, dict | list) else str(value)
