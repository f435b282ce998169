"""Kinds that run replicas: Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController.

The rules are those that `kubectl rollout status`, kstatus and Argo CD agree on; the counts come from the kinds' API reference.
"""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.live import Live
from gitctl.health.verdict import Check, failed, healthy, join, progressing, suspended
from gitctl.model.health import Health


def deployment(live: Live) -> Health:
    """Updated, available and nothing old left; failed once the controller gave up (`ProgressDeadlineExceeded`)."""
    progress = live.condition("Progressing")
    if progress and progress.reason == "ProgressDeadlineExceeded":
        return failed(join((progress, _ready(live), live.condition("ReplicaFailure"))))
    if live.flag("spec", "paused"):
        return suspended("spec.paused is true: changes are not rolled out")
    if not live.has_status:
        return progressing("the deployment controller has not looked at it yet")
    return _rolling(live) or _available(live)


def _rolling(live: Live) -> Health | None:
    wanted = _wanted(live)
    updated = live.count("status", "updatedReplicas")
    total = live.count("status", "replicas")
    blocker = _blocker(live)
    if updated < wanted:
        return progressing(join((f"{updated} of {wanted} replicas updated", blocker)))
    if total > wanted:
        word = "old" if total > updated else "surplus"
        return progressing(join((f"{total - wanted} {word} replicas still running", blocker)))
    ready = live.count("status", "readyReplicas")
    if ready < wanted:
        return progressing(join((f"{ready} of {wanted} replicas ready", blocker)))
    available = live.count("status", "availableReplicas")
    if available < wanted:
        return progressing(join((f"{available} of {wanted} replicas available", blocker)))
    return None


def _available(live: Live) -> Health:
    condition = live.condition("Available")
    if condition and not condition.true:
        return progressing(str(condition))
    return healthy(_ready(live))


def _blocker(live: Live) -> object:
    """What keeps replicas from coming up, as far as the controller says: a quota or admission refusal before mere unavailability."""
    for kind, bad in (("ReplicaFailure", "True"), ("Available", "False")):
        condition = live.condition(kind)
        if condition and condition.status == bad:
            return condition
    return None


def stateful_set(live: Live) -> Health:
    """Ready, and updated as far as the strategy asks: `OnDelete` leaves updates to people, `partition` to higher ordinals only."""
    if not live.has_status:
        return progressing("the statefulset controller has not looked at it yet")
    wanted, ready = _wanted(live), live.count("status", "readyReplicas")
    if ready < wanted:
        return progressing(_ready(live))
    if live.count("status", "replicas") > wanted:
        return progressing(f"{live.count('status', 'replicas') - wanted} surplus replicas still running")
    if (available := live.count("status", "availableReplicas", default=wanted)) < wanted:
        return progressing(f"{available} of {wanted} replicas available")
    if live.text("spec", "updateStrategy", "type") == "OnDelete":
        return healthy(join((_ready(live), "OnDelete: pods are updated when they are deleted" if _two_revisions(live) else None)))
    return _stateful_rollout(live, wanted)


def _stateful_rollout(live: Live, wanted: int) -> Health:
    partition = live.count("spec", "updateStrategy", "rollingUpdate", "partition")
    updated = live.count("status", "updatedReplicas")
    due = max(0, wanted - partition)
    if partition:
        return healthy(f"{_ready(live)}; partition {partition}") if updated >= due else progressing(f"{updated} of {due} replicas updated")
    return progressing(f"{updated} of {due} replicas updated") if _two_revisions(live) else healthy(_ready(live))


def _two_revisions(live: Live) -> bool:
    current, update = live.text("status", "currentRevision"), live.text("status", "updateRevision")
    return current != update and bool(update)


_DAEMON_STEPS = (
    ("currentNumberScheduled", "scheduled"),
    ("updatedNumberScheduled", "updated"),
    ("numberReady", "ready"),
    ("numberAvailable", "available"),
)


def daemon_set(live: Live) -> Health:
    """A ready pod on every node that should have one, all of the newest template unless the strategy is `OnDelete`."""
    if live.at("status", "desiredNumberScheduled") is None:
        return progressing("the daemonset controller has not looked at it yet")
    wanted = live.count("status", "desiredNumberScheduled")
    by_hand = live.text("spec", "updateStrategy", "type") == "OnDelete"
    for field, word in _DAEMON_STEPS:
        if (count := live.count("status", field)) < wanted and not (by_hand and word == "updated"):
            return progressing(f"{count} of {wanted} pods {word}")
    return healthy(f"{wanted} of {wanted} pods ready" if wanted else "no node matches")


def replica_set(live: Live) -> Health:
    """All replicas available; failed while pods cannot be created."""
    failure = live.condition("ReplicaFailure")
    if failure and failure.true:
        return failed(str(failure))
    if not live.has_status:
        return progressing("the controller has not looked at it yet")
    wanted = _wanted(live)
    for field, word in (("readyReplicas", "ready"), ("availableReplicas", "available")):
        if (count := live.count("status", field)) < wanted:
            return progressing(f"{count} of {wanted} replicas {word}")
    if live.count("status", "replicas") > wanted:
        return progressing(f"{live.count('status', 'replicas') - wanted} surplus replicas still running")
    return healthy(_ready(live))


def _wanted(live: Live) -> int:
    return live.count("spec", "replicas", default=1)


def _ready(live: Live) -> str:
    return f"{live.count('status', 'readyReplicas')} of {_wanted(live)} replicas ready"


RULES: Mapping[tuple[str, str], Check] = {
    ("apps", "Deployment"): deployment,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "ReplicaSet"): replica_set,
    ("", "ReplicationController"): replica_set,
}
