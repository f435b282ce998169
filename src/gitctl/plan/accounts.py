"""Accounts: the objects that give a reader and a deployer their rights.

Accounts live in a namespace of their own, `gitctl-PROJECT-ENV`, in which no account of gitctl has any right: whoever may create Secrets
beside a ServiceAccount may have its token written into one, and deployers create Secrets, those of the state among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitctl.model.manifest import Json
from gitctl.model.rights import Account, Rule
from gitctl.plan.escalation import RBAC
from gitctl.plan.rights import ENVIRONMENT, Grant

ENVIRONMENT_READER = "gitctl-environment-reader"
"""The ClusterRole that all accounts of all projects share."""

_LONGEST = 63
_HASH = 8


@dataclass(frozen=True, slots=True)
class Office:
    """Whose accounts these are. `app` is "" for those of a whole environment; `state` is the state namespace."""

    project: str
    env: str
    state: str
    app: str = ""

    @property
    def namespace(self) -> str:
        """Where the accounts live: another one for every project and environment, also where names have hyphens in them."""
        name = f"gitctl-{self.project}-{self.env}"
        if "-" not in self.env and len(name) <= _LONGEST:
            return name
        digest = hashlib.sha256(f"{self.project}/{self.env}".encode()).hexdigest()[:_HASH]
        return f"{name[: _LONGEST - _HASH - 2].rstrip('-')}--{digest}"

    def account(self, account: Account) -> str:
        """The ServiceAccount's name: `deployer`, or `web-deployer`."""
        return f"{self.app}-{account.value}" if self.app else account.value

    def role(self, account: Account) -> str:
        """What the account's roles and bindings are called. No part of it has a dot, so no two are called the same."""
        return ".".join(filter(None, ("gitctl", self.project, self.env, self.app, account.value)))

    def user(self, account: Account) -> str:
        """The account as the API server calls it: what `--as` takes."""
        return f"system:serviceaccount:{self.namespace}:{self.account(account)}"


def account_objects(office: Office, grants: Mapping[Account, Grant], *, missing: Iterable[str] = ()) -> tuple[Json, ...]:
    """Everything that these accounts need, in the order of applying. `missing` are namespaces that are not there yet."""
    places = dict.fromkeys((office.state, *sorted(missing)))
    return (
        *(_namespace(name) for name in places if name != office.namespace),
        _namespace(office.namespace, **{"pod-security.kubernetes.io/enforce": "restricted"}),
        environment_reader(),
        *(item for account, grant in grants.items() for item in _account(office, account, grant)),
    )


def acting_objects(office: Office, account: str, grant: Grant) -> tuple[Json, ...]:
    """A service account (NAMESPACE/NAME) that applies the objects of some apps, and its rights."""
    namespace, _, name = account.partition("/")
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    role = ".".join(("gitctl", office.project, office.env, "as", namespace, name))
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
    return ({**body, "automountServiceAccountToken": False}, *_rights(role, grant, subject))


def environment_reader() -> Json:
    """The shared ClusterRole."""
    return _role("ClusterRole", ENVIRONMENT_READER, "", ENVIRONMENT)


def _account(office: Office, account: Account, grant: Grant) -> Iterator[Json]:
    name, subject = office.role(account), _subject(office, account)
    yield {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": office.account(account), "namespace": office.namespace},
        "automountServiceAccountToken": False,
    }
    yield _binding("ClusterRoleBinding", f"{name}.environment", "", ENVIRONMENT_READER, "ClusterRole", subject)
    yield from _rights(name, grant, subject)


def _rights(name: str, grant: Grant, subject: Json) -> Iterator[Json]:
    for namespace, rules in grant.items():
        prefix = "" if namespace else "Cluster"
        yield _role(f"{prefix}Role", name, namespace, rules)
        yield _binding(f"{prefix}RoleBinding", name, namespace, name, f"{prefix}Role", subject)


def _subject(office: Office, account: Account) -> Json:
    return {"kind": "ServiceAccount", "name": office.account(account), "namespace": office.namespace}


def _namespace(name: str, **labels: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **({"labels": labels} if labels else {})}}


def _role(kind: str, name: str, namespace: str, rules: Iterable[Rule]) -> Json:
    return _rbac(kind, name, namespace) | {"rules": [_rule(rule) for rule in rules]}


def _binding(kind: str, name: str, namespace: str, role: str, role_kind: str, subject: Json) -> Json:
    return _rbac(kind, name, namespace) | {"roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": role}, "subjects": [subject]}


def _rbac(kind: str, name: str, namespace: str) -> Json:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": {"name": name, **place}}


def _rule(rule: Rule) -> Json:
    parts = {
        "apiGroups": rule.groups,
        "resources": rule.resources,
        "resourceNames": rule.names,
        "nonResourceURLs": rule.urls,
        "verbs": rule.verbs,
    }
    return {key: list(values) for key, values in parts.items() if values}
