"""Bench: one owner's objects on the control plane, and short ways to plan, apply and look."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from gitctl.model.change import Action, Change, Comparison
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.model.state import InventoryEntry
from gitctl.protocols import CompareOptions
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.target import KubernetesTarget


def configmap(name: str = "web", **data: str) -> Json:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data or {"a": "1"}}


def secret(name: str = "web", **data: str) -> Json:
    """A Secret; values are base64 already."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data or {"p": "aGVsbG8="}}


def deployment(name: str = "web", *, image: str = "nginx:1", **spec: Any) -> Json:
    """A Deployment without replicas."""
    containers = [{"name": "web", "image": image}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}
    body = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": body}


def definition(plural: str, kind: str, *, group: str, scope: str = "Namespaced") -> Json:
    """A CustomResourceDefinition whose objects have a spec without rules."""
    schema = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


class Bench:
    """A target, an owner id, a namespace, and the inventory that a run would keep."""

    def __init__(self, target: KubernetesTarget, client: Client, owner: str, namespace: str) -> None:
        self.target = target
        self.client = client
        self.owner = owner
        self.namespace = namespace
        self.inventory: dict[ObjectRef, InventoryEntry] = {}

    def manifest(self, body: Json) -> Manifest:
        """A manifest in the bench's namespace."""
        body = copy.deepcopy(body)
        body["metadata"].setdefault("namespace", self.namespace)
        group = body["apiVersion"].rpartition("/")[0]
        ref = ObjectRef(group, body["kind"], body["metadata"]["namespace"], body["metadata"]["name"])
        return Manifest(ref, body["apiVersion"], body, Origin("app.yaml", 1))

    def locate(self, *bodies: Json, kinds: frozenset[tuple[str, str]] = frozenset()) -> tuple[Manifest, ...]:
        """Manifests with their scope settled."""
        return self.target.locate([self.manifest(b) for b in bodies], kinds=kinds)

    def compare(self, *bodies: Json, prepare: Callable[[Manifest, Json], Json] | None = None, **options: Any) -> tuple[Comparison, ...]:
        """Compare with live."""
        manifests = self.locate(*bodies, kinds=options.get("kinds", frozenset()))
        settings = CompareOptions(self.owner, prepare or (lambda m, _: m.body), **options)
        return self.target.compare(manifests, self.inventory, options=settings)

    def one(self, body: Json, **options: Any) -> Comparison:
        """Compare one object."""
        return self.compare(body, **options)[0]

    def apply(self, comparison: Comparison, *, action: Action | None = None, force: bool = False) -> Outcome:
        """Apply one comparison, as an update, or a create where nothing is; remembers what was acknowledged."""
        action = action or (Action.CREATE if comparison.live is None else Action.UPDATE)
        outcome = self.target.apply(Change(comparison.ref, action, comparison=comparison), owner=self.owner, force=force)
        if outcome.result is OutcomeResult.APPLIED and outcome.live:
            self.inventory[comparison.ref] = InventoryEntry(
                comparison.ref,
                comparison.desired.api_version,
                uid=outcome.live["metadata"]["uid"],
                fields=self.target.fields_owned(outcome.live),
            )
        return outcome

    def sync(self, *bodies: Json, **options: Any) -> list[Json]:
        """Compare and apply; the objects as the server has them afterwards."""
        outcomes = [self.apply(c) for c in self.compare(*bodies, **options)]
        assert [o.error for o in outcomes if o.error] == []
        return [o.live for o in outcomes if o.live]

    def prune(self, live: Json, *, uid: str = "", owner: str = "") -> Outcome:
        """Delete an object."""
        ref = self.ref(live)
        change = Change(ref, Action.PRUNE, live=live, live_uid=uid or live["metadata"]["uid"])
        return self.target.delete(change, owner=owner or self.owner)

    def ref(self, live: Json) -> ObjectRef:
        """The identity of a live object."""
        group = live["apiVersion"].rpartition("/")[0]
        return ObjectRef(group, live["kind"], live["metadata"].get("namespace", ""), live["metadata"]["name"])

    def look(self, body: Json) -> Json | None:
        """The live object now."""
        (manifest,) = self.locate(body)
        return self.target.observe(self.owner, [(manifest.ref, manifest.api_version)]).objects[manifest.ref]

    def observe(self, bodies: Sequence[Json]) -> dict[str, Json | None]:
        """Names and live objects."""
        manifests = self.locate(*bodies)
        seen = self.target.observe(self.owner, [(m.ref, m.api_version) for m in manifests])
        return {ref.name: live for ref, live in seen.objects.items()}

    def renamed(self, owner: str) -> Bench:
        """Another owner's bench in the same namespace."""
        return Bench(self.target, self.client, owner, self.namespace)
