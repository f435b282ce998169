"""Pod. A container that cannot start or keeps crashing is a failure even while the kubelet goes on trying, as Argo CD sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitctl.health.live import Live
from gitctl.health.verdict import Check, failed, healthy, join, progressing, unknown
from gitctl.model.health import Health

# Reasons of a waiting container that do not end in BackOff or Error and do not start with Err.
_BAD_REASONS = frozenset({"InvalidImageName", "ImageInspectError", "ContainerCannotRun", "RegistryUnavailable"})


def pod(live: Live) -> Health:
    """Ready, or run to its good end."""
    phase = live.text("status", "phase")
    if phase == "Succeeded":
        return healthy("phase Succeeded")
    if phase == "Failed":
        return failed(join(("phase Failed", _reason(live), *_exits(live))))
    if stuck := list(_stuck(live)):
        return failed(join(stuck))
    if phase == "Running":
        return _running(live)
    if phase in ("Pending", ""):
        return progressing(_pending(live))
    return unknown(f"phase {phase}")


def _running(live: Live) -> Health:
    ready = live.condition("Ready")
    if ready and ready.true:
        return healthy("Ready=True")
    if crashed := list(_crashed(live)):
        return failed(join((ready, *crashed)))
    return progressing(str(ready) if ready else "Ready is not set yet")


def _pending(live: Live) -> str:
    for condition in live.conditions:
        if condition.type in ("PodScheduled", "Initialized", "PodReadyToStartContainers") and condition.false:
            return f"phase Pending; {condition}"
    waits = [f"container {_name(c)} waits: {r}" for c in _containers(live) if (r := c.text("state", "waiting", "reason"))]
    return join(("phase Pending", *waits))


def _stuck(live: Live) -> Iterator[str]:
    for container in _containers(live):
        reason = container.text("state", "waiting", "reason")
        if reason.endswith(("BackOff", "Error")) or reason.startswith("Err") or reason in _BAD_REASONS:
            message = container.text("state", "waiting", "message")
            yield f"container {_name(container)}: {reason}" + (f": {message}" if message else "")


def _crashed(live: Live) -> Iterator[str]:
    """Containers that run again after a crash and are not ready: a crash loop seen between two crashes."""
    for container in _containers(live):
        code = container.count("lastState", "terminated", "exitCode")
        if code and not container.flag("ready"):
            restarts = container.count("restartCount")
            yield f"container {_name(container)} exited with code {code}" + (f", restarted {restarts} times" if restarts else "")


def _exits(live: Live) -> Iterator[str]:
    for container in _containers(live):
        end = Live(container.at("state", "terminated") or {})
        if code := end.count("exitCode"):
            yield join((f"container {_name(container)} exited with code {code}", end.text("reason"), end.text("message")))


def _reason(live: Live) -> str:
    reason, message = live.text("status", "reason"), live.text("status", "message")
    return f"{reason}: {message}" if reason and message else reason or message


def _containers(live: Live) -> Iterator[Live]:
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in live.every("status", field, "*"):
            if isinstance(status, Mapping):
                yield Live(status)


def _name(container: Live) -> str:
    return container.text("name") or "?"


RULES: Mapping[tuple[str, str], Check] = {("", "Pod"): pod}
