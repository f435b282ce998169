"""Which file each object of a kustomization comes from: kustomize is asked to note it, and the note is taken out again."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from gitctl.documents import load_all
from gitctl.model.manifest import Json
from gitctl.render.raw import Raw

NOTE = "config.kubernetes.io/origin"
_ASK = b"buildMetadata: [originAnnotations]\n"
# Comments and blank lines, one `---`, more comments; then the first key of a mapping in block style that is not indented.
_BEFORE_FIRST_KEY = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*)?(?=[A-Za-z])")


def asking(kustomization: bytes) -> bytes | None:
    """The kustomization with a request for notes before its first key; None where it is written in another style, or has build
    metadata of its own."""
    found = _BEFORE_FIRST_KEY.match(kustomization)
    if found is None or b"buildMetadata" in kustomization:
        return None
    return kustomization[: found.end()] + _ASK + kustomization[found.end() :]


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
