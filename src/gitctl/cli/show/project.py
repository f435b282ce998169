"""A project with everything filled in, in the words of gitctl.yaml."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from enum import Enum
from typing import Any

from gitctl.config.duration import format_duration
from gitctl.config.resolve import resolve
from gitctl.model.app import App, Cluster, Environment, Project
from gitctl.plan.tenancy import defaults

Json = dict[str, Any]


def project_json(project: Project, environments: Iterable[Environment], *, context: str = "") -> Json:
    """The project with the given environments, each with its clusters and the apps on them. Raises ConfigError, UsageError."""
    references = _filled(project.references)
    return {
        "name": project.name,
        "source": _filled(project.source),
        "limits": _filled(project.limits),
        **({"secrets": policy} if (policy := _filled(project.secrets)) else {}),
        **({"references": references} if references else {}),
        "environments": {env.name: _environment(project, env, context) for env in environments},
    }


def _environment(project: Project, env: Environment, context: str) -> Json:
    places = [
        {"cluster": _cluster(selection.cluster), "apps": {app.name: _app(app) for app in selection.apps}}
        for selection in resolve(project, env.name, context=context)
    ]
    known = {"protect": env.protect, "kubernetes": env.kubernetes, "api_versions": list(env.api_versions)}
    return {**{key: value for key, value in known.items() if value}, "clusters": places}


def _cluster(cluster: Cluster | None) -> Json | None:
    return None if cluster is None else {**{k: v for k, v in _filled(cluster).items() if k != "vars"}, "labels": dict(cluster.labels)}


def _app(app: App) -> Json:
    """What an app is here; the environment's own settings are not repeated."""
    variables = {v.name: {"value": v.value, "from": v.scope.value} for v in app.vars}
    known = {"owner": app.owner, **_filled(app), "wait": format_duration(app.wait_seconds), "labels": dict(app.labels), "vars": variables}
    known["suspend"] = _filled(app.suspension) if app.suspension else None
    known["rules"] = _rules(app)
    left_out = {"project", "env", "name", "wait_seconds", "kubernetes", "api_versions", "suspensions", "tenancy"}
    return {key: value for key, value in known.items() if key not in left_out and value not in ("", [], {}, None)}


def _rules(app: App) -> Json:
    """What the app may have: the lists that are written, with their places, and what holds without being written."""
    rules = app.tenancy
    lists = [{"subject": r.subject.value, "allow": r.allow, "patterns": list(r.patterns), "where": str(r.where)} for r in rules.lists]
    known = {"team": rules.team, "service_account": rules.account, "lists": lists, "defaults": list(defaults(app))}
    return {key: value for key, value in known.items() if value}


def _filled(value: Any) -> Json:
    """A dataclass as JSON, its empty fields left out."""
    plain = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return {key: item for key, item in plain.items() if item not in ("", [], {}, None)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        return _filled(value)
    if isinstance(value, tuple):
        return _pairs(value) or [_plain(item) for item in value]
    return value


def _pairs(value: tuple[Any, ...]) -> dict[str, Any] | None:
    """Tuples of (key, value), as which mappings are kept."""
    is_mapping = value and all(isinstance(item, tuple) and len(item) == 2 for item in value)
    return dict(value) if is_mapping else None
