"""One file: keys by their form, and what its documents hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitctl.errors import ManifestError
from gitctl.model.exposure import Exposure
from gitctl.secrets.scan.allow import with_reasons
from gitctl.secrets.scan.keys import private_keys
from gitctl.secrets.scan.kustomize import exposed_literals
from gitctl.secrets.scan.objects import CONCERNED, exposed_objects
from gitctl.secrets.scan.text import documents

_SUFFIXES = (".yaml", ".yml", ".json", ".tpl", ".dockercfg", ".kubeconfig", ".conf", "config", "kustomization")
_BINARY = 8000
"""git's own test: a NUL in the first bytes."""


def exposures(path: str, content: bytes) -> tuple[tuple[Exposure, ...], str]:
    """Everything that lies open in a file, in the order of its lines, and why its documents could not be looked at ("" when they could)."""
    trouble = ""
    inside: tuple[Exposure, ...] = ()
    if b"\0" not in content[:_BINARY] and path.lower().endswith(_SUFFIXES) and CONCERNED.search(content):
        try:
            inside = tuple(_in_documents(path, content))
        except ManifestError as error:
            trouble = f"not readable: {error.message}"
    found = (*inside, *_not_within(private_keys(path, content), inside))
    ordered = sorted(found, key=lambda e: (e.line, e.column, e.kind))
    return with_reasons(ordered, content.decode("utf-8", "replace") if ordered else ""), trouble


def _in_documents(path: str, content: bytes) -> Iterator[Exposure]:
    for document in documents(path, content):
        yield from exposed_objects(path, document)
        yield from exposed_literals(path, document)


def _not_within(keys: Iterable[Exposure], values: tuple[Exposure, ...]) -> Iterator[Exposure]:
    """A key that is (part of) a value which is told already is told once."""
    for key in keys:
        if not any(value.line <= key.line and (key.line < value.until or not value.until) for value in values):
            yield key
