"""PURE: which webhooks and policies may see a kind.

In doubt one does: selectors, match conditions and exclusions are not evaluated. Requests of one operation alone (CREATE) count as well:
a certificate may come from a create.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gitctl.model.manifest import Json
from gitctl.target.kubernetes.resource import Resource

_OPERATIONS = frozenset({"*", "CREATE", "UPDATE"})
# Served from one store under two groups: `matchPolicy: Equivalent` leads from one to the other.
_TWO_GROUPS = frozenset({"events"})


def webhooks_for(resource: Resource, configurations: Iterable[Json]) -> list[Json]:
    """The configurations that have a webhook for this kind, by name, each cut down to those webhooks."""
    found = []
    for configuration in configurations:
        hooks = [h for h in configuration.get("webhooks") or () if _matches(resource, h.get("rules"))]
        if hooks:
            found.append({**_identity(configuration), "webhooks": hooks})
    return sorted(found, key=lambda c: str(c["name"]))


def policies_for(resource: Resource, policies: Iterable[Json], bindings: Iterable[Json]) -> list[tuple[Json, list[Json]]]:
    """The policies for this kind with their bindings, by name. A policy that nothing binds does nothing."""
    bound: dict[str, list[Json]] = {}
    for binding in bindings:
        bound.setdefault(str((binding.get("spec") or {}).get("policyName", "")), []).append(binding)
    found = []
    for policy in policies:
        name = str(policy["metadata"]["name"])
        constraints = (policy.get("spec") or {}).get("matchConstraints") or {}
        if name in bound and _matches(resource, constraints.get("resourceRules")):
            found.append((policy, sorted(bound[name], key=lambda b: str(b["metadata"]["name"]))))
    return sorted(found, key=lambda pair: str(pair[0]["metadata"]["name"]))


def shown(item: Json) -> Json:
    """What of a policy or a binding counts: which one it is, and what it says."""
    return {**_identity(item), "spec": item.get("spec")}


def _identity(item: Json) -> Json:
    metadata = item["metadata"]
    # The generation sees an edit that was taken back.
    return {"name": metadata["name"], "uid": metadata.get("uid"), "generation": metadata.get("generation")}


def _matches(resource: Resource, rules: Any) -> bool:
    """No rules at all would match nothing, or everything, by kind of object: taken for everything."""
    return not rules or any(_rule_matches(resource, rule) for rule in rules)


def _rule_matches(resource: Resource, rule: Mapping[str, Any]) -> bool:
    operations, groups, plurals = (rule.get(key) or () for key in ("operations", "apiGroups", "resources"))
    scope = rule.get("scope") or "*"
    return (
        not _OPERATIONS.isdisjoint(operations)
        and ("*" in groups or resource.group in groups or resource.plural in _TWO_GROUPS)
        and any(_names(resource, plural) for plural in plurals)
        and scope in ("*", "Namespaced" if resource.namespaced else "Cluster")
    )


def _names(resource: Resource, plural: str) -> bool:
    """`*`, `*/*` and `pods/*` may mean the object itself; `pods/status` and `*/scale` do not."""
    name, slash, below = plural.partition("/")
    return name in ("*", resource.plural) and (not slash or below == "*")
