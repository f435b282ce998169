"""Rollout of Argo Rollouts: its phase where it writes one (since 1.0), else the counts from which the phase is made."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.live import Live
from gitctl.health.verdict import Check, failed, healthy, join, progressing, suspended
from gitctl.model.health import Health

_WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
_FATAL = ("RolloutAborted", "ProgressDeadlineExceeded")


def rollout(live: Live) -> Health:
    """All replicas are of the stable, wanted version; suspended while it pauses between steps."""
    if not live.has_status:
        return progressing("the rollouts controller has not looked at it yet")
    return _blocked(live) or _phase(live) or _counts(live)


def _blocked(live: Live) -> Health | None:
    for condition in live.conditions:
        if condition.type == "InvalidSpec" or (condition.type == "Progressing" and condition.reason in _FATAL):
            return failed(str(condition))
    # With spec.workloadRef the template is another object's, whose generation counts too.
    wanted = live.scalar("metadata", "annotations", _WORKLOAD_GENERATION)
    observed = live.scalar("status", "workloadObservedGeneration")
    if wanted and observed and wanted != observed:
        return progressing(f"generation {wanted} of its workload is not observed yet, status is of {observed}")
    return suspended("spec.paused is true") if live.flag("spec", "paused") else None


def _phase(live: Live) -> Health | None:
    phase = live.text("status", "phase")
    text = join((f"status.phase is {phase}", live.text("status", "message")))
    match phase:
        case "Healthy":
            return healthy(text)
        case "Degraded":
            return failed(text)
        case "Paused":
            return suspended(text)
        case "":
            return None
        case _:
            return progressing(text)


def _counts(live: Live) -> Health:
    pauses = live.every("status", "pauseConditions", "*")
    if pauses:
        return suspended(join(Live(p).text("reason") for p in pauses if isinstance(p, Mapping)) or "paused")
    wanted = live.count("spec", "replicas", default=1)
    for field, word in (("updatedReplicas", "updated"), ("availableReplicas", "available")):
        if (count := live.count("status", field)) < wanted:
            return progressing(f"{count} of {wanted} replicas {word}")
    stable, current = live.text("status", "stableRS"), live.text("status", "currentPodHash")
    return healthy(f"{wanted} of {wanted} replicas available") if stable == current else progressing("steps are left")


RULES: Mapping[tuple[str, str], Check] = {("argoproj.io", "Rollout"): rollout}
