"""Project + environment + names → apps for each cluster, placeholders filled, in the order of their dependencies."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitctl.config.cycle import in_order
from gitctl.config.fill import fill_app
from gitctl.errors import ConfigError, ErrorId, UsageError, Where, did_you_mean, raise_all
from gitctl.model.app import App, AppSpec, Cluster, Environment, Project


@dataclass(frozen=True, slots=True)
class Selection:
    """The apps of one environment on one cluster, each after those that it depends on. `cluster` is None where none is configured."""

    env: Environment
    cluster: Cluster | None
    apps: tuple[App, ...]


def resolve(
    project: Project,
    env: str,
    names: Sequence[str] = (),
    *,
    cluster: str = "",
    context: str = "",
    labels: Mapping[str, str] | None = None,
    with_dependencies: bool = False,
) -> tuple[Selection, ...]:
    """The selected apps (all without `names`) for each cluster of the environment, or for `cluster` alone.

    `context` takes the place of the configured one. Raises ConfigError for unknown names, UsageError for a choice that is not clear.
    """
    environment = choose_environment(project, env)
    specs = _selected(project, environment, names, labels or {}, with_dependencies)
    clusters = _clusters(project, environment, cluster, context)
    return tuple(Selection(environment, c, tuple(fill_app(spec.template, environment, c) for spec in specs)) for c in clusters)


def choose_environment(project: Project, name: str = "") -> Environment:
    """The environment with this name; without a name the only one. Raises ConfigError, UsageError."""
    known = {env.name: env for env in project.environments}
    if name in known:
        return known[name]
    if name:
        hint = did_you_mean(name, known, what="environments")
        raise ConfigError(f"unknown environment {name!r}", id=ErrorId.ENVIRONMENT_UNKNOWN, where=Where(project.path), hint=hint)
    if len(known) == 1:
        return project.environments[0]
    if not known:
        raise ConfigError(
            "there is no environment",
            id=ErrorId.ENVIRONMENT_UNKNOWN,
            where=Where(project.path, key="environments"),
            hint="add one under `environments`",
        )
    raise UsageError("which environment? name it with -e", id=ErrorId.ENVIRONMENT_NEEDED, hint=f"environments: {', '.join(known)}")


def find_app(project: Project, name: str) -> AppSpec:
    """The app with this name. Raises ConfigError with a suggestion."""
    for spec in project.apps:
        if spec.template.name == name:
            return spec
    known = [spec.template.name for spec in project.apps]
    raise ConfigError(
        f"unknown app {name!r}", id=ErrorId.APP_UNKNOWN, where=Where(project.path), hint=did_you_mean(name, known, what="apps")
    )


def _selected(
    project: Project, env: Environment, names: Sequence[str], labels: Mapping[str, str], with_dependencies: bool
) -> tuple[AppSpec, ...]:
    here = {spec.template.name: spec for spec in project.apps if not spec.environments or env.name in spec.environments}
    _check_names(project, env, names, here)
    chosen = set(names or here)
    chosen &= {name for name, spec in here.items() if labels.items() <= dict(spec.template.labels).items()}
    if with_dependencies:
        chosen = _closure(chosen, here)
    order = in_order({name: spec.template.depends_on for name, spec in here.items()})
    return tuple(here[name] for name in order if name in chosen)


def _check_names(project: Project, env: Environment, names: Iterable[str], here: Mapping[str, AppSpec]) -> None:
    errors: list[ConfigError] = []
    for name in dict.fromkeys(names):
        if name in here:
            continue
        try:
            spec = find_app(project, name)
        except ConfigError as unknown:
            errors.append(unknown)
        else:
            place = Where(project.path, spec.line, key=f"apps.{name}.environments")
            hint = f"it is in: {', '.join(spec.environments)}"
            errors.append(
                ConfigError(
                    f"the app {name!r} is not in the environment {env.name!r}", id=ErrorId.APP_NOT_IN_ENVIRONMENT, where=place, hint=hint
                )
            )
    raise_all(errors)


def _closure(names: set[str], here: Mapping[str, AppSpec]) -> set[str]:
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in here and name not in found:
            found.add(name)
            todo += here[name].template.depends_on
    return found


def _clusters(project: Project, env: Environment, cluster: str, context: str) -> tuple[Cluster | None, ...]:
    chosen = _named(project, env, cluster) if cluster else env.clusters
    if not context:
        return chosen or (None,)
    if not chosen:
        return (Cluster(name=context, context=context),)
    if len(chosen) == 1:
        return (dataclasses.replace(chosen[0], context=context),)
    same = tuple(c for c in chosen if c.context == context)
    if same:
        return same
    raise UsageError(
        f"the environment {env.name!r} has {len(chosen)} clusters, none with the context {context!r}",
        id=ErrorId.CONTEXT_NOT_IN_ENVIRONMENT,
        hint=f"contexts: {', '.join(c.context for c in chosen)}",
    )


def _named(project: Project, env: Environment, name: str) -> tuple[Cluster, ...]:
    found = tuple(c for c in env.clusters if c.name == name)
    if not found:
        known = [c.name for c in env.clusters]
        what = "is not in" if any(c.name == name for c in project.clusters) else "is unknown to"
        hint = did_you_mean(name, known, what="clusters")
        raise ConfigError(
            f"the cluster {name!r} {what} the environment {env.name!r}", id=ErrorId.CLUSTER_UNKNOWN, where=Where(project.path), hint=hint
        )
    return found
