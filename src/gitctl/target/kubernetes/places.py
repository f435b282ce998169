"""Places: wanted objects whose namespace does not exist and that nobody creates: found while planning, not while applying."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from gitctl.model.change import Comparison
from gitctl.model.manifest import ObjectRef
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.resource import NAMESPACES


def missing_namespaces(client: Client, compared: Sequence[Comparison], coming: Collection[str]) -> tuple[Comparison, ...]:
    """The comparisons, those to be created in a namespace that is neither there nor `coming` with an error."""
    made = {c.ref.name for c in compared if (c.ref.group, c.ref.kind) == ("", "Namespace")}
    asked = sorted({c.ref.namespace for c in compared if _creates(c)} - made - set(coming) - {""})
    paths = [NAMESPACES.path(ObjectRef("", "Namespace", "", name)) for name in asked]
    answers = map_bounded(client.get, paths, limit=WORKERS)
    missing = {name for name, answer in zip(asked, answers, strict=True) if answer.absent}
    return tuple(_marked(c) if _creates(c) and c.ref.namespace in missing else c for c in compared)


def _creates(comparison: Comparison) -> bool:
    return comparison.live is None and not comparison.error


def _marked(comparison: Comparison) -> Comparison:
    namespace = comparison.ref.namespace
    return replace(comparison, error=f"the namespace {namespace} does not exist: set create_namespace, or add it", error_code=404)
