"""The place that a value is sealed for: scope, namespace and name, and the marks that an object carries about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitctl.model.manifest import Json
from gitctl.model.sealing import Scope
from gitctl.secrets.kubeseal.errors import BadScope

SEALED_WITH = "gitctl.dev/sealed-with"
"""Annotation: the fingerprint of the public key, and the place, as `3f5a…/shop/db`. Neither is secret; both are in no sealed value, and
without them a file for an old key, or one that was renamed, would be noticed in the cluster only."""

_WIDE = {Scope.NAMESPACE: "sealedsecrets.bitnami.com/namespace-wide", Scope.CLUSTER: "sealedsecrets.bitnami.com/cluster-wide"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value may be opened. `namespace` and `name` are those of the object, whatever the scope."""

    scope: Scope
    namespace: str
    name: str

    @property
    def label(self) -> bytes:
        """What the session key is bound to."""
        match self.scope:
            case Scope.STRICT:
                return f"{self.namespace}/{self.name}".encode()
            case Scope.NAMESPACE:
                return self.namespace.encode()
            case Scope.CLUSTER:
                return b""

    def mark(self, fingerprint: str) -> str:
        """The value of SEALED_WITH."""
        return "/".join(filter(None, (fingerprint, self.label.decode())))

    def check(self, *, where: str) -> None:
        """Raise BadScope when the scope needs a name or a namespace that is not there."""
        if self.scope is not Scope.CLUSTER and not self.namespace:
            raise BadScope("no namespace to seal it for", where=where, hint="-n NAMESPACE names it; --scope cluster-wide needs none")
        if self.scope is Scope.STRICT and not self.name:
            raise BadScope("no name to seal it for", where=where, hint="--name NAME names it; --scope namespace-wide needs none")


def place_of(metadata: Json) -> Place:
    """The place that an object's metadata says, as the controller reads it: cluster-wide wins over namespace-wide."""
    found = annotations_of(metadata)
    wide = next((scope for scope in (Scope.CLUSTER, Scope.NAMESPACE) if found.get(_WIDE[scope]) == "true"), Scope.STRICT)
    return Place(wide, _text(metadata.get("namespace")), _text(metadata.get("name")))


def with_scope(annotations: Json, scope: Scope) -> Json:
    """The annotations, less those of other scopes."""
    kept = {key: value for key, value in annotations.items() if key not in _WIDE.values()}
    return kept if scope is Scope.STRICT else kept | {_WIDE[scope]: "true"}


def annotations_of(metadata: Json) -> Json:
    """The annotations, {} where there are none."""
    found = metadata.get("annotations")
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
