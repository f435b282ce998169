"""CustomResourceDefinitions as documents of the kinds that they define, as the API server would publish them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gitctl.model.manifest import Json
from gitctl.schemas.openapi import BUILT_IN, METADATA, ApiDocument, KindId

KIND = "CustomResourceDefinition"
_EMBEDDED: Json = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"$ref": f"#/components/schemas/{METADATA}"},
}


def defined(bodies: Iterable[Json], metadata: ApiDocument) -> ApiDocument:
    """The kinds that definitions define. `metadata` has the component of ObjectMeta. A broken definition defines nothing: it is a
    manifest too, and is checked as one."""
    found = [(kind, schema) for body in bodies for kind, schema in _versions(body)]
    components = {name: schema for name, schema in metadata.components.items() if name.startswith(BUILT_IN)}
    kinds: dict[KindId, str] = {}
    for kind, schema in found:
        name = "defined." + re.sub(r"[^A-Za-z0-9.]", "-", "-".join(kind))
        components[name] = schema
        kinds[kind] = name
    return ApiDocument(components, kinds)


def _versions(body: Json) -> Iterable[tuple[KindId, Json]]:
    spec = body.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not (isinstance(spec, dict) and isinstance(names, dict) and isinstance(spec.get("versions"), list)):
        return
    for version in spec["versions"]:
        schema = _dig(version, "schema", "openAPIV3Schema")
        if isinstance(schema, dict) and version.get("served") is not False:
            kind = f"{spec.get('group')}/{version.get('name')}", str(names.get("kind"))
            yield kind, _published(schema, root=True)


def _dig(value: Any, *steps: str) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _published(schema: Any, *, root: bool = False) -> Any:
    """The schema with what every object, and every object inside of one, has anyway."""
    if isinstance(schema, list):
        return [_published(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: value if key in ("default", "enum", "example") else _published(value) for key, value in schema.items()}
    if root or schema.get("x-kubernetes-embedded-resource") is True:
        found["properties"] = (found.get("properties") or {}) | _EMBEDDED
    if schema.get("x-kubernetes-embedded-resource") is True and not root:
        found["required"] = sorted({*(found.get("required") or ()), "apiVersion", "kind"})
    return found
