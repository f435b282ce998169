"""Health of one live object: which rule decides, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gitctl.health import batch, network, pods, registration, rollouts, scaling, storage, workloads
from gitctl.health.custom import by_user, ignored
from gitctl.health.live import Live
from gitctl.health.operators import operator_of
from gitctl.health.rules import generic
from gitctl.health.table import described, paused
from gitctl.health.verdict import Check, deleting, healthy, join, progressing, unknown
from gitctl.model.app import HealthRule
from gitctl.model.health import Health, HealthState

_FAMILIES: Mapping[str, Mapping[tuple[str, str], Check]] = {
    "workload": {**workloads.RULES, **pods.RULES, **batch.RULES},
    "storage": storage.RULES,
    "network": network.RULES,
    "scaling": scaling.RULES,
    "registration": registration.RULES,
    "operator/argoproj.io": rollouts.RULES,
}
_KINDS: Mapping[tuple[str, str], tuple[Check, str]] = {
    key: (check, f"{family}/{key[1]}") for family, rules in _FAMILIES.items() for key, check in rules.items()
}

# Kinds without a status: a field of that name in them is data.
_PLAIN = frozenset(
    [("", kind) for kind in ("ConfigMap", "Secret", "ServiceAccount", "Endpoints", "LimitRange", "Event", "PodTemplate")]
    + [("rbac.authorization.k8s.io", kind) for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")]
    + [("storage.k8s.io", kind) for kind in ("StorageClass", "CSIDriver", "CSINode")]
    + [("admissionregistration.k8s.io", kind) for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")]
    + [("networking.k8s.io", "NetworkPolicy"), ("networking.k8s.io", "IngressClass"), ("scheduling.k8s.io", "PriorityClass")]
    + [("node.k8s.io", "RuntimeClass"), ("coordination.k8s.io", "Lease"), ("discovery.k8s.io", "EndpointSlice")]
    + [("apps", "ControllerRevision")]
)

NO_STATUS = "kind without status"
"""The rule that decides about ConfigMaps, Roles and the like: they are healthy by being there."""


def assess(live: Mapping[str, Any] | None, *, rules: tuple[HealthRule, ...] = ()) -> Health:
    """The health of a live object (None: there is none). Total: never raises, whatever is in the object.

    Asked in this order: missing, deleting, ignored by a user rule, paused, generation not observed yet, user rules, the rule of a
    built-in kind, the table of operators, the generic rule.
    """
    if live is None:
        return Health(HealthState.MISSING, "does not exist", "missing")
    known = Live(live)
    if not known.kind:
        return replace(unknown("not a Kubernetes object: no kind"), rule="not an object")
    if known.at("metadata", "deletionTimestamp"):
        return replace(_deleting(known), rule="deletionTimestamp")
    verdict, rule = ignored(known, rules) or _paused(known) or _stale(known) or by_user(known, rules) or _built_in(known) or _other(known)
    return replace(verdict, rule=rule)


def _deleting(live: Live) -> Health:
    since = f"being deleted since {live.scalar('metadata', 'deletionTimestamp')}"
    held = ", ".join(str(f) for f in live.every("metadata", "finalizers", "*") if isinstance(f, str))
    rest = registration.namespace_rest(live) if live.kind == "Namespace" else ""
    return deleting(join((since, f"finalizers: {held}" if held else "", rest)))


def _paused(live: Live) -> tuple[Health, str] | None:
    known = operator_of(live)
    verdict = paused(live, known[0]) if known else None
    return (verdict, f"operator/{known[1]}") if known and verdict else None


def _stale(live: Live) -> tuple[Health, str] | None:
    """The status is about an older generation. A larger number is left alone: a restored backup starts counting anew."""
    if live.observed is None or live.generation is None or live.observed >= live.generation:
        return None
    return progressing(f"generation {live.generation} is not observed yet, status is of {live.observed}"), "observedGeneration"


def _built_in(live: Live) -> tuple[Health, str] | None:
    key = (live.group, live.kind)
    if key in _PLAIN:
        return healthy(), NO_STATUS
    check, name = _KINDS.get(key, (None, ""))
    verdict = check(live) if check else None
    return (verdict, name) if verdict else None


def _other(live: Live) -> tuple[Health, str]:
    known = operator_of(live)
    return (described(live, known[0]), f"operator/{known[1]}") if known else generic(live)
