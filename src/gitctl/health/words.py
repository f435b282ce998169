"""Words that operators write into `status.phase` and its like, sorted by what they mean. Compared in lower case, letters only."""

from __future__ import annotations

from gitctl.model.health import HealthState

_HEALTHY = """
    accepted active applied approved assigned attached available bound completed complete connected created current deployed done enabled
    established finished granted green healthok healthy installed insync issued joined live noerror noerrors normal ok online operational
    passed present
    provisioned published ready reconciled registered reserved resolved running satisfied settled stable started steady succeeded success
    successful synced synchronized up uptodate valid verified
"""
_FAILED = """
    aborted bad blocked broken cancelled canceled corrupt corrupted crashed crashloopbackoff critical dead degraded denied down
    err error errored errors evicted exhausted expired failed failing failure fatal faulted healtherr invalid lost misconfigured notfound
    partiallyfailed red refused rejected stalled stuck timedout timeout unavailable unhealthy unrecoverable
"""
_SUSPENDED = "disabled hibernated hibernating onhold paused scaledtozero shelved shutdown stopped suspended"
_DELETING = "deleted deleting deprovisioning removing terminating"
_PROGRESSING = """
    accepting inprogress new notready notstarted orange outofsync pending progress queued requested scheduled submitted unbound
    uninitialised uninitialized unschedulable unsynced waitingforfirstconsumer yellow
"""

_MEANING: dict[str, HealthState | None] = {
    **dict.fromkeys(_HEALTHY.split(), HealthState.HEALTHY),
    **dict.fromkeys(_FAILED.split(), HealthState.FAILED),
    **dict.fromkeys(_SUSPENDED.split(), HealthState.SUSPENDED),
    **dict.fromkeys(_DELETING.split(), HealthState.DELETING),
    **dict.fromkeys(_PROGRESSING.split(), HealthState.PROGRESSING),
    "unknown": HealthState.UNKNOWN,
    "warning": None,
}


def meaning(word: str) -> HealthState | None:
    """What a phase word means; None for a word that says nothing to us.

    `CreateFailed` and `SyncError` are failures by their ending; `Provisioning` and its like are under way.
    """
    plain = "".join(c for c in word.lower() if c.isalpha())
    if plain in _MEANING:
        return _MEANING[plain]
    if plain.endswith(("failed", "error", "failure", "errored")):
        return HealthState.FAILED
    if len(plain) < 40 and (plain.endswith("ing") or plain.startswith(("waiting", "pending", "notready"))):
        return HealthState.PROGRESSING
    return None
