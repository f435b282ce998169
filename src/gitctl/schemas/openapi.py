"""OpenAPI v3 documents as API servers publish them: which kinds they describe, and under which names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitctl.model.manifest import Json

BUILT_IN = "io.k8s."
"""Components whose names begin so are Go types of Kubernetes; all others were made from a CustomResourceDefinition."""
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_REFERENCE = "#/components/schemas/"
# Sent to, or by, every group: no objects of it.
_ENVELOPES = ("DeleteOptions", "WatchEvent", "Status", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions")

KindId = tuple[str, str]
"""(apiVersion, kind), such as `("apps/v1", "Deployment")`."""


@dataclass(frozen=True, slots=True)
class ApiDocument:
    """The components of one or more OpenAPI documents, and the component of each kind."""

    components: Mapping[str, Json] = field(default_factory=dict)
    kinds: Mapping[KindId, str] = field(default_factory=dict)


def read(document: Json) -> ApiDocument:
    """The kinds of an OpenAPI document. A document without components describes none."""
    components = (document.get("components") or {}).get("schemas") or {}
    kinds = {kind: name for name, schema in components.items() for kind in _kinds(schema)}
    return ApiDocument(components, kinds)


def _kinds(schema: Json) -> Iterable[KindId]:
    for entry in schema.get("x-kubernetes-group-version-kind") or ():
        group, version, kind = entry.get("group", ""), entry.get("version", ""), entry.get("kind", "")
        if kind not in _ENVELOPES:
            yield (f"{group}/{version}" if group else version), kind


def target_of(schema: Json) -> str:
    """The component that a schema stands for: of `$ref`, or of an `allOf` around one; "" when it is a schema of its own."""
    reference = schema.get("$ref")
    wrapped = schema.get("allOf")
    if reference is None and isinstance(wrapped, list) and len(wrapped) == 1 and "properties" not in schema:
        reference = wrapped[0].get("$ref")
    return str(reference).removeprefix(_REFERENCE) if reference else ""


def reachable(components: Mapping[str, Json], name: str) -> dict[str, Json]:
    """The component and all that it refers to."""
    found: dict[str, Json] = {}
    todo = [name]
    while todo:
        one = todo.pop()
        if one not in found and one in components:
            found[one] = components[one]
            todo += references(components[one])
    return found


def references(value: Any) -> list[str]:
    """Names of the components that a schema refers to."""
    if isinstance(value, dict):
        own = value.get("$ref")
        below = [name for key, item in value.items() if key != "$ref" for name in references(item)]
        return [own.removeprefix(_REFERENCE), *below] if isinstance(own, str) else below
    return [name for item in value for name in references(item)] if isinstance(value, list) else []
