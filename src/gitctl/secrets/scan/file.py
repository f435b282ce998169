"""One file: keys and tokens by their form, and what its documents hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator

from gitctl.errors import ManifestError
from gitctl.model.exposure import Exposure
from gitctl.secrets.scan.allow import with_reasons
from gitctl.secrets.scan.keys import private_keys
from gitctl.secrets.scan.kustomize import exposed_literals
from gitctl.secrets.scan.objects import CONCERNED, exposed_objects
from gitctl.secrets.scan.text import Document, documents
from gitctl.secrets.scan.tokens import tokens

_SUFFIXES = (".yaml", ".yml", ".json", ".tpl", ".dockercfg", ".kubeconfig", ".conf", "config", "kustomization")
_BINARY = 8000
"""git's own test: a NUL in the first bytes."""


def exposures(path: str, content: bytes) -> tuple[tuple[Exposure, ...], str]:
    """Everything that lies open in a file, in the order of its lines, and why its documents could not be looked at ("" when they could)."""
    trouble = ""
    found: tuple[Document, ...] = ()
    is_binary = b"\0" in content[:_BINARY]
    if not is_binary and path.lower().endswith(_SUFFIXES) and CONCERNED.search(content):
        try:
            found = documents(path, content)
        except ManifestError as error:
            trouble = f"not readable: {error.message}"
    inside = [e for document in found for e in (*exposed_objects(path, document), *exposed_literals(path, document))]
    by_form = [*private_keys(path, content), *(() if is_binary else tokens(path, content))]
    alone = _not_within(by_form, {e.line for e in inside}, found)
    ordered = sorted((*inside, *alone), key=lambda e: (e.line, e.column, e.kind))
    return with_reasons(ordered, content.decode("utf-8", "replace") if ordered else ""), trouble


def _not_within(keys: Iterable[Exposure], told: Collection[int], found: Iterable[Document]) -> Iterator[Exposure]:
    """A key that is (part of) a value which is told already is told once: the nearest thing that begins at or above it is that value."""
    begins = sorted({line for document in found for line, _ in document.marks.values()}) if told else []
    for key in keys:
        at = bisect_right(begins, key.line)
        if not at or begins[at - 1] not in told:
            yield key
