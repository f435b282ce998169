"""OpenAPI components → JSON Schema that refuses what the API server refuses.

Two dialects. Built-in kinds are Go types: every field that is not listed is unknown, and null means "not there" (it is taken out
before the check). Custom resources are structural schemas: the same, and a node without `properties` knows no field at all, unless
it keeps unknown ones; null stands for "not there" where the schema has a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gitctl.model.manifest import Json
from gitctl.schemas.formats import GO_BYTES, GO_MICRO_TIME, GO_TIME, KNOWN
from gitctl.schemas.openapi import BUILT_IN, METADATA, reachable, target_of

_KEPT = (
    *("type", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
_RANGES: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
QUANTITY = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"
LABEL = r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
_SPECIAL: Final[Mapping[str, Json]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"], "pattern": QUANTITY},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"]},
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": {"type": "string", "format": GO_TIME},
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": {"type": "string", "format": GO_MICRO_TIME},
}
_PORT: Final[Json] = {"minimum": 1, "maximum": 65535}
_COUNT: Final[Json] = {"minimum": 0}
_CHECKS: Final[Mapping[str, Json]] = {
    "core.v1.PodSpec": {"containers": {"minItems": 1}},
    "core.v1.ContainerPort": {"containerPort": _PORT, "hostPort": {"minimum": 0, "maximum": 65535}},
    "core.v1.ServicePort": {"port": _PORT, "nodePort": {"minimum": 0, "maximum": 65535}},
    "apps.v1.DeploymentSpec": {"replicas": _COUNT},
    "apps.v1.StatefulSetSpec": {"replicas": _COUNT},
    "apps.v1.ReplicaSetSpec": {"replicas": _COUNT},
}
"""Limits that the API server has in code, for mistakes that people make."""
_REQUIRED: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "core.v1.Container": (("image",), ()),
    "core.v1.PodTemplateSpec": (("spec",), ()),
    "core.v1.LimitRangeSpec": ((), ("limits",)),
    "core.v1.HTTPHeader": ((), ("value",)),
    "events.v1.Event": ((), ("eventTime",)),
}
"""Fields that the API server asks for although the schema does not, and the other way round."""
_OTHER_NAMES: Final = frozenset({"IPAddress", "APIService", "ClusterTrustBundle"})
_PATH_NAMES: Final = "rbac.authorization.k8s.io/"
"""Kinds, and the group, whose names may have capitals, colons, or a dot at the end."""


def json_schema(components: Mapping[str, Json], name: str, kind: tuple[str, str]) -> Json:
    """The JSON Schema of one kind, complete in itself."""
    parts = reachable(components, name) | {n: components[n] for n in (METADATA,) if n in components}
    definitions = {part: _component(part, schema) for part, schema in parts.items()}
    return {"allOf": [{"$ref": f"#/$defs/{name}"}, _identity(kind)], "$defs": definitions}


def _identity(kind: tuple[str, str]) -> Json:
    """What every object needs, whatever its kind. The name's form is that of nearly all kinds."""
    name: Json = {"type": "string", "minLength": 1, "maxLength": 253}
    if not (kind[0].startswith(_PATH_NAMES) or kind[1] in _OTHER_NAMES):
        name["pattern"] = NAME
    named = {"properties": {"name": name}, "anyOf": [{"required": ["name"]}, {"required": ["generateName"]}]}
    return {"required": ["apiVersion", "kind", "metadata"], "properties": {"metadata": named}}


def _component(name: str, schema: Json) -> Json:
    if name in _SPECIAL:
        return dict(_SPECIAL[name])
    if not name.startswith(BUILT_IN):
        return _Structural().node(schema, null=False)
    converted = _with_checks(_native(schema), name)
    if name == METADATA:
        converted["properties"]["labels"] = {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 63, "pattern": LABEL},
        }
    return converted


def _with_checks(schema: Json, name: str) -> Json:
    """The schema with what the API server asks for beyond it."""
    checks = _CHECKS.get(name.removeprefix("io.k8s.api."), {})
    properties = schema.get("properties", {})
    for key, more in checks.items():
        properties[key] = properties[key] | more if key in properties else more
    needed, free = _REQUIRED.get(name.removeprefix("io.k8s.api."), ((), ()))
    required = [key for key in (*schema.get("required", ()), *needed) if key not in free]
    rest = {key: value for key, value in schema.items() if key != "required"}
    return rest | ({"required": required} if required else {})


