"""Which file each object of a kustomization comes from: kustomize is asked to note it, and the note is taken out again."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import replace

from gitctl.documents import load_all
from gitctl.model.manifest import Json
from gitctl.render.raw import Raw

NOTE = "config.kubernetes.io/origin"
_ASK = b"\nbuildMetadata: [originAnnotations]\n"


def asking(kustomization: bytes) -> bytes | None:
    """The kustomization with a request for notes at its end; None where it is not in block style, or has build metadata of its own."""
    text = kustomization.strip()
    is_block = not text.startswith((b"{", b"-", b"%")) and not text.endswith((b"...", b"---"))
    return kustomization + _ASK if is_block and b"buildMetadata" not in text and b"\n---" not in text else None


def with_origins(objects: Iterable[Raw], folder: str, files: Collection[str]) -> list[Raw]:
    """The objects without their notes, each with the file that its note names (relative to `folder`, one of `files`)."""
    return [_noted(raw, folder, files) for raw in objects]


def _noted(raw: Raw, folder: str, files: Collection[str]) -> Raw:
    metadata = raw.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    note = annotations.get(NOTE) if isinstance(annotations, dict) else None
    if not isinstance(note, str):
        return raw
    path = posixpath.normpath(posixpath.join(folder, _path(note)))
    return replace(raw, body=_without_note(raw.body), path=path if path in files else raw.path)


def _path(note: str) -> str:
    """`path: …` for files, `configuredIn: …` for what a generator made."""
    found = load_all(note.encode(), where=NOTE)
    value = found[0].value if found else None
    return str(value.get("path") or value.get("configuredIn") or "") if isinstance(value, dict) else ""


def _without_note(body: Json) -> Json:
    annotations = {k: v for k, v in body["metadata"]["annotations"].items() if k != NOTE}
    metadata = {k: v for k, v in body["metadata"].items() if k != "annotations"}
    return {**body, "metadata": {**metadata, "annotations": annotations} if annotations else metadata}
