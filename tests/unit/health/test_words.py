"""Phase words and what they mean."""

from __future__ import annotations

import pytest

from gitctl.health.words import meaning
from gitctl.model.health import HealthState


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Running", HealthState.HEALTHY),
        ("in-sync", HealthState.HEALTHY),
        ("HEALTH_OK", HealthState.HEALTHY),
        ("Partially Failed", HealthState.FAILED),
        ("UpdateFailed", HealthState.FAILED),
        ("sync_error", HealthState.FAILED),
        ("NoError", HealthState.HEALTHY),
        ("Creating", HealthState.PROGRESSING),
        ("Not Ready", HealthState.PROGRESSING),
        ("WaitingForVolume", HealthState.PROGRESSING),
        ("Paused", HealthState.SUSPENDED),
        ("Deleting", HealthState.DELETING),
        ("Unknown", HealthState.UNKNOWN),
        ("Warning", None),
        ("Tuesday", None),
        ("", None),
        ("42", None),
    ],
)
def test_meaning(word: str, state: HealthState | None) -> None:
    assert meaning(word) is state
