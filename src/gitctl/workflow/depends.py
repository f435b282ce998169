"""`depends_on`: an app is synced only while what it depends on is healthy."""

from __future__ import annotations

from dataclasses import replace

from gitctl.errors import ErrorId, Refused
from gitctl.health.assess import assess
from gitctl.model.app import App
from gitctl.model.health import Health
from gitctl.model.manifest import ObjectRef
from gitctl.workflow.parts import Parts


def require_healthy(app: App, dependency: str, parts: Parts) -> None:
    """Raise Refused unless all objects that the dependency's state lists are healthy now."""
    owner = replace(app, name=dependency).owner
    state = parts.target.read_state(owner)
    if not state.inventory:
        raise Refused(
            f"{app.name} depends on {dependency}, which was never synced here",
            id=ErrorId.DEPENDENCY_NOT_READY,
            hint=f"sync {dependency} first, or add --with-deps",
        )
    observed = parts.target.observe(owner, [(e.ref, e.api_version) for e in state.inventory])
    done = {e.ref for e in state.inventory if e.completed}
    ill = [(ref, h) for ref, live in observed.objects.items() if ref not in done and not (h := assess(live)).settled]
    if ill or observed.unknown:
        raise Refused(
            f"{app.name} depends on {dependency}, which is not healthy",
            id=ErrorId.DEPENDENCY_NOT_READY,
            details=[*(_row(ref, h) for ref, h in ill), *(f"{r}: {why}" for r, why in observed.unknown.items())],
            hint=f"`gitctl health {dependency}` shows more",
        )


def _row(ref: ObjectRef, health: Health) -> str:
    return f"{ref}: {health.state.value}: {health.message}"
