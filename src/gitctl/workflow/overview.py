"""One look at several apps: requests grow with the kinds of their objects, not with the apps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext

from gitctl.model.app import App
from gitctl.model.manifest import ObjectRef
from gitctl.plan.adopt import owners_of
from gitctl.protocols import Survey
from gitctl.workflow.parts import Parts


def overview(apps: Sequence[App], parts: Parts, *, wanted: Collection[tuple[ObjectRef, str]] = ()) -> AbstractContextManager[None]:
    """For its time the target reads once for all apps, where it can. `wanted` is what will be asked for besides their inventories."""
    if not apps or not isinstance(parts.target, Survey):
        return nullcontext()
    return parts.target.survey([owner for app in apps for owner in owners_of(app)], wanted=wanted)
