"""One app for one environment and cluster: placeholders filled; and an app without any configuration."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Mapping

from gitctl.config import placeholder, tenants
from gitctl.errors import ConfigError, ErrorId, UsageError
from gitctl.model.app import (
    App,
    BranchTarget,
    Cluster,
    Environment,
    HealthRule,
    HelmOptions,
    HookPolicy,
    IgnoreRule,
    ObjectSelector,
    RenderKind,
)
from gitctl.model.variable import merged

_NOTHING_RUNS = (HealthRule(ObjectSelector(), ignore=True, reason="committed; nothing runs in a branch"),)
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


def inside(folder: str, path: str) -> str:
    """A path that a file in `folder` writes, as the repository knows it: normal, "" for the root."""
    whole = posixpath.normpath(posixpath.join(folder, path))
    return "" if whole == "." else whole


def fill_app(template: App, env: Environment, cluster: Cluster | None) -> App:
    """The app for one environment and cluster, with the variables of all scopes.

    Raises ConfigError when `{cluster}` is used and there is none, or a name gets too long.
    """
    values = placeholders(template, env.name, cluster)
    target = _filled_target(template, values)
    return dataclasses.replace(
        template,
        env=env.name,
        path=inside("", _fill(template, "path", template.path, values)),
        namespace=_label(template, "namespace", _fill(template, "namespace", template.namespace, values)),
        helm=_filled_helm(template, values),
        target=target,
        health=_NOTHING_RUNS if target else template.health,
        kubernetes=env.kubernetes,
        api_versions=env.api_versions,
        vars=merged((*template.vars, *env.vars, *(cluster.vars if cluster else ()))),
        tenancy=tenants.filled(template.tenancy, values),
        restart_key=inside("", _fill(template, "restart_on_secret_change", template.restart_key, values)) if template.restart_key else "",
    )


def placeholders(app: App, env: str, cluster: Cluster | None) -> Mapping[str, str]:
    """What `{env}`, `{app}` and `{cluster}` mean; the last only where there is a cluster."""
    return {"env": env, "app": app.name} | ({"cluster": cluster.name} if cluster else {})


def _filled_helm(template: App, values: Mapping[str, str]) -> HelmOptions:
    helm = template.helm
    return dataclasses.replace(
        helm,
        release=_label(template, "helm.release", _fill(template, "helm.release", helm.release, values)),
        values_files=tuple(_fill(template, "helm.values_files", name, values) for name in helm.values_files),
    )


def _filled_target(template: App, values: Mapping[str, str]) -> BranchTarget | None:
    target = template.target
    if target is None:
        return None
    branch, folder, repo = (_fill(template, "target", text, values) for text in (target.branch, target.folder, target.repo))
    return BranchTarget(branch, inside("", folder), repo)


def _fill(template: App, key: str, text: str, values: Mapping[str, str]) -> str:
    if "cluster" in placeholder.used(text) and "cluster" not in values:
        raise ConfigError(
            f"apps.{template.name}.{key} has {{cluster}}, and no cluster is chosen",
            id=ErrorId.CLUSTER_NEEDED,
            hint="name a context with --context, or configure clusters",
        )
    return placeholder.fill(text, values)


def _label(template: App, key: str, text: str) -> str:
    if text and not _LABEL.fullmatch(text):
        raise ConfigError(
            f"apps.{template.name}.{key} becomes {text!r}, which is no name of at most 63 lower-case letters, digits and '-'",
            id=ErrorId.CONFIG_VALUE,
        )
    return text


def check_label(what: str, text: str) -> None:
    """Raise UsageError for a name on the command line that is no DNS label."""
    if not _LABEL.fullmatch(text):
        raise UsageError(f"{what} {text!r} is not a name of at most 63 lower-case letters, digits and '-'", id=ErrorId.ARGUMENT_INVALID)


def path_app(
    path: str,
    name: str = "",
    namespace: str = "",
    *,
    render: RenderKind = RenderKind.AUTO,
    prune: bool = False,
    wait_seconds: float = 300.0,
    create_namespace: bool = False,
    helm: HelmOptions | None = None,
    hooks: HookPolicy = HookPolicy.REFUSE,
    ignore: tuple[IgnoreRule, ...] = (),
    kubernetes: str = "",
    api_versions: tuple[str, ...] = (),
) -> App:
    """An app without a configuration (path mode): owner id `path/<namespace>/NAME`, pruning off by default.

    `path` is relative to the root of the tree that is read. Raises UsageError for a name that cannot be an owner's.
    """
    for what, text in (("--app", name), ("--namespace", namespace)):
        if text:
            check_label(what, text)
    return App(
        project="path",
        env=namespace or "default",
        name=name,
        path=inside("", path),
        namespace=namespace,
        create_namespace=create_namespace,
        render=render,
        helm=dataclasses.replace(helm or HelmOptions(), hooks=hooks),
        prune=prune,
        wait_seconds=wait_seconds,
        ignore=ignore,
        kubernetes=kubernetes,
        api_versions=api_versions,
    )
