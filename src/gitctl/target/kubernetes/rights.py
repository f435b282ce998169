"""Rights: what the account may do, asked in bulk, before anything is tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gitctl.model.change import Change
from gitctl.model.manifest import Json
from gitctl.model.rights import Need, Rule
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.compare import apply_request
from gitctl.target.kubernetes.exchange import Request
from gitctl.target.kubernetes.failure import refused_rights
from gitctl.target.kubernetes.resource import Resource

_GROUP = "authorization.k8s.io/v1"
_NOWHERE = "-"
"""No namespace can be called so: nothing is bound in it, and the rules that hold there are those of the whole cluster."""

_ESCALATION = b"attempting to grant RBAC permissions"


def held_rules(client: Client, namespaces: Collection[str]) -> Mapping[str, tuple[Rule, ...]]:
    """By SelfSubjectRulesReview. Where the server does not tell, a namespace is left out. Raises ClusterError family errors."""
    places = sorted(set(namespaces))
    answers = map_bounded(lambda place: _ask(client, "SelfSubjectRulesReview", {"namespace": place or _NOWHERE}), places, limit=WORKERS)
    return {place: _rules(answer) for place, answer in zip(places, answers, strict=True) if answer is not None}


def permitted(client: Client, needs: Collection[Need]) -> tuple[Need, ...]:
    """By SelfSubjectAccessReview. Raises ClusterError family errors."""
    asked = list(needs)
    answers = map_bounded(
        lambda need: _ask(client, "SelfSubjectAccessReview", {"resourceAttributes": _attributes(need)}), asked, limit=WORKERS
    )
    return tuple(need for need, answer in zip(asked, answers, strict=True) if answer is not None and answer.get("allowed"))


def is_forbidden(client: Client, resource: Resource, change: Change) -> bool:
    """Does the server refuse the object for lack of rights? By a dry run. Raises ClusterError family errors."""
    if change.comparison is None:
        return False
    answer = client.send(apply_request(resource, change.ref, change.comparison.sent, force=True, dry_run=True))
    return refused_rights(answer) or (answer.status == 403 and _ESCALATION in answer.body)


def user_name(client: Client) -> str:
    """By SelfSubjectReview; "" when the server does not tell."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = client.send(Request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=body))
    status = answer.json().get("status") or {} if answer.ok else {}
    return str((status.get("userInfo") or {}).get("username", ""))


def _ask(client: Client, kind: str, spec: Json) -> Json | None:
    body = {"apiVersion": _GROUP, "kind": kind, "spec": spec}
    answer = client.send(Request("POST", f"/apis/{_GROUP}/{kind.lower()}s", body=body))
    return answer.json().get("status") or None if answer.ok else None


def _attributes(need: Need) -> Json:
    resource, _, part = need.resource.partition("/")
    known = {
        "namespace": need.namespace,
        "group": need.group,
        "resource": resource,
        "subresource": part,
        "verb": need.verb,
        "name": need.name,
    }
    return {key: value for key, value in known.items() if value}


def _rules(status: Json) -> tuple[Rule, ...]:
    resources = (
        Rule(_texts(r.get("apiGroups")), _texts(r.get("resources")), _texts(r.get("verbs")), _texts(r.get("resourceNames")))
        for r in status.get("resourceRules") or ()
    )
    urls = (Rule((), (), _texts(r.get("verbs")), urls=_texts(r.get("nonResourceURLs"))) for r in status.get("nonResourceRules") or ())
    return (*resources, *urls)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value or ()))
