"""Kinds, policies and webhooks for proof tests. Each module has kinds of its own, so that no test changes the epoch of another's."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from gitctl.model.manifest import Json
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask, create

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PLURALS = {
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
}


class Kind:
    """A custom kind on the control plane: `thing(…)` makes an object of it, `define(…)` changes its definition."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.group = f"p{secrets.token_hex(4)}.proof.example.com"
        self.made: list[str] = []
        create(plane, CRDS, self.definition())
        self.wait(lambda: ask(plane, "GET", f"/apis/{self.group}/v1/things").code == 200 and bool(self._schema()))

    def definition(self, *, spec: Json | None = None, old: Json | None = None) -> Json:
        """The definition; `spec` are properties of spec, `old` those of a second served version, v1beta1."""
        versions = [self._version("v1", spec or {}, storage=True)]
        versions += [self._version("v1beta1", old, storage=False)] if old is not None else []
        names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"things.{self.group}"},
            "spec": {"group": self.group, "scope": "Namespaced", "names": names, "versions": versions},
        }

    def _version(self, name: str, spec: Json, *, storage: bool) -> Json:
        whole = {"replicas": {"type": "integer"}, "text": {"type": "string"}, **spec}
        status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": whole}, "status": status}}
        scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
        return {
            "name": name,
            "served": True,
            "storage": storage,
            "schema": {"openAPIV3Schema": schema},
            "subresources": {"status": {}, "scale": scale},
        }

    def redefine(self, **changes: Any) -> None:
        """Replace the definition, and wait until the schema is published anew."""
        path = f"{CRDS}/things.{self.group}"
        before = self._schema()
        version = ask(self.plane, "GET", path).json()["metadata"]["resourceVersion"]
        body = self.definition(**changes)
        body["metadata"]["resourceVersion"] = version
        answer = ask(self.plane, "PUT", path, body)
        assert answer.code == 200, answer
        self.wait(lambda: self._schema() != before)

    def _schema(self) -> str:
        paths = ask(self.plane, "GET", "/openapi/v3").json()["paths"]
        return str(paths.get(f"apis/{self.group}/v1", ""))

    def thing(self, name: str = "web", *, version: str = "v1", **spec: Any) -> Json:
        """An object."""
        return {"apiVersion": f"{self.group}/{version}", "kind": "Thing", "metadata": {"name": name}, "spec": spec or {"text": "a"}}

    def path(self, namespace: str, name: str = "web", *, version: str = "v1") -> str:
        """Its path."""
        return f"/apis/{self.group}/{version}/namespaces/{namespace}/things/{name}"

    def policy(
        self,
        kind: str,
        *,
        operations: tuple[str, ...] = ("UPDATE",),
        condition: str = "",
        param: Json | None = None,
        selector: Json | None = None,
        **spec: Any,
    ) -> str:
        """A policy for this kind, bound; returns its name."""
        name = f"proof-{secrets.token_hex(4)}"
        rule = {"apiGroups": [self.group], "apiVersions": ["*"], "operations": list(operations), "resources": ["things"]}
        body: Json = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}, **spec}
        body |= {"matchConditions": [{"name": "when", "expression": condition}]} if condition else {}
        body |= {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}} if param else {}
        binding: Json = {"policyName": name} | ({"paramRef": param} if param else {})
        binding |= {"validationActions": ["Deny"]} if kind.startswith("Validating") else {}
        binding |= {"matchResources": {"namespaceSelector": selector}} if selector else {}
        for path, made, content in ((_PLURALS[kind], kind, body), (f"{_PLURALS[kind][:-3]}ybindings", f"{kind}Binding", binding)):
            created = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": made, "metadata": {"name": name}, "spec": content}
            create(self.plane, f"{ADMISSION}/{path}", created)
            self.made.append(f"{ADMISSION}/{path}/{name}")
        return name

    def mutating(self, patch: str, **settings: Any) -> str:
        """A MutatingAdmissionPolicy with a JSON patch."""
        mutations = [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}]
        return self.policy("MutatingAdmissionPolicy", mutations=mutations, reinvocationPolicy="Never", **settings)

    def validating(self, expression: str, **settings: Any) -> str:
        """A ValidatingAdmissionPolicy."""
        return self.policy("ValidatingAdmissionPolicy", validations=[{"expression": expression, "message": "no"}], **settings)

    def wait(self, true: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "did not come true in time"
            time.sleep(0.05)

    def clean(self) -> None:
        """Remove policies and the like."""
        for path in self.made:
            ask(self.plane, "DELETE", path)
        self.made.clear()

    def rest(self) -> None:
        """Remove them, and wait until they are out of force: the next test must not see them at work."""
        if self.made:
            self.clean()
            time.sleep(2)

    def drop(self) -> None:
        """Remove all."""
        self.clean()
        ask(self.plane, "DELETE", f"{CRDS}/things.{self.group}")


def annotate(key: str, value: str) -> str:
    """A patch that sets an annotation."""
    return f'[JSONPatch{{op: "add", path: "/metadata/annotations/{key}", value: "{value}"}}]'
