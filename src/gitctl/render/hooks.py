"""Helm's hooks: test pods are left out, others are refused or skipped, because gitctl does not run hooks yet."""

from __future__ import annotations

from collections.abc import Iterable

from gitctl.errors import ErrorId, RenderError
from gitctl.model.app import HookPolicy
from gitctl.model.manifest import Json
from gitctl.render.raw import Raw

HOOK = "helm.sh/hook"
_TESTS = frozenset({"test", "test-success", "test-failure"})


def without_hooks(objects: Iterable[Raw], policy: HookPolicy, app: str) -> tuple[list[Raw], tuple[str, ...]]:
    """The objects that are no hooks, and a warning for what was skipped. Raises RenderError naming the hooks."""
    kept, hooks = [], []
    for raw in objects:
        phases = _phases(raw.body)
        if not phases:
            kept.append(raw)
        elif not phases <= _TESTS:
            hooks.append(f"{raw.name} ({', '.join(sorted(phases))})")
    if hooks and policy is HookPolicy.REFUSE:
        raise RenderError(
            f"{app}: the chart has hooks, which gitctl does not run: {', '.join(hooks)}",
            id=ErrorId.CHART_HOOKS,
            hint="set `helm.hooks: skip` for this app when it works without them",
        )
    return kept, (f"{app}: hooks are skipped: {', '.join(hooks)}",) if hooks else ()


def _phases(body: Json) -> frozenset[str]:
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = annotations.get(HOOK) if isinstance(annotations, dict) else None
    return frozenset(phase.strip() for phase in value.split(",") if phase.strip()) if isinstance(value, str) else frozenset()
