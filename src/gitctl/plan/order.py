"""What is applied when: waves of changes that need not wait for each other, and deletes in the reverse order.

Few waves, for speed: kinds share one unless the API server, or a controller at once, needs one before the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from itertools import groupby

from gitctl.errors import ErrorId, ManifestError, raise_all
from gitctl.model.change import Change, Wave
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.marks import WAVE, annotation

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_FIRST, _LAST = -(10**9), 10**9

Key = tuple[int, int]
"""Wave number and rank."""


class Rank(IntEnum):
    """Groups of kinds in the order in which they are applied."""

    DEFINITIONS = 0
    FOUNDATIONS = 1
    CONFIGURATION = 2
    WORKLOADS = 3
    CUSTOM = 4
    ADMISSION = 5


_TITLES = {
    Rank.DEFINITIONS: "namespaces and definitions",
    Rank.FOUNDATIONS: "classes, accounts, quotas",
    Rank.CONFIGURATION: "configuration, volumes, services",
    Rank.WORKLOADS: "workloads",
    Rank.CUSTOM: "custom resources",
    Rank.ADMISSION: "webhooks, policies, API services",
}

# Roles stand before the bindings that name them, service accounts before the token Secrets that the server fills for them.
_RANKS = {
    ("", "Namespace"): Rank.DEFINITIONS,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Rank.DEFINITIONS,
    ("", "LimitRange"): Rank.FOUNDATIONS,
    ("", "PersistentVolume"): Rank.FOUNDATIONS,
    ("", "ResourceQuota"): Rank.FOUNDATIONS,
    ("", "ServiceAccount"): Rank.FOUNDATIONS,
    ("networking.k8s.io", "IngressClass"): Rank.FOUNDATIONS,
    ("networking.k8s.io", "NetworkPolicy"): Rank.FOUNDATIONS,
    ("node.k8s.io", "RuntimeClass"): Rank.FOUNDATIONS,
    ("rbac.authorization.k8s.io", "ClusterRole"): Rank.FOUNDATIONS,
    ("rbac.authorization.k8s.io", "Role"): Rank.FOUNDATIONS,
    ("scheduling.k8s.io", "PriorityClass"): Rank.FOUNDATIONS,
    ("storage.k8s.io", "CSIDriver"): Rank.FOUNDATIONS,
    ("storage.k8s.io", "StorageClass"): Rank.FOUNDATIONS,
    ("", "ConfigMap"): Rank.CONFIGURATION,
    ("", "Endpoints"): Rank.CONFIGURATION,
    ("", "PersistentVolumeClaim"): Rank.CONFIGURATION,
    ("", "Secret"): Rank.CONFIGURATION,
    ("", "Service"): Rank.CONFIGURATION,
    ("discovery.k8s.io", "EndpointSlice"): Rank.CONFIGURATION,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): Rank.CONFIGURATION,
    ("rbac.authorization.k8s.io", "RoleBinding"): Rank.CONFIGURATION,
    ("apiregistration.k8s.io", "APIService"): Rank.ADMISSION,
}
_GROUP_RANKS = {
    "": Rank.WORKLOADS,
    "admissionregistration.k8s.io": Rank.ADMISSION,
    "apps": Rank.WORKLOADS,
    "autoscaling": Rank.WORKLOADS,
    "batch": Rank.WORKLOADS,
    "networking.k8s.io": Rank.WORKLOADS,
    "policy": Rank.WORKLOADS,
}


def rank(ref: ObjectRef) -> Rank:
    """The group that a kind belongs to; a kind that is not built in is a custom resource."""
    known = _RANKS.get((ref.group, ref.kind))
    return known if known is not None else _GROUP_RANKS.get(ref.group, Rank.CUSTOM)


def wave_number(manifest: Manifest) -> int:
    """The wave that a manifest asks for (`gitctl.dev/wave`), 0 without. Raises ManifestError when it is no integer."""
    number = _number(manifest.body)
    if number is None:
        raise _wave_error(manifest)
    return number


def check_waves(manifests: Iterable[Manifest]) -> None:
    """Raise the ManifestErrors of all manifests that ask for a wave in a way that is not understood."""
    raise_all(_wave_error(manifest) for manifest in manifests if _number(manifest.body) is None)


def _wave_error(manifest: Manifest) -> ManifestError:
    problem = f"{manifest.ref}: {WAVE} is no integer: {annotation(manifest.body, WAVE)!r}"
    return ManifestError(problem, id=ErrorId.MANIFEST_FIELD, hint='write it as text, such as "5" or "-1"', where=str(manifest.origin))


def _number(body: Json) -> int | None:
    """The wave, 0 without the annotation, None when it is no integer."""
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or WAVE not in annotations:
        return 0
    text = annotation(body, WAVE)
    return int(text) if _INTEGER.fullmatch(text) else None


def in_waves(changes: Iterable[Change]) -> tuple[Wave, ...]:
    """Changes with a manifest, in waves.

    Namespaces and definitions come first whatever they ask for; then by wave number; within a number by group of kinds.
    Webhooks and the like come last unless they ask for a wave. A wave settles when it defines things, before another wave
    number starts, and before webhooks: their backends must answer first. Raises ManifestError.
    """
    ordered = sorted(changes, key=lambda change: (_apply_key(change), change.ref))
    groups = [(key, tuple(members)) for key, members in groupby(ordered, key=_apply_key)]
    followers = (*(key for key, _ in groups[1:]), None)
    return tuple(Wave(_title(key), members, _settles(key, after)) for (key, members), after in zip(groups, followers, strict=False))


def _apply_key(change: Change) -> Key:
    return _key(change.ref, wave_number(change.comparison.desired) if change.comparison else 0)


def _key(ref: ObjectRef, number: int) -> Key:
    group = rank(ref)
    if group is Rank.DEFINITIONS:
        return _FIRST, group
    return (_LAST, group) if group is Rank.ADMISSION and number == 0 else (number, group)


def _settles(key: Key, after: Key | None) -> bool:
    if key[1] == Rank.DEFINITIONS:
        return True
    return after is not None and (key[0] != after[0] or after[1] == Rank.ADMISSION)


def _title(key: Key) -> str:
    number, group = key
    title = _TITLES[Rank(group)]
    return title if number in (0, _FIRST, _LAST) else f"wave {number}: {title}"


def in_delete_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The reverse of the order of applying, by the live objects' annotations: custom resources go before what serves them."""
    return tuple(sorted(changes, key=lambda change: (_delete_key(change), change.ref), reverse=True))


def _delete_key(change: Change) -> Key:
    return _key(change.ref, (_number(change.live) if change.live else 0) or 0)
