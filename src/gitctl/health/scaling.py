"""HorizontalPodAutoscaler and PodDisruptionBudget."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from gitctl.health.live import Condition, Live, conditions_of
from gitctl.health.verdict import Check, failed, healthy, progressing
from gitctl.model.health import Health

_V1_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"


def autoscaler(live: Live) -> Health:
    """It reads its metrics and its target's scale. Switched off by zero replicas (`ScalingDisabled`) is fine."""
    conditions = _conditions(live)
    bad = next(_refusals(conditions), None)
    if bad:
        return failed(str(bad))
    if not any(c.type in ("AbleToScale", "ScalingActive", "ScalingLimited") for c in conditions):
        return progressing("no metrics were read yet")
    limited = next((c for c in conditions if c.type == "ScalingLimited" and c.true), None)
    active = next((c for c in conditions if c.type == "ScalingActive"), None)
    if active is None and limited is None and not any(c.reason == "SucceededRescale" for c in conditions):
        return progressing("; ".join(map(str, conditions)))
    return healthy(str(limited or active or conditions[0]))


def _refusals(conditions: tuple[Condition, ...]) -> Iterator[Condition]:
    for condition in conditions:
        if condition.type in ("AbleToScale", "ScalingActive") and condition.false and condition.reason != "ScalingDisabled":
            yield condition


def _conditions(live: Live) -> tuple[Condition, ...]:
    """autoscaling/v1 hides the conditions in an annotation."""
    if live.conditions:
        return live.conditions
    try:
        return conditions_of(json.loads(live.text("metadata", "annotations", _V1_CONDITIONS) or "[]"))
    except (ValueError, RecursionError):
        return ()


def disruption_budget(live: Live) -> Health:
    """Computed. Too few pods to allow a disruption is a fact about pods, not a fault of the budget."""
    condition = live.condition("DisruptionAllowed")
    if condition and condition.false and condition.reason != "InsufficientPods":
        return failed(str(condition))
    if live.at("status", "disruptionsAllowed") is None and condition is None:
        return progressing("not computed yet")
    return healthy(f"{live.count('status', 'disruptionsAllowed')} disruptions allowed")


RULES: Mapping[tuple[str, str], Check] = {
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaler,
    ("policy", "PodDisruptionBudget"): disruption_budget,
}
