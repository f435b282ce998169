"""Deployers: the marks by which other tools know the objects that they deployed."""

from __future__ import annotations

from collections.abc import Iterator

from gitctl.model.manifest import Json
from gitctl.model.marks import annotation, label

_FLUX = (("kustomize.toolkit.fluxcd.io", "Flux Kustomization"), ("helm.toolkit.fluxcd.io", "Flux HelmRelease"))
_SINGLE = (
    ("argocd.argoproj.io/tracking-id", "Argo CD", "application"),
    ("kapp.k14s.io/app", "kapp", "app"),
    ("objectset.rio.cattle.io/id", "Rancher", "object set"),
    ("olm.owner", "Operator Lifecycle Manager", "owner"),
    ("addonmanager.kubernetes.io/mode", "the addon manager", "mode"),
)


def deployers(live: Json) -> tuple[str, ...]:
    """Other tools whose marks a live object carries: `Helm release shop/web`, `Argo CD application web`."""
    return tuple(dict.fromkeys(_found(live)))


def _found(live: Json) -> Iterator[str]:
    release = annotation(live, "meta.helm.sh/release-name")
    if release:
        yield f"Helm release {annotation(live, 'meta.helm.sh/release-namespace')}/{release}"
    for domain, name in _FLUX:
        if one := label(live, f"{domain}/name"):
            yield f"{name} {label(live, f'{domain}/namespace')}/{one}"
    for mark, name, what in _SINGLE:
        if value := annotation(live, mark) or label(live, mark):
            # Argo CD's tracking id goes on with the object: `web:apps/Deployment:shop/web`.
            yield f"{name} {what} {value.partition(':')[0]}"
    if app := label(live, "argocd.argoproj.io/instance"):
        yield f"Argo CD application {app}"
    by = label(live, "app.kubernetes.io/managed-by")
    if by and not (by == "Helm" and release):
        yield f"managed by {by}, as its label says"
