"""Trials: for which kinds an account may not even try an apply out. One refusal tells it for all objects of a kind in a namespace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gitctl.model.manifest import Json
from gitctl.parallel import mutex
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request
from gitctl.target.kubernetes.resource import Resource

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_ANY = "default"

Place = tuple[Resource, str]
"""A kind, and a namespace ("" for cluster scope)."""


@dataclass(slots=True)
class Trials:
    """What one look found out about the right to dry runs. A right that is given later counts at the next look."""

    client: Client
    _refused: set[Place] = field(default_factory=set)
    _rules: dict[str, list[Json] | None] = field(default_factory=dict)
    _lock: Any = field(default_factory=mutex)

    def refused(self, place: Place) -> bool:
        """Is it known that no object there may be tried?"""
        return place in self._refused

    def note_refusal(self, place: Place) -> None:
        """One object there was refused. All are, unless rights are given by name, or the server does not tell all of them."""
        with self._lock:
            rules = self._rules_in(place[1] or _ANY)
            if rules is not None and not any(_may_patch(rule, place[0]) for rule in rules):
                self._refused.add(place)

    def _rules_in(self, namespace: str) -> list[Json] | None:
        if namespace not in self._rules:
            self._rules[namespace] = self._ask(namespace)
        return self._rules[namespace]

    def _ask(self, namespace: str) -> list[Json] | None:
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
        answer = self.client.send(Request("POST", _PATH, body=body))
        status: Json = answer.json().get("status") or {} if answer.ok else {}
        return list(status.get("resourceRules") or ()) if status.get("incomplete") is False else None


def _may_patch(rule: Json, resource: Resource) -> bool:
    wanted = (("verbs", "patch"), ("apiGroups", resource.group), ("resources", resource.plural))
    return all({"*", value} & set(rule.get(key) or ()) for key, value in wanted)
