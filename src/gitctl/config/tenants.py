"""Teams and the rules of apps: what is written in gitctl.yaml, checked and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from gitctl.config import placeholder
from gitctl.config.problem import KeyPath, Marks, Problem, key_text
from gitctl.errors import ErrorId, Where, did_you_mean
from gitctl.model.tenancy import RuleList, Subject, Tenancy

if TYPE_CHECKING:
    from gitctl.config import shape

_LISTS = {"allow": True, "deny": False}
_KINDS = (
    "APIService Binding CSIDriver CSINode ClusterRole ClusterRoleBinding ConfigMap ControllerRevision CronJob CustomResourceDefinition "
    "DaemonSet Deployment EndpointSlice Endpoints Event FlowSchema HorizontalPodAutoscaler Ingress IngressClass Job Lease LimitRange "
    "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace NetworkPolicy Node PersistentVolume "
    "PersistentVolumeClaim Pod PodDisruptionBudget PodTemplate PriorityClass PriorityLevelConfiguration ReplicaSet "
    "ReplicationController ResourceClaim ResourceQuota Role RoleBinding RuntimeClass Secret Service ServiceAccount StatefulSet "
    "StorageClass ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment"
)
KINDS = frozenset(_KINDS.split())
"""Kinds of Kubernetes: a pattern that is nearly one of them and has no group is a slip, and a denial with a slip denies nothing."""


def tenancy_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with `teams` and with what apps say about teams and rules, the shape aside."""
    teams, apps = _mapping(data.get("teams")), _mapping(data.get("apps"))
    clusters = list(_mapping(data.get("clusters")))
    yield from _patterns(("references",), {"references": _mapping(data.get("references")).get("stores")}, clusters)
    for at, section in _sections(teams, apps):
        yield from _references(at, section, teams)
        for side in _LISTS:
            yield from _patterns((*at, side), _mapping(section.get(side)), clusters)
        if section.get("target") is not None and section.get("service_account") is not None:
            text = "nobody applies to a branch: there is no account to act as"
            yield Problem((*at, "service_account"), text, id=ErrorId.CONFIG_CONTRADICTION)


def _sections(teams: Mapping[str, Any], apps: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    for what, sections in (("teams", teams), ("apps", apps)):
        yield from (((what, name), section) for name, section in sections.items() if isinstance(section, dict))


def _references(at: KeyPath, section: Mapping[str, Any], teams: Mapping[str, Any]) -> Iterator[Problem]:
    team = section.get("team")
    if at[0] == "apps" and isinstance(team, str) and team not in teams:
        hint = did_you_mean(team, teams, what="teams") or "add it under `teams`"
        yield Problem((*at, "team"), f"unknown team {team!r}", hint, id=ErrorId.CONFIG_REFERENCE)
    account = section.get("service_account")
    if isinstance(account, str):
        yield from _braces((*at, "service_account"), account)


def _patterns(at: KeyPath, rules: Mapping[str, Any], clusters: list[str]) -> Iterator[Problem]:
    for key in rules:
        for index, pattern in enumerate(_texts(rules[key])):
            place = (*at, key, index)
            if key == "clusters" and not any(fnmatchcase(name, pattern) for name in clusters):
                hint = did_you_mean(pattern, clusters, what="clusters")
                yield Problem(place, f"no cluster is called {pattern!r}", hint, id=ErrorId.CONFIG_REFERENCE)
            elif key in ("kinds", "cluster_kinds"):
                yield from _slip(place, pattern)
            elif key in ("namespaces", "references"):
                yield from _braces(place, pattern)


def _slip(at: KeyPath, pattern: str) -> Iterator[Problem]:
    kind = pattern.partition("/")[0]
    hint = did_you_mean(kind, KINDS)
    if hint and kind[:1].isupper() and "." not in kind and "*" not in kind and kind not in KINDS:
        yield Problem(
            at,
            f"Kubernetes has no kind {kind!r}",
            f"{hint} A custom resource is written with its group: {kind}.GROUP",
            id=ErrorId.CONFIG_VALUE,
        )


def _braces(at: KeyPath, text: str) -> Iterator[Problem]:
    name, message = placeholder.problem(text)
    if message:
        hint = did_you_mean(name, placeholder.NAMES) if name else "placeholders are {env}, {cluster} and {app}"
        yield Problem(at, f"{message} in {text!r}", hint, id=ErrorId.CONFIG_PLACEHOLDER)


def tenancy_of(read: shape.Project, name: str, *, path: str, marks: Marks) -> Tenancy:
    """The rules of an app: its team's lists, then its own."""
    app = read.apps[name]
    team = app.team if isinstance(app.team, str) else ""
    at: KeyPath = ("teams", team) if team else ("apps", name)
    account = app.service_account or (read.teams[team].service_account if team else "")
    of_team = _lists(at, read.teams[team], path, marks) if team else ()
    lists = (*_of_all(read, path, marks), *of_team, *_lists(("apps", name), app, path, marks))
    return Tenancy(team, _where(at, path, marks), lists, account if isinstance(account, str) else "")


def _lists(at: KeyPath, section: shape.Team | shape.App, path: str, marks: Marks) -> Iterable[RuleList]:
    for side, allow in _LISTS.items():
        rules = getattr(section, side)
        for subject in Subject:
            patterns = getattr(rules, subject.value, None)
            if isinstance(patterns, list):
                yield RuleList(subject, allow, tuple(patterns), _where((*at, side, subject.value), path, marks))


def _of_all(read: shape.Project, path: str, marks: Marks) -> Iterable[RuleList]:
    """What `references.stores` says holds for every app."""
    stores = read.references.stores
    if isinstance(stores, list):
        yield RuleList(Subject.REFERENCES, True, tuple(stores), _where(("references", "stores"), path, marks))


def _where(at: KeyPath, path: str, marks: Marks) -> Where:
    return Where(path, *marks.get(at, (0, 0)), key_text(at))


def filled(tenancy: Tenancy, values: Mapping[str, str]) -> Tenancy:
    """The rules for one environment and cluster. A placeholder without a value matches nothing."""
    lists = (RuleList(one.subject, one.allow, tuple(placeholder.fill(p, values) for p in one.patterns), one.where) for one in tenancy.lists)
    return Tenancy(tenancy.team, tenancy.where, tuple(lists), placeholder.fill(tenancy.account, values))


def _mapping(value: Any) -> Mapping[str, Any]:
    return {k: v for k, v in value.items() if isinstance(k, str)} if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
