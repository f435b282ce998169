"""Health: does an object work, and which rule says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HealthState(StrEnum):
    """What an object's status says. Worst first is the order of `GRAVITY`."""

    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    FAILED = "failed"
    SUSPENDED = "suspended"
    DELETING = "deleting"
    MISSING = "missing"
    UNKNOWN = "unknown"


GRAVITY = (
    HealthState.FAILED,
    HealthState.MISSING,
    HealthState.UNKNOWN,
    HealthState.DELETING,
    HealthState.PROGRESSING,
    HealthState.SUSPENDED,
    HealthState.HEALTHY,
)


@dataclass(frozen=True, slots=True)
class Health:
    """The state, a message that names the condition which blocks, and the rule that decided (`workload/Deployment`, `condition Ready`)."""

    state: HealthState
    message: str = ""
    rule: str = ""

    @property
    def settled(self) -> bool:
        """Nothing more is waited for: healthy, or suspended on purpose."""
        return self.state in (HealthState.HEALTHY, HealthState.SUSPENDED)


def worst(states: tuple[HealthState, ...]) -> HealthState:
    """The gravest of some states; healthy for none."""
    return min(states, key=GRAVITY.index, default=HealthState.HEALTHY)
