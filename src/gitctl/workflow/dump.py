"""Health of the objects in a dump of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitctl.documents import Limits, load_all
from gitctl.errors import ErrorId, ManifestError, Where
from gitctl.health.assess import assess
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import ObjectHealth

_MIB = 1024 * 1024

DUMP = Limits(file=400 * _MIB, line=400 * _MIB, nodes=50_000_000)
"""A dump of a whole cluster is one file, at times on one line, written by a program that the user trusts."""


def dump_health(data: bytes, *, where: str) -> tuple[ObjectHealth, ...]:
    """The health of every object in a YAML or JSON dump, Lists flattened, in order. Raises ManifestError."""
    found: list[ObjectHealth] = []
    for document in load_all(data, where=where, limits=DUMP):
        if not isinstance(document.value, dict):
            raise ManifestError("not a Kubernetes object: a mapping is wanted", id=ErrorId.NOT_AN_OBJECT, where=Where(where, document.line))
        found += (ObjectHealth(_ref(one), assess(one)) for one in _flat(document.value))
    return tuple(found)


def _flat(body: Json) -> Iterator[Json]:
    """The objects of a List. Items of a typed list, as the API answers (`DeploymentList`), lack their kind: the list says it."""
    items, kind = body.get("items"), body.get("kind")
    if not (isinstance(items, list) and isinstance(kind, str) and kind.endswith("List")):
        yield body
        return
    typed = {"apiVersion": body.get("apiVersion"), "kind": kind.removesuffix("List")} if kind != "List" else {}
    for item in items:
        yield from _flat({**typed, **item} if isinstance(item, dict) else {})


def _ref(body: Json) -> ObjectRef:
    metadata = body.get("metadata")
    named: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
    group, slash, _ = str(body.get("apiVersion") or "").partition("/")
    return ObjectRef(group if slash else "", *(str(v or "") for v in (body.get("kind"), named.get("namespace"), named.get("name"))))
