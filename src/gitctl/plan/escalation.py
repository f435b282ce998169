"""Roles among an app's objects: nobody may give away rights that he does not hold.

The API server checks that at every write of a role or a binding. Whoever writes a role holds its rules himself, then he may change it
within these rules only; the verb `escalate` would let him write any rule into it. A binding to a role that the app does not bring needs
the verb `bind` on that role, by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from gitctl.model.manifest import Json, Manifest
from gitctl.model.rights import Rule

RBAC = "rbac.authorization.k8s.io"
_PLURALS = {"Role": "roles", "ClusterRole": "clusterroles"}


def escalations(manifests: Iterable[Manifest]) -> Iterator[tuple[str, Rule]]:
    """(namespace, rule) pairs that writing these roles and bindings needs; "" is the whole cluster."""
    ours = [m for m in manifests if m.ref.group == RBAC]
    known = {(m.ref.kind, m.ref.namespace, m.ref.name) for m in ours if m.ref.kind in _PLURALS and not _is_aggregated(m.body)}
    for manifest in ours:
        if manifest.ref.kind in _PLURALS:
            yield from ((manifest.ref.namespace, rule) for rule in _held(manifest))
        elif manifest.ref.kind in ("RoleBinding", "ClusterRoleBinding"):
            yield from ((manifest.ref.namespace, rule) for rule in _bound(manifest, known))


def _held(manifest: Manifest) -> list[Rule]:
    """The role's own rules. What an aggregated role will hold is not known: only `escalate` lets it be written."""
    if _is_aggregated(manifest.body):
        return [Rule((RBAC,), (_PLURALS[manifest.ref.kind],), ("escalate",), (manifest.ref.name,))]
    return [_rule(item) for item in _items(manifest.body.get("rules"))]


def _bound(manifest: Manifest, known: Collection[tuple[str, str, str]]) -> list[Rule]:
    role = foreign_role(manifest, known)
    return [Rule((RBAC,), (_PLURALS[role[0]],), ("bind",), (role[1],))] if role and role[0] in _PLURALS else []


def foreign_role(manifest: Manifest, known: Collection[tuple[str, str, str]]) -> tuple[str, str] | None:
    """(kind, name) of the role that a binding is to, None when it is among `known` (kind, namespace, name), or no binding."""
    if manifest.ref.group != RBAC or manifest.ref.kind not in ("RoleBinding", "ClusterRoleBinding"):
        return None
    role = manifest.body.get("roleRef")
    role = role if isinstance(role, dict) else {}
    kind, name = str(role.get("kind", "")), str(role.get("name", ""))
    place = manifest.ref.namespace if kind == "Role" else ""
    return None if (kind, place, name) in known else (kind, name)


def _is_aggregated(body: Json) -> bool:
    return bool(body.get("aggregationRule"))


def _rule(item: Json) -> Rule:
    return Rule(
        groups=_texts(item.get("apiGroups")),
        resources=_texts(item.get("resources")),
        verbs=_texts(item.get("verbs")),
        names=_texts(item.get("resourceNames")),
        urls=_texts(item.get("nonResourceURLs")),
    )


def _items(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
