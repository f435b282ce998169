"""Surroundings: kinds with random definitions, and what administrators do: policies, parameters, labels, definitions, users, limits."""

from __future__ import annotations

import copy
import secrets
import time
from random import Random

from tests.cluster.proof.kinds import ADMISSION, CRDS, Kind, annotate
from tests.cluster.proof.lab import Lab
from tests.oracle.edits import edited
from tests.oracle.schemas import random_properties, random_value

from gitctl.model.manifest import Json
from gitctl.sandbox.server import ask, create

_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
_PUBLISHED_SECONDS = 3.0


class Surroundings:
    """What holds around the objects of a campaign."""

    def __init__(self, lab: Lab, rng: Random, *, kinds: int = 3) -> None:
        self.lab = lab
        self.rng = rng
        self.user = ""
        self.users = tuple(f"{lab.namespace}-{letter}" for letter in "ab")
        self.properties: dict[str, Json] = {}
        self.kinds = [Kind(lab.plane) for _ in range(kinds)]
        for kind in self.kinds:
            while not self._define(kind, random_properties(rng)):
                pass
        for user in self.users:
            subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
            role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
            made = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": user}}
            create(lab.plane, _BINDINGS, made | {"roleRef": role, "subjects": [subject]})
        create(lab.plane, self._maps(), self._parameter("9"))

    def close(self) -> None:
        """Remove kinds, policies and users."""
        for kind in self.kinds:
            kind.drop()
        for user in self.users:
            ask(self.lab.plane, "DELETE", f"{_BINDINGS}/{user}")

    def custom(self, name: str) -> tuple[Json, Json]:
        """A random object of a random kind, and the properties of its spec."""
        kind = self.rng.choice(self.kinds)
        properties = self.properties[kind.group]
        spec = {key: random_value(self.rng, schema) for key, schema in properties.items() if self.rng.random() < 0.7}
        return kind.thing(name, **spec, text="a") | {"metadata": {"name": name, "labels": {"app": name}}}, properties

    def act(self) -> str:
        """Do one thing; says what."""
        acts = (self._redefine, self._redefine, self._redefine, self._mutating, self._validating, self._parameterised, self._edit_parameter)
        acts = (
            *acts,
            self._label,
            self._label,
            self._by_user,
            self._switch_user,
            self._switch_user,
            self._lift,
            self._limit,
            self._replicas,
        )
        act = self.rng.choice(acts)
        act()
        return act.__name__.strip("_")

    def _define(self, kind: Kind, properties: Json) -> bool:
        """Replace a definition, when the server takes it."""
        path = f"{CRDS}/things.{kind.group}"
        body = kind.definition(spec=properties, old=properties if len(properties) % 2 else {})
        before, found = kind._schema(), ask(self.lab.plane, "GET", path).json()
        body["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        answer = ask(self.lab.plane, "PUT", path, body)
        if answer.code == 200:
            self.properties[kind.group] = properties
            if answer.json()["metadata"]["generation"] != found["metadata"]["generation"]:
                published(kind, before)
        return answer.code == 200

    def _redefine(self) -> None:
        kind = self.rng.choice(self.kinds)
        for _ in range(10):
            properties = copy.deepcopy(self.properties[kind.group])
            field = self.rng.choice(list(properties))
            schema = properties[field]
            form = self.rng.randrange(4)
            if form == 0:
                schema["default"] = random_value(self.rng, schema)
            elif form == 1 and schema.get("type") == "array":
                schema["x-kubernetes-list-type"] = self.rng.choice(("atomic", "set"))
                schema.pop("x-kubernetes-list-map-keys", None)
            elif form == 1 and schema.get("type") == "object":
                schema["x-kubernetes-map-type"] = self.rng.choice(("atomic", "granular"))
            elif form == 2:
                schema.pop("default", None)
            else:
                _, properties = edited(self.rng, properties, ((field,),))
            if properties != self.properties[kind.group] and self._define(kind, properties):
                return

    def _mutating(self) -> None:
        self.rng.choice(self.kinds).mutating(
            annotate("seen", self.rng.choice("ab")), operations=self.rng.choice((("UPDATE",), ("CREATE", "UPDATE")))
        )

    def _by_user(self) -> None:
        user = self.rng.choice(self.users)
        self.rng.choice(self.kinds).mutating(annotate("user", user), condition=f'request.userInfo.username == "{user}"')

    def _replicas(self) -> None:
        patch = '[JSONPatch{op: "replace", path: "/spec/replicas", value: 2}]'
        self.rng.choice(self.kinds).mutating(patch, condition="has(object.spec.replicas) && object.spec.replicas < 2")

    def _validating(self) -> None:
        exempt = '!has(request.options.fieldManager) || request.options.fieldManager != "operator"'
        self.rng.choice(self.kinds).validating("!has(object.spec.replicas) || object.spec.replicas < 2", condition=exempt)

    def _parameterised(self) -> None:
        param = {"name": "rules", "namespace": self.lab.namespace, "parameterNotFoundAction": "Deny"}
        if self.rng.random() < 0.5:
            del param["namespace"]
        self.rng.choice(self.kinds).validating("size(object.metadata.name) <= int(params.data.most)", param=param)

    def _maps(self) -> str:
        return f"/api/v1/namespaces/{self.lab.namespace}/configmaps"

    def _parameter(self, most: str) -> Json:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "rules", "namespace": self.lab.namespace},
            "data": {"most": most},
        }

    def _edit_parameter(self) -> None:
        ask(self.lab.plane, "PUT", f"{self._maps()}/rules", self._parameter(str(self.rng.randrange(8, 11))))

    def _on_built_in(self) -> None:
        """A policy for built-in kinds, in this namespace alone; some writers are exempt."""
        name = f"oracle-{secrets.token_hex(4)}"
        groups, plurals = self.rng.choice(
            ((("",), ("configmaps", "secrets")), (("apps", ""), ("deployments", "services")), (("*",), ("*",)))
        )
        rule = {"apiGroups": groups, "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": plurals}
        when = self.rng.choice(
            ('request.options.?fieldManager.orValue("") != "operator"', f'request.userInfo.username == "{self.users[0]}"', "true")
        )
        conditions = [{"name": "when", "expression": when}, {"name": "has", "expression": "has(object.metadata.annotations)"}]
        mutation = {"patchType": "JSONPatch", "jsonPatch": {"expression": annotate("built-in", self.rng.choice("ab"))}}
        spec = {"matchConstraints": {"resourceRules": [rule]}, "matchConditions": conditions, "failurePolicy": "Fail"}
        spec |= {"mutations": [mutation], "reinvocationPolicy": "Never"}
        here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.lab.namespace}}}
        bodies = {"policies": ("", spec), "policybindings": ("Binding", {"policyName": name, "matchResources": here})}
        for plural, (kind, content) in bodies.items():
            path = f"{ADMISSION}/mutatingadmission{plural}"
            made = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": f"MutatingAdmissionPolicy{kind}"}
            create(self.lab.plane, path, made | {"metadata": {"name": name}, "spec": content})
            self.kinds[0].made.append(f"{path}/{name}")

    def _label(self) -> None:
        labels = {"strict": self.rng.choice(("on", "off"))}
        self.lab.send(
            "PATCH", f"/api/v1/namespaces/{self.lab.namespace}", {"metadata": {"labels": labels}}, content="application/merge-patch+json"
        )
        if self.rng.random() < 0.5:
            selector = {"matchLabels": {"strict": "on"}}
            self.rng.choice(self.kinds).mutating(annotate("label", "on"), selector=selector)

    def _switch_user(self) -> None:
        self.user = self.rng.choice(("", *self.users))

    def _lift(self) -> None:
        for kind in self.kinds:
            kind.clean()

    def _limit(self) -> None:
        path = f"/api/v1/namespaces/{self.lab.namespace}/limitranges"
        if self.rng.random() < 0.5 and ask(self.lab.plane, "DELETE", f"{path}/most").code == 200:
            return
        limit = {"type": "PersistentVolumeClaim", "max": {"storage": self.rng.choice(("1500Mi", "5Gi"))}}
        name = f"most-{secrets.token_hex(2)}" if self.rng.random() < 0.3 else "most"
        create(self.lab.plane, path, {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": name}, "spec": {"limits": [limit]}})


def published(kind: Kind, before: str) -> None:
    """Wait until the schema is published anew; it may be the same."""
    end = time.monotonic() + _PUBLISHED_SECONDS
    while kind._schema() == before and time.monotonic() < end:
        time.sleep(0.05)
