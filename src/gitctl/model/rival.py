"""Rival: a controller that goes on writing what it manages. Taking an object from it while it runs makes the two undo each other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gitctl.model.manifest import Json
from gitctl.model.marks import annotation, label


class Rival(StrEnum):
    """Controllers from which adoption must be asked for by name."""

    FLUX = "flux"
    ARGOCD = "argocd"


MANAGERS: Mapping[Rival, frozenset[str]] = {
    Rival.FLUX: frozenset({"kustomize-controller", "helm-controller"}),
    Rival.ARGOCD: frozenset({"argocd-controller", "argocd-application-controller"}),
}
"""The field managers under which each of them writes. Fields of theirs become ours on adoption."""

STOP: Mapping[Rival, str] = {
    Rival.FLUX: "suspend it in Flux first (flux suspend kustomization or helmrelease NAME), with `prune: false`",
    Rival.ARGOCD: "turn automated sync and self-heal off in the Argo CD application first",
}
"""What has to be done there before anything is taken."""

_FLUX = tuple(f"{part}.toolkit.fluxcd.io/name" for part in ("kustomize", "helm"))
_ARGO_LABEL = "app.kubernetes.io/instance"


def rival_of(live: Json) -> Rival | None:
    """The controller that a live object says it belongs to.

    `app.kubernetes.io/instance` is Argo CD's default mark and a common label besides: it counts where Argo CD wrote fields too.
    """
    if any(label(live, key) or annotation(live, key) for key in _FLUX):
        return Rival.FLUX
    tracked = annotation(live, "argocd.argoproj.io/tracking-id") or label(live, "argocd.argoproj.io/instance")
    if tracked or (label(live, _ARGO_LABEL) and _written_by(live, MANAGERS[Rival.ARGOCD])):
        return Rival.ARGOCD
    return None


def rival_managers(live: Json) -> frozenset[str]:
    """The field managers that go with the object's rival; none where it has none."""
    rival = rival_of(live)
    return MANAGERS[rival] if rival else frozenset()


def _written_by(live: Json, managers: frozenset[str]) -> bool:
    return any(entry.get("manager") in managers for entry in live.get("metadata", {}).get("managedFields") or ())
