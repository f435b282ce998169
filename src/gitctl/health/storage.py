"""Claims, volumes, snapshots."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.live import Live
from gitctl.health.verdict import Check, failed, healthy, progressing
from gitctl.model.health import Health


def volume_claim(live: Live) -> Health:
    """Bound. A claim whose class waits for its first consumer stays pending until a pod uses it."""
    phase = live.text("status", "phase")
    if phase == "Bound":
        return healthy("phase Bound")
    if phase == "Lost":
        return failed("phase Lost: its volume is gone")
    return progressing(f"phase {phase}: no volume is bound yet" if phase else "no phase yet")


def volume(live: Live) -> Health:
    """Available, bound, or released by its claim."""
    phase = live.text("status", "phase")
    if phase == "Failed":
        return failed(f"phase Failed: {live.text('status', 'message') or 'reclaiming failed'}")
    return healthy(f"phase {phase}") if phase in ("Available", "Bound", "Released") else progressing(f"phase {phase or 'not set'}")


def snapshot(live: Live) -> Health:
    """`readyToUse`; the driver retries after an error, which stays until it succeeds."""
    if live.flag("status", "readyToUse"):
        return healthy("readyToUse is true")
    error = live.text("status", "error", "message")
    return failed(error) if error else progressing("readyToUse is not true yet")


def attachment(live: Live) -> Health:
    """Attached to its node."""
    if live.flag("status", "attached"):
        return healthy("attached")
    error = live.text("status", "attachError", "message")
    return failed(error) if error else progressing("not attached yet")


RULES: Mapping[tuple[str, str], Check] = {
    ("", "PersistentVolumeClaim"): volume_claim,
    ("", "PersistentVolume"): volume,
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): snapshot,
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"): snapshot,
    ("storage.k8s.io", "VolumeAttachment"): attachment,
}
