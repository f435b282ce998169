"""Whose is a live object? An object of another app is never touched, one of nobody only when adoption is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

from gitctl.errors import ErrorId
from gitctl.model.app import App
from gitctl.model.change import Comparison, Refusal
from gitctl.model.fieldset import entries
from gitctl.model.managers import is_earlier
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import annotation, label
from gitctl.model.rival import STOP, Rival, rival_managers, rival_of

NAMESPACE_RENDERER = "gitctl"
"""The renderer in the origin of the Namespace that `create_namespace` adds to a render."""


class Ownership(StrEnum):
    """What a live object is to the app.

    `MOVED` comes from another app that gives it away; `USED` is a Namespace of whomever, which `create_namespace` would else have made.
    """

    MISSING = "missing"
    OURS = "ours"
    RENAMED = "renamed"
    MOVED = "moved"
    USED = "used"
    UNOWNED = "unowned"
    FOREIGN = "foreign"


def owners_of(app: App) -> tuple[str, ...]:
    """The owner ids that count as the app's own: its id, then those of its former names."""
    return (app.owner, *(replace(app, name=name).owner for name in app.renamed_from))


def ownership(comparison: Comparison, app: App, moved: Collection[ObjectRef] = ()) -> Ownership:
    """What the live object of a comparison is to the app.

    Who has rights in one namespace only cannot look at the Namespace itself: it is taken for one that is there.
    """
    added = comparison.desired.origin.renderer == NAMESPACE_RENDERER and comparison.ref.kind == "Namespace"
    if comparison.live is None:
        return Ownership.USED if added and comparison.error else Ownership.MISSING
    if comparison.owner == app.owner:
        return Ownership.OURS
    if comparison.owner in owners_of(app):
        return Ownership.RENAMED
    if added:
        return Ownership.USED
    if comparison.owner and comparison.ref in moved:
        return Ownership.MOVED
    return Ownership.FOREIGN if comparison.owner else Ownership.UNOWNED


def may_adopt(comparison: Comparison, *, adopt: bool, adopt_from: Collection[Rival]) -> bool:
    """May an object of no app be taken over? What a controller goes on writing needs more than `--adopt`. What is being deleted, may."""
    rival = rival_of(comparison.live or {})
    return comparison.deleting or (rival in adopt_from if rival else adopt)


def foreign(comparisons: Iterable[Comparison], app: App, disputed: Mapping[ObjectRef, str]) -> tuple[Refusal, ...]:
    """The refusals for objects of other apps, one for each of these apps and reason why it keeps them. Nothing permits them."""
    by_owner: dict[tuple[str, str], list[ObjectRef]] = {}
    for comparison in comparisons:
        by_owner.setdefault((comparison.owner, disputed.get(comparison.ref, "")), []).append(comparison.ref)
    return tuple(
        Refusal(rule=ErrorId.FOREIGN_OWNER, message=_foreign(refs, owner, why), refs=tuple(sorted(refs)), hint=_way_out(owner, app))
        for (owner, why), refs in sorted(by_owner.items())
    )


def _foreign(refs: list[ObjectRef], owner: str, why: str) -> str:
    belongs = f"{refs[0]} belongs to {owner}" if len(refs) == 1 else f"{len(refs)} objects belong to {owner}"
    return belongs + (f": {why}" if why else "")


def _way_out(owner: str, app: App) -> str:
    project, _, name = owner.rpartition("/")
    if project.startswith("path/"):
        return f"it was synced from a folder: with the same folder and namespace, add --app {name}"
    one, other = (name, app.name) if name != app.name else (owner, app.owner)
    return f"take it out of {one} or of {other}; if {owner} was renamed, list its old name under renamed_from"


def unowned(comparisons: Iterable[Comparison]) -> tuple[Refusal, ...]:
    """The refusals for objects that exist and are no app's, one for each tool that manages some of them."""
    by_tool: dict[tuple[str, Rival | None], list[ObjectRef]] = {}
    for comparison in comparisons:
        live = comparison.live or {}
        by_tool.setdefault((managed_by(live), rival_of(live)), []).append(comparison.ref)
    return tuple(
        Refusal(rule=ErrorId.NOT_OURS, message=_unowned(refs, tool), refs=tuple(sorted(refs)), hint=_consent(tool, rival))
        for (tool, rival), refs in sorted(by_tool.items(), key=lambda item: item[0][0])
    )


def _consent(tool: str, rival: Rival | None) -> str:
    if rival:
        return f"{STOP[rival]}; then --dangerous-adopt-from {rival} takes them over"
    return "--adopt takes them over" + (f"; stop {tool} from managing them first" if tool else "")


def _unowned(refs: list[ObjectRef], tool: str) -> str:
    many = f"{refs[0]} exists" if len(refs) == 1 else f"{len(refs)} objects exist"
    return f"{many}, managed by {tool}" if tool else f"{many}, and gitctl did not create {'it' if len(refs) == 1 else 'them'}"


def managed_by(live: Json) -> str:
    """The GitOps tool or controller that a live object says it belongs to, "" for none."""
    tracked = annotation(live, "argocd.argoproj.io/tracking-id").partition(":")[0] or label(live, "argocd.argoproj.io/instance")
    controller = _controller(live)
    found = (
        ("Flux Kustomization ", _placed(live, "kustomize.toolkit.fluxcd.io/namespace", "kustomize.toolkit.fluxcd.io/name")),
        ("Flux HelmRelease ", _placed(live, "helm.toolkit.fluxcd.io/namespace", "helm.toolkit.fluxcd.io/name")),
        ("Argo CD application ", tracked or (label(live, "app.kubernetes.io/instance") if rival_of(live) is Rival.ARGOCD else "")),
        ("Helm release ", _placed(live, "meta.helm.sh/release-namespace", "meta.helm.sh/release-name")),
        ("kapp app ", label(live, "kapp.k14s.io/app")),
        ("kluctl ", label(live, "kluctl.io/discriminator")),
        ("Config Sync ", annotation(live, "configsync.gke.io/resource-id")),
        ("Fleet ", annotation(live, "objectset.rio.cattle.io/id")),
        ("its controller ", controller),
    )
    return next((tool + name for tool, name in found if name), "")


def _placed(live: Json, namespace: str, name: str) -> str:
    """`namespace/name` from two labels or annotations."""
    parts = [label(live, key) or annotation(live, key) for key in (namespace, name)]
    return "/".join(part for part in parts if part) if parts[1] else ""


def _controller(live: Json) -> str:
    owners = live.get("metadata", {}).get("ownerReferences") or ()
    return next((f"{o.get('kind')} {o.get('name')}" for o in owners if o.get("controller")), "")


def folded(live: Json) -> str:
    """How adoption is announced: the managers whose fields become ours."""
    rivals = rival_managers(live)
    names = sorted({owner.manager for owner, _ in entries(live) if is_earlier(owner) or owner.manager in rivals})
    return f"takes over the fields of {', '.join(names)}" if names else "takes over; no earlier manager's fields to fold in"
