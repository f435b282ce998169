"""The project at other revisions: read from each tree's own gitctl.yaml."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, TypeAlias

from gitctl import documents
from gitctl.config.fill import fill_app
from gitctl.config.load import load
from gitctl.config.resolve import find_app
from gitctl.errors import ConfigError, ErrorId
from gitctl.model.app import App, Cluster, Environment, Project
from gitctl.model.suspension import Suspension
from gitctl.protocols import Tree

DocumentPath: TypeAlias = tuple[str | int, ...]

_OF_NOW = frozenset({"suspend", "team", "allow", "deny", "service_account"})


def committed(tree: Tree, name: str) -> bytes:
    """The content of the project file in a tree. Raises ConfigError."""
    if name not in tree.names(name):
        raise ConfigError(
            f"{name} is not in {tree.revision.name} ({tree.revision.short})",
            id=ErrorId.CONFIG_NOT_COMMITTED,
            hint="commit it, or add --worktree",
        )
    return tree.files(name)[name]


class ProjectLookup:
    """Implements `workflow.parts.Lookup`. `name` is the project file in the repository, `folder` the folder that it is in."""

    def __init__(self, name: str, folder: str, cluster: Cluster | None) -> None:
        self._name = name
        self._folder = folder
        self._cluster = cluster
        self._projects: dict[str, Project] = {}

    def app_at(self, app: App, tree: Tree) -> App:
        """The app as the tree's project file has it, for the same environment and cluster; under a former name where it has that. The
        rules are those that bind it now."""
        project = self._project(tree)
        environment = next((e for e in project.environments if e.name == app.env), None)
        if environment is None:
            raise ConfigError(f"the environment {app.env!r} was not there in {tree.revision.short}", id=ErrorId.ENVIRONMENT_UNKNOWN)
        known = {spec.template.name for spec in project.apps}
        name = next((n for n in (app.name, *app.renamed_from) if n in known), app.name)
        past = fill_app(find_app(project, name).template, environment, self._cluster_in(project))
        return replace(past, tenancy=app.tenancy, remote_bases=app.remote_bases)

    def settings_at(self, app: App, past: Tree, now: Tree, *, variables: Collection[str] = ()) -> Mapping[str, bytes]:
        """The project file of `now` with the app's section and the variables as `past` has them; comments and all else stay."""
        text = committed(now, self._name)
        before, after = self._loaded(committed(past, self._name)), self._loaded(text)
        changes = dict(_differences(("apps", app.name), _kept(_section(before, app)), _kept(_section(after, app))))
        for scope in self._scopes(app):
            changes |= _variables(scope, before, after, variables)
        return {self._name: documents.edit(text.decode(), changes).encode()} if changes else {}

    def siblings(self, app: App, tree: Tree) -> tuple[App, ...]:
        """The apps of the app's environment, on this cluster."""
        project = self._project(tree)
        environment = next((e for e in project.environments if e.name == app.env), None)
        here = (spec for spec in project.apps if not spec.environments or app.env in spec.environments)
        cluster = self._cluster_in(project)
        return tuple(fill_app(spec.template, environment, cluster) for spec in here) if environment else ()

    def suspended(self, app: App, tree: Tree, suspension: Suspension | None) -> Mapping[str, bytes]:
        """The project file with the suspension of the app in its environment, or without it; comments stay."""
        text = committed(tree, self._name)
        now = _section(self._loaded(text), app).get("suspend") or {}
        if suspension is None and app.env not in now:
            return {}
        path = ("apps", app.name, "suspend") if suspension is None and len(now) == 1 else ("apps", app.name, "suspend", app.env)
        value = documents.REMOVED if suspension is None else {k: v for k, v in asdict(suspension).items() if v}
        edited = documents.edit(text.decode(), {path: value}).encode()
        return {} if edited == text else {self._name: edited}

    def all_apps(self, tree: Tree) -> tuple[App, ...]:
        """Every app in every environment that it is for (on the first cluster of each)."""
        project = self._project(tree)
        return tuple(
            fill_app(spec.template, environment, _cluster(environment))
            for environment in project.environments
            for spec in project.apps
            if not spec.environments or environment.name in spec.environments
        )

    def _cluster_in(self, project: Project) -> Cluster | None:
        """The cluster that is worked with, with the variables that the project has for it."""
        if self._cluster is None:
            return None
        there = next((c for c in project.clusters if c.name == self._cluster.name), None)
        return replace(self._cluster, vars=there.vars if there else ())

    def _scopes(self, app: App) -> Iterator[DocumentPath]:
        """Where variables of the app may stand, its own section aside."""
        yield ("vars",)
        yield ("environments", app.env, "vars")
        if self._cluster is not None:
            yield ("clusters", self._cluster.name, "vars")

    def _loaded(self, text: bytes) -> Any:
        return documents.load_all(text, where=self._name)[0].value

    def _project(self, tree: Tree) -> Project:
        # One file, asked for once an app.
        text = committed(tree, self._name)
        digest = hashlib.sha256(text).hexdigest()
        if digest not in self._projects:
            self._projects[digest] = load(text, path=self._name, folder=self._folder)
        return self._projects[digest]


def _section(project: Any, app: App) -> Any:
    apps = project.get("apps") or {}
    return next((apps[name] for name in (app.name, *app.renamed_from) if name in apps), {})


def _kept(section: Any) -> Any:
    """A section without what is a matter of now, whatever is gone back to: who is suspended, and what the app may have."""
    return {key: value for key, value in section.items() if key not in _OF_NOW}


def _variables(scope: DocumentPath, before: Any, after: Any, names: Collection[str]) -> dict[DocumentPath, Any]:
    """What has to change in a scope for these variables to be what they were."""
    was, is_now = _at(before, scope), _at(after, scope)
    pairs = ((name, was.get(name, documents.REMOVED), is_now.get(name, documents.REMOVED)) for name in names)
    return {(*scope, name): old for name, old, new in pairs if old != new or type(old) is not type(new)}


def _at(value: Any, path: DocumentPath) -> Mapping[str, Any]:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _differences(path: DocumentPath, before: Any, after: Any) -> Iterator[tuple[DocumentPath, Any]]:
    """What has to be set, or taken away, to make `after` what `before` was."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from _differences((*path, key), before.get(key, documents.REMOVED), after.get(key, documents.REMOVED))
    elif before != after:
        yield path, before


def _cluster(environment: Environment) -> Cluster | None:
    return environment.clusters[0] if environment.clusters else None


class NoLookup:
    """Path mode: there is one app, and no project."""

    def app_at(self, app: App, _tree: Tree) -> App:
        """The app itself."""
        return app

    def settings_at(self, _app: App, _past: Tree, _now: Tree, *, variables: Collection[str] = ()) -> Mapping[str, bytes]:  # noqa: ARG002
        """None."""
        return {}

    def siblings(self, _app: App, _tree: Tree) -> tuple[App, ...]:
        """None."""
        return ()

    def suspended(self, _app: App, _tree: Tree, _suspension: Suspension | None) -> Mapping[str, bytes]:
        """None."""
        return {}

    def all_apps(self, _tree: Tree) -> tuple[App, ...]:
        """None."""
        return ()
