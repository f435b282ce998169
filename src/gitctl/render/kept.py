"""Kept: what became of an app's files, as objects and as bytes. Placeholders stand in the place of secrets, in both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.render.raw import Raw


@dataclass(frozen=True, slots=True)
class Ready:
    """An object that needs nothing any more: no secret is in it. `advice` is what is said about it."""

    manifest: Manifest
    advice: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The file that it comes from."""
        return self.manifest.origin.path

    @property
    def raw(self) -> Raw:
        """The object as if it had been read, for messages."""
        origin = self.manifest.origin
        return Raw(self.manifest.body, origin.path, origin.line, origin.document)


Item = Raw | Ready
"""An object that is ready, or one with placeholders in it: those are opened, and the object checked, in each run."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a renderer made of some files. `files` are the hashes of those that were read one by one, `used` the variables in each."""

    objects: tuple[Item, ...]
    tools: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of all variables that are used."""
        return tuple(sorted({name for names in self.used.values() for name in names}))


def unchanged(before: Kept | None, files: Mapping[str, str]) -> Kept:
    """What is still so, by the hashes of the files as they are now; nothing where a definition went: others depend on its scope."""
    known = {path: digest for path, digest in before.files.items() if files.get(path) == digest} if before else {}
    if before is None or any(item.path not in known and defines(item) for item in before.objects):
        return Kept(())
    objects = tuple(item for item in before.objects if item.path in known)
    return Kept(objects, files=known, used={path: names for path, names in before.used.items() if path in known})


def defines(item: Item) -> bool:
    """Does this object define a kind?"""
    body = item.manifest.body if isinstance(item, Ready) else item.body
    return body.get("kind") == "CustomResourceDefinition"


def encode(kept: Kept) -> bytes:
    """As bytes. Raises TypeError for what JSON cannot hold."""
    rows = [_ready_row(item) if isinstance(item, Ready) else _raw_row(item) for item in kept.objects]
    return orjson.dumps({"objects": rows, "tools": kept.tools, "warnings": kept.warnings, "files": kept.files, "used": kept.used})


def decode(content: bytes) -> Kept:
    """What `encode` was given. Raises ValueError, KeyError, TypeError for anything else."""
    value = orjson.loads(content)
    return Kept(
        objects=tuple(_items(value["objects"])),
        tools=tuple((name, version) for name, version in value["tools"]),
        warnings=tuple(value["warnings"]),
        files=dict(value["files"]),
        used={path: tuple(names) for path, names in value["used"].items()},
    )


def _raw_row(raw: Raw) -> list[Any]:
    return [raw.body, raw.path, raw.line, raw.index, raw.step]


def _ready_row(item: Ready) -> list[Any]:
    one, origin = item.manifest, item.manifest.origin
    ref = [one.ref.group, one.ref.kind, one.ref.namespace, one.ref.name]
    return [one.body, origin.path, origin.line, origin.document, origin.renderer, *ref, one.api_version, one.digest, item.advice]


def _items(rows: Iterable[list[Any]]) -> Iterable[Item]:
    for body, path, line, index, *rest in rows:
        if len(rest) == 1:
            yield Raw(body, path, line, index, tuple(rest[0]))
            continue
        renderer, group, kind, namespace, name, version, digest, advice = rest
        ref = ObjectRef(group, kind, namespace, name)
        yield Ready(Manifest(ref, version, body, Origin(path, line, index, renderer), digest), tuple(advice))
