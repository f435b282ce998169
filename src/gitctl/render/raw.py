"""Documents → raw objects: parsed, lists flattened, each with the place where it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitctl.documents import load_all, place_of
from gitctl.documents.limits import RENDERED, Limits
from gitctl.errors import ErrorId, ManifestError, Where
from gitctl.model.manifest import Json, Path
from gitctl.protocols import Document


@dataclass(frozen=True, slots=True)
class Raw:
    """One object as it was written. `step` is its path inside document `index` (not empty inside of a List); `text` is the file
    for finding places, empty when the document was made by a renderer."""

    body: Json
    path: str
    line: int = 0
    index: int = 0
    step: Path = ()
    text: bytes = b""

    def where(self, path: Path = ()) -> Where:
        """The place of a field, as near as it is known."""
        key = ".".join(str(step) for step in path)
        if not self.text:
            return Where(self.path, self.line, key=f"{self.name} {key}".strip())
        place = place_of(self.text, (*self.step, *path), where=self.path, index=self.index, limits=RENDERED)
        return Where(place.path, place.line, place.column, key)

    @property
    def name(self) -> str:
        """`Kind/name`, as far as the object has them."""
        metadata = self.body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return "/".join(str(part) for part in (self.body.get("kind"), name) if isinstance(part, str))

    def fault(self, message: str, path: Path = (), hint: str = "", *, id: ErrorId = ErrorId.MANIFEST_FIELD) -> ManifestError:
        """The error that a field is wrong, with its place."""
        return ManifestError(message, id=id, where=self.where(path), hint=hint)


def parse(documents: Iterable[Document], *, unquoted: bool = False) -> list[Raw]:
    """All objects, in order; `unquoted` as for `load_all`. Raises ManifestError for text that is no YAML, and for documents that are no
    objects."""
    return [raw for document in documents for raw in _objects(document, unquoted)]


def _objects(document: Document, unquoted: bool) -> Iterator[Raw]:
    limits = Limits() if document.exact else RENDERED
    text = document.text if document.exact else b""
    try:
        loaded = load_all(document.text, where=document.path, limits=limits, unquoted=unquoted)
    except ManifestError as error:
        if not document.exact:
            raise _without_line(error) from None
        if unquoted:
            error.hint = error.hint or _flow_hint(error, document.text)
        raise
    for found in loaded:
        yield from _flat(Raw(found.value, document.path, found.line if text else 0, found.index, (), text), found.value)


def _flat(raw: Raw, value: Any) -> Iterator[Raw]:
    if not isinstance(value, dict):
        bare = Raw({}, raw.path, raw.line, raw.index, raw.step, raw.text)
        raise bare.fault(
            "not a Kubernetes object: a mapping is wanted", hint="other YAML files can be listed in .gitctlignore", id=ErrorId.NOT_AN_OBJECT
        )
    items = value.get("items")
    if not (isinstance(items, list) and str(value.get("kind", "")).endswith("List")):
        yield raw
        return
    for number, item in enumerate(items):
        step = (*raw.step, "items", number)
        yield from _flat(Raw(item, raw.path, raw.line, raw.index, step, raw.text), item)


def _flow_hint(error: ManifestError, text: bytes) -> str:
    """YAML's own braces and a variable's look alike."""
    lines = text.split(b"\n")
    number = error.where.line if isinstance(error.where, Where) else 0
    near = b"".join(lines[max(0, number - 2) : number])
    return "inside of { } and [ ] YAML wants quotes around ${NAME}" if b"${" in near else ""


def _without_line(error: ManifestError) -> ManifestError:
    """Lines of a renderer's output are no lines of the file."""
    path = error.where.path if isinstance(error.where, Where) else str(error.where or "")
    return ManifestError(f"the rendered text is wrong: {error.message}", id=error.id, hint=error.hint, where=Where(path))
