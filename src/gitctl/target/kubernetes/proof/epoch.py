"""PURE: the epoch of a kind in a namespace, from what was read of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitctl.model.certificate import Epoch
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.admission import policies_for, shown, webhooks_for
from gitctl.target.kubernetes.proof.seal import plain_hash
from gitctl.target.kubernetes.proof.written import newest, written
from gitctl.target.kubernetes.resource import Resource


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in the whole cluster.

    `engines` are the policies of admission engines (name, uid, generation): their webhooks obey them, and no other sign of an edit is to
    be seen; None where they may not be read. `openapi` maps a group version (`apis/apps/v1`) to the hash of its schema.
    """

    version: Json
    openapi: Mapping[str, str]
    services: tuple[Json, ...]
    webhooks: tuple[Json, ...]
    policies: tuple[tuple[tuple[Json, ...], tuple[Json, ...]], ...]
    engines: tuple[Json, ...] | None = ()

    def policies_of(self, resource: Resource) -> list[tuple[Json, list[Json]]]:
        """Policies, mutating and validating, that may see a kind, with their bindings."""
        return [pair for policies, bindings in self.policies for pair in policies_for(resource, policies, bindings)]

    def webhooks_of(self, resource: Resource) -> list[Json]:
        """Webhook configurations that may see a kind."""
        return webhooks_for(resource, self.webhooks)

    def is_aggregated(self, resource: Resource) -> bool:
        """Does another server than the API server serve the kind? Nothing is known of its rules."""
        found = [service for service in self.services if _serves(service, resource)]
        return any((service.get("spec") or {}).get("service") for service in found) if found else bool(resource.group)

    def schema(self, resource: Resource) -> str:
        """The hash of the schema that the kind is part of; "" when the server does not tell."""
        root = f"apis/{resource.group}/{resource.version}" if resource.group else f"api/{resource.version}"
        return self.openapi.get(root, "")


@dataclass(frozen=True, slots=True)
class Place:
    """What holds for one kind in one namespace: its definition (None: built in), the namespace, parameters of policies, limits."""

    definition: Json | None = None
    namespace: Json | None = None
    parameters: tuple[Json, ...] = field(default=())
    limits: tuple[Json, ...] = field(default=())


def _serves(service: Json, resource: Resource) -> bool:
    spec = service.get("spec") or {}
    return (spec.get("group", ""), spec.get("version")) == (resource.group, resource.version)


def schema_hashes(index: Json) -> dict[str, str]:
    """The hash of each group version in an OpenAPI v3 index."""
    urls = {path: str(entry.get("serverRelativeURL", "")) for path, entry in (index.get("paths") or {}).items()}
    return {path: url.rpartition("hash=")[2] for path, url in urls.items() if "hash=" in url}


def epoch_of(resource: Resource, rules: Rules, place: Place) -> Epoch | None:
    """The epoch; None for a kind about which nothing can be proven."""
    schema = rules.schema(resource)
    if not schema or rules.is_aggregated(resource):
        return None
    webhooks, policies = rules.webhooks_of(resource), rules.policies_of(resource)
    if webhooks and rules.engines is None:
        return None
    digest = plain_hash(
        {
            "resource": [resource.group, resource.version, resource.plural],
            "version": rules.version,
            "schema": schema,
            "definition": _cut(place.definition, ("uid", "generation"), "spec"),
            "webhooks": webhooks,
            "engines": sorted(map(_mark, rules.engines or ())) if webhooks else [],
            "policies": [[shown(policy), [shown(b) for b in bindings]] for policy, bindings in policies],
            "parameters": [_without_managers(p) for p in place.parameters],
            "limits": [_without_managers(limit) for limit in place.limits],
            "namespace": _without_managers(place.namespace),
        }
    )
    # A definition that converts by a webhook is answered by somebody else's code as well.
    guarded = bool(webhooks or policies or _converts(place.definition))
    return Epoch(digest, guarded, None if guarded else _changed(resource, place)) if digest else None


def _changed(resource: Resource, place: Place) -> int | None:
    """When the rules of a kind without admission were last written: its definition, and limits. The rest of an epoch changes with the
    server alone, or counts for policies alone; but pods are judged by labels of their namespace, whose removal leaves no time.
    """
    if (resource.group, resource.kind) == ("", "Pod"):
        return None
    return newest(written(item) for item in (*place.limits, *([place.definition] if place.definition else [])))


def _cut(item: Json | None, metadata: tuple[str, ...], *parts: str) -> Json | None:
    if item is None:
        return None
    return {key: item["metadata"].get(key) for key in metadata} | {part: item.get(part) for part in parts}


def _without_managers(item: Json | None) -> Json | None:
    """The resourceVersion stays: a label that was taken away and put back is seen by it."""
    if item is None:
        return None
    metadata: dict[str, Any] = {k: v for k, v in item.get("metadata", {}).items() if k != "managedFields"}
    return {**item, "metadata": metadata}


def _mark(item: Json) -> str:
    metadata = item.get("metadata", {})
    return "/".join(str(metadata.get(key, "")) for key in ("namespace", "name", "uid", "generation"))


def _converts(definition: Json | None) -> bool:
    conversion = ((definition or {}).get("spec") or {}).get("conversion") or {}
    return str(conversion.get("strategy", "None")) != "None"
