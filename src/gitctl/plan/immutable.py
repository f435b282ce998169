"""Fields that cannot be changed in place: refused, or deleted and created anew where that is allowed."""

from __future__ import annotations

from gitctl.errors import ErrorId
from gitctl.model.change import Action, Change, Comparison, FieldChange, FieldKind, Refusal
from gitctl.model.manifest import ObjectRef
from gitctl.model.marks import REPLACE, annotation, uid
from gitctl.plan.adopt import Ownership
from gitctl.plan.fields import field_changes
from gitctl.plan.options import PlanOptions

_NEVER = frozenset(
    {
        ("", "Namespace"),
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)
_WORKLOADS = frozenset({"DaemonSet", "Deployment", "Pod", "ReplicaSet", "StatefulSet"})


def judge_immutable(comparison: Comparison, owned: Ownership, options: PlanOptions) -> Change | Refusal:
    """A REPLACE where the object or the user allows it, else a refusal. Only an object of the app is ever replaced."""
    if owned not in (Ownership.OURS, Ownership.RENAMED):
        return _refusal(comparison, "put the field back in Git, sync with --adopt, then change it")
    if _is_allowed(comparison, options):
        return _replacement(comparison)
    return _refusal(comparison, _way_out(comparison.ref))


def _is_allowed(comparison: Comparison, options: PlanOptions) -> bool:
    ref = comparison.ref
    by_mark = annotation(comparison.desired.body, REPLACE) == "allowed"
    return not _is_never(ref) and (by_mark or ref.short in options.replace or f"{ref.kind}/{ref.namespace}/{ref.name}" in options.replace)


def _is_never(ref: ObjectRef) -> bool:
    return (ref.group, ref.kind) in _NEVER


def _replacement(comparison: Comparison) -> Change:
    live = comparison.live or {}
    reason = f"{_places(comparison)} cannot be changed in place: is deleted and created anew; {_effect(comparison.ref)}"
    return Change(comparison.ref, Action.REPLACE, immutable_fields(comparison), reason, comparison, live, uid(live))


def _refusal(comparison: Comparison, hint: str) -> Refusal:
    return Refusal(ErrorId.IMMUTABLE, f"{comparison.ref}: {_places(comparison)} cannot be changed in place", (comparison.ref,), hint)


def _way_out(ref: ObjectRef) -> str:
    if _is_never(ref):
        return f"a {ref.kind} is never replaced, its content would be lost: put the field back in Git, or make another under a new name"
    return f"put the field back in Git, or allow a replacement ({_effect(ref)}): --replace {ref.short}, or annotate {REPLACE}: allowed"


def _places(comparison: Comparison) -> str:
    return ", ".join(comparison.immutable)


def _effect(ref: ObjectRef) -> str:
    """What a replacement does besides changing the field."""
    if ref.kind == "Job":
        return "it runs once more"
    if ref.kind in _WORKLOADS:
        return "its pods stop and start again"
    if ref.kind == "Service":
        return "it gets a new cluster address"
    return "for a moment it is not there"


def immutable_fields(comparison: Comparison) -> tuple[FieldChange, ...]:
    """What Git changes in the immutable fields. What Git does not write is left out: the server fills it in again."""
    desired = comparison.desired
    changes = field_changes(comparison.live or {}, desired.body, ref=desired.ref, sensitive=desired.sensitive)
    places = [tuple(place.split(".")) for place in comparison.immutable]
    return tuple(c for c in changes if c.kind is not FieldKind.REMOVED and any(c.path[: len(place)] == place for place in places))
