"""A sync with nothing to apply: health decides all the same, or the second try of a bad release would look like a success."""

from __future__ import annotations

from gitctl.apply.wait import wait_healthy
from gitctl.health.assess import assess
from gitctl.model.app import App
from gitctl.model.manifest import ObjectRef
from gitctl.model.outcome import ObjectHealth
from gitctl.parallel import Deadline
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Planned


def health_of_unchanged(planned: Planned, parts: Parts, *, seconds: float) -> tuple[ObjectHealth, ...]:
    """Wait for the objects that are not healthy by what the plan saw of them; no request when all are. Raises ClusterError."""
    ill = _ill(planned.app, planned)
    if not ill:
        return ()
    deadline = Deadline(seconds)
    return wait_healthy(
        ill, parts.target, rules=planned.app.health, deadline=deadline, emit=parts.emit, cancel=parts.cancel, app=planned.app.name
    )


def _ill(app: App, planned: Planned) -> list[tuple[ObjectRef, str]]:
    seen = ((c.desired, assess(c.live, rules=app.health)) for c in planned.plan.unchanged if c.live is not None)
    return [(m.ref, m.api_version) for m, health in seen if not health.settled]
