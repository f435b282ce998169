"""The bytes of gitctl.yaml → Project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from gitctl import documents
from gitctl.config.check import check
from gitctl.config.duration import parse_duration, parse_period
from gitctl.config.fill import inside
from gitctl.config.moment import parse_time
from gitctl.config.problem import Marks, as_error, in_file_order
from gitctl.config.tenants import tenancy_of
from gitctl.errors import ConfigError, ManifestError, raise_all
from gitctl.model.app import (
    App,
    AppSpec,
    BranchTarget,
    Cluster,
    Environment,
    HealthRule,
    HelmChart,
    HelmOptions,
    HookPolicy,
    IgnoreRule,
    Limits,
    ObjectSelector,
    Project,
    RenderKind,
    SourceSpec,
)
from gitctl.model.policy import Acceptance, MaxAge, SecretPolicy
from gitctl.model.reference import ListedSources
from gitctl.model.suspension import Suspension
from gitctl.model.variable import Variable, VarScope, VarValue

if TYPE_CHECKING:
    from msgspec import UnsetType

    from gitctl.config import shape

T = TypeVar("T")

_LIMITS = documents.Limits(file=1024 * 1024, nodes=100_000)


def load(data: bytes, *, path: str = "gitctl.yaml", folder: str = "") -> Project:
    """Read and check a project file.

    `path` is shown in errors; `folder` is the file's folder inside the repository ("" for its root), with which the paths of
    apps begin. Raises ConfigError, or ManyErrors with all that is wrong, each with line, column and key.
    """
    import msgspec

    from gitctl.config import shape

    value, marks = _parsed(data, path)
    errors = [as_error(problem, path=path, marks=marks) for problem in check(value, folder=folder)]
    raise_all(in_file_order(errors))
    project = msgspec.convert(value, shape.Project)
    return _project(project, path=path, folder=folder, marks=marks)


def _parsed(data: bytes, path: str) -> tuple[Any, Mapping[tuple[str | int, ...], tuple[int, int]]]:
    try:
        return documents.load_marked(data, where=path, limits=_LIMITS)
    except ManifestError as error:
        raise ConfigError(error.message, id=error.id, hint=error.hint, where=error.where, details=error.details) from error


def _project(read: shape.Project, *, path: str, folder: str, marks: Marks) -> Project:
    clusters = {name: _cluster(name, c) for name, c in read.clusters.items()}
    return Project(
        name=read.name,
        environments=tuple(
            Environment(
                name=name,
                clusters=tuple(clusters[c] for c in env.clusters),
                protect=env.protect,
                kubernetes=env.kubernetes.removeprefix("v"),
                api_versions=tuple(env.api_versions),
                vars=_variables(env.vars, VarScope.ENVIRONMENT),
            )
            for name, env in read.environments.items()
        ),
        clusters=tuple(clusters.values()),
        apps=tuple(_app(read, name, folder, path, marks) for name in read.apps),
        source=SourceSpec(url=read.source.url, ref=read.source.ref),
        limits=Limits(read.limits.prune_count, read.limits.prune_share, read.limits.prune_per_day),
        references=ListedSources(tuple(read.references.env), tuple(read.references.files)),
        path=path,
        secrets=_policy(read, folder),
    )


def _policy(read: shape.Project, folder: str) -> SecretPolicy:
    ages = (MaxAge(inside(folder, one.path), parse_period(age) if (age := _set(one.age)) else None) for one in read.secrets.max_age)
    accepted = (Acceptance(one.finding, one.secret, one.reason) for one in read.secrets.accept)
    return SecretPolicy(tuple(ages), tuple(accepted), _restart_key(read, folder))


def _restart_key(read: shape.Project, folder: str) -> str:
    return inside(folder, read.secrets.restart_key) if read.secrets.restart_key else ""


def _cluster(name: str, read: shape.Cluster) -> Cluster:
    return Cluster(
        name=name,
        context=read.context,
        uid=read.uid,
        kubeconfig=read.kubeconfig,
        state_namespace=read.state_namespace,
        labels=_pairs(read.labels),
        vars=_variables(read.vars, VarScope.CLUSTER),
    )


def _app(project: shape.Project, name: str, folder: str, path: str, marks: Marks) -> AppSpec:
    read = project.apps[name]
    template = App(
        project=project.name,
        env="",
        name=name,
        path=inside(folder, read.path),
        namespace=read.namespace,
        create_namespace=read.create_namespace,
        render=RenderKind(read.render),
        helm=_helm(read),
        depends_on=tuple(read.depends_on),
        prune=read.prune,
        wait_seconds=parse_duration(read.wait),
        ignore=tuple(_ignore(rule, managers=tuple(rule.managers)) for rule in read.ignore),
        health=tuple(_health(rule) for rule in read.health),
        generated=tuple(_ignore(rule) for rule in read.generated),
        renamed_from=tuple(read.renamed_from),
        labels=_pairs(read.labels),
        target=_target(read),
        suspensions=tuple((env, _suspension(one)) for env, one in read.suspend.items()),
        vars=(*_variables(project.vars, VarScope.PROJECT), *_variables(read.vars, VarScope.APP)),
        vars_from_env=tuple(project.vars_from_env),
        substitute=_set(read.substitute),
        remote_bases=tuple(project.remote_bases),
        tenancy=tenancy_of(project, name, path=path, marks=marks),
        restart_key=_restart_key(project, folder) if read.restart_on_secret_change else "",
    )
    return AppSpec(template, environments=tuple(read.environments), line=marks.get(("apps", name), (0, 0))[0])


def _variables(values: Mapping[str, VarValue], scope: VarScope) -> tuple[Variable, ...]:
    return tuple(Variable(name, value, scope) for name, value in values.items())


def _helm(read: shape.App) -> HelmOptions:
    helm = read.helm
    chart = _set(helm.chart)
    return HelmOptions(
        release=helm.release,
        chart=HelmChart(repo=chart.repo, chart=chart.name, version=chart.version, digest=chart.digest) if chart else None,
        values_files=tuple(helm.values_files),
        values=helm.values,
        include_crds=helm.include_crds,
        hooks=HookPolicy(_set(read.hooks) or helm.hooks),
    )


def _suspension(read: shape.Suspend) -> Suspension:
    return Suspension(read.reason, read.by, since=_utc(_set(read.since)), until=_utc(_set(read.until)))


def _utc(text: str | None) -> str:
    """RFC 3339 in UTC: such times can be compared as text."""
    return parse_time(text).strftime("%Y-%m-%dT%H:%M:%SZ") if text else ""


def _target(read: shape.App) -> BranchTarget | None:
    target = _set(read.target)
    return BranchTarget(target.branch, target.folder, target.repo) if target else None


def _ignore(rule: shape.Ignore | shape.Generated, *, managers: tuple[str, ...] = ()) -> IgnoreRule:
    return IgnoreRule(
        select=_select(rule),
        paths=tuple(p for p in rule.paths if p.startswith("/")),
        json_paths=tuple(p for p in rule.paths if p.startswith("$")),
        managers=managers,
    )


def _health(rule: shape.Health) -> HealthRule:
    return HealthRule(
        select=_select(rule),
        healthy=_pairs(rule.healthy),
        failed=_pairs(rule.failed),
        progressing=_pairs(rule.progressing),
        ignore=rule.ignore,
    )


def _select(rule: shape.Select) -> ObjectSelector:
    return ObjectSelector(_set(rule.group), rule.kind, rule.namespace, rule.name, _pairs(rule.labels))


def _pairs(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Texts as they are; true, false and numbers as JSON writes them."""
    return tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in values.items())


def _set(value: T | UnsetType) -> T | None:
    import msgspec

    return None if isinstance(value, msgspec.UnsetType) else value
