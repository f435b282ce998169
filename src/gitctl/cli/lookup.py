"""The project at other revisions: read from each tree's own gitctl.yaml."""

from __future__ import annotations

from gitctl.config.fill import fill_app
from gitctl.config.load import load
from gitctl.config.resolve import find_app
from gitctl.errors import ConfigError
from gitctl.model.app import App, Cluster, Environment, Project
from gitctl.protocols import Tree


def committed(tree: Tree, name: str) -> bytes:
    """The content of the project file in a tree. Raises ConfigError."""
    if name not in tree.names(name):
        raise ConfigError(f"{name} is not in {tree.revision.name} ({tree.revision.short})", hint="commit it, or add --worktree")
    return tree.files(name)[name]


class ProjectLookup:
    """Implements `workflow.parts.Lookup`. `name` is the project file in the repository, `folder` the folder that it is in."""

    def __init__(self, name: str, folder: str, cluster: Cluster | None) -> None:
        self._name = name
        self._folder = folder
        self._cluster = cluster

    def app_at(self, app: App, tree: Tree) -> App:
        """The app as the tree's project file has it, for the same environment and cluster; under a former name where it has that."""
        project = self._project(tree)
        environment = next((e for e in project.environments if e.name == app.env), None)
        if environment is None:
            raise ConfigError(f"the environment {app.env!r} was not there in {tree.revision.short}")
        known = {spec.template.name for spec in project.apps}
        name = next((n for n in (app.name, *app.renamed_from) if n in known), app.name)
        return fill_app(find_app(project, name).template, environment, self._cluster)

    def all_apps(self, tree: Tree) -> tuple[App, ...]:
        """Every app in every environment that it is for (on the first cluster of each)."""
        project = self._project(tree)
        return tuple(
            fill_app(spec.template, environment, _cluster(environment))
            for environment in project.environments
            for spec in project.apps
            if not spec.environments or environment.name in spec.environments
        )

    def _project(self, tree: Tree) -> Project:
        return load(committed(tree, self._name), path=self._name, folder=self._folder)


def _cluster(environment: Environment) -> Cluster | None:
    return environment.clusters[0] if environment.clusters else None


class NoLookup:
    """Path mode: there is one app, and no project."""

    def app_at(self, app: App, _tree: Tree) -> App:
        """The app itself."""
        return app

    def all_apps(self, _tree: Tree) -> tuple[App, ...]:
        """None."""
        return ()