def _native(schema: Json) -> Json:
    """A Go type."""
    reference = target_of(schema)
    if reference:
        return {"$ref": f"#/$defs/{reference}"}
    found = _plain(schema)
    if found.get("format") == "byte":
        found["format"] = GO_BYTES
    if "properties" in schema:
        required = schema.get("required") or ()
        found["properties"] = {key: _field(value, required=key in required) for key, value in schema["properties"].items()}
        found["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = _native(schema["additionalProperties"])
    if "items" in schema:
        found["items"] = _native(schema["items"])
    if schema.get("required"):
        found["required"] = list(schema["required"])
    return found | _combined(schema, _native)


def _field(schema: Json, *, required: bool) -> Json:
    """A field of a Go type: an empty text means "not there", and gets the default."""
    found = _native(schema)
    known = found.get("enum", [""])
    return found if required or "" in known else found | {"enum": [*known, ""]}


def _plain(schema: Json) -> Json:
    """The keywords that mean the same in both languages, and formats that both check."""
    found: Json = {key: schema[key] for key in _KEPT if key in schema}
    for key in ("Minimum", "Maximum"):
        # OpenAPI writes a switch where JSON Schema has the bound itself.
        if found.pop(f"exclusive{key}", False):
            found[f"exclusive{key}"] = found.pop(key.lower(), 0)
    name = schema.get("format", "")
    if name in _RANGES:
        low, high = _RANGES[name]
        found.setdefault("minimum", low)
        found.setdefault("maximum", high)
    if name in KNOWN:
        found["format"] = name
    return found


def _combined(schema: Json, convert: Any) -> Json:
    found: Json = {key: [convert(one) for one in schema[key]] for key in ("allOf", "anyOf", "oneOf") if key in schema}
    return found | ({"not": convert(schema["not"])} if "not" in schema else {})


class _Structural:
    """The schema of a custom resource."""

    def node(self, schema: Json, *, null: bool) -> Json:
        """A node of the structure; with `null` it may be null."""
        reference = target_of(schema)
        if reference:
            return {"$ref": f"#/$defs/{reference}"}
        found = self._shape(schema)
        if null or schema.get("nullable"):
            found = _with_null(found)
        return found

    def _shape(self, schema: Json) -> Json:
        if schema.get("x-kubernetes-int-or-string"):
            return {**_plain(schema), "type": ["integer", "string"]}
        found = _plain(schema) | _combined(schema, self.value)
        if schema.get("required"):
            found["required"] = list(schema["required"])
        if "items" in schema:
            found["items"] = self.node(schema["items"], null=False)
        if found.get("type") == "object" or "properties" in schema:
            found |= self._fields(schema)
        return found

    def _fields(self, schema: Json) -> Json:
        properties = {k: self.node(v, null="default" in v) for k, v in (schema.get("properties") or {}).items()}
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            return {"properties": properties, "additionalProperties": self.node(extra, null=False)}
        if extra is True or schema.get("x-kubernetes-preserve-unknown-fields"):
            return {"properties": properties}
        return {"properties": properties, "additionalProperties": False}

    def value(self, schema: Json) -> Json:
        """A node inside of `anyOf` and its like: it says something about values and nothing about which fields exist."""
        found = _plain(schema) | _combined(schema, self.value)
        if schema.get("required"):
            found["required"] = list(schema["required"])
        if "properties" in schema:
            found["properties"] = {k: self.value(v) for k, v in schema["properties"].items()}
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                found[key] = self.value(schema[key])
        return found


def _with_null(schema: Json) -> Json:
    kind = schema.get("type")
    found = dict(schema)
    if isinstance(kind, str):
        found["type"] = [kind, "null"]
    elif isinstance(kind, list):
        found["type"] = [*kind, "null"]
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found


def without_null(value: Any) -> Any:
    """The object without keys whose value is null: to a Go type they are not there."""
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value
