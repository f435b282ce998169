"""Waiting for the health of what an app has in its target; no request for what cannot change its health."""

from __future__ import annotations

from collections.abc import Iterable

from gitctl.apply.wait import wait_healthy
from gitctl.health.assess import NO_STATUS, assess
from gitctl.model.health import Health
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import ObjectHealth, Outcome
from gitctl.parallel import Deadline
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Planned


def wait_for_app(planned: Planned, outcomes: Iterable[Outcome], parts: Parts, deadline: Deadline) -> tuple[ObjectHealth, ...]:
    """The health of all that the app has, in the order of the render, once it is settled or time is over. Raises ClusterError.

    Left out are finished Jobs that are gone, and a Namespace that the app only uses. An object of a kind without a status (a
    ConfigMap, a Role) is healthy by being there, as the answer to its apply shows: looking again at hundreds of them is most of
    the wait.
    """
    seen: dict[ObjectRef, Json | None] = {c.ref: c.live for c in planned.plan.unchanged if c.live is not None}
    seen |= {o.change.ref: o.live for o in outcomes}
    health = {ref: assess(live, rules=planned.app.health) for ref, live in seen.items()}
    awaited = {ref for ref, one in health.items() if not (one.settled and one.rule == NO_STATUS)}
    return _joined(planned, health, _wait(planned, awaited, parts, deadline))


def wait_for_unchanged(planned: Planned, parts: Parts, *, seconds: float) -> tuple[ObjectHealth, ...]:
    """A sync with nothing to apply: health decides all the same, or the second try of a bad release would look like a success.

    The health of the objects that are not settled by what the plan saw of them; no request when all are. Raises ClusterError.
    """
    seen = ((c.ref, assess(c.live, rules=planned.app.health)) for c in planned.plan.unchanged if c.live is not None)
    return _wait(planned, {ref for ref, health in seen if not health.settled}, parts, Deadline(seconds))


def _wait(planned: Planned, refs: set[ObjectRef], parts: Parts, deadline: Deadline) -> tuple[ObjectHealth, ...]:
    wanted = [(m.ref, m.api_version) for m in planned.rendered.manifests if m.ref in refs]
    app = planned.app
    return wait_healthy(wanted, parts.target, rules=app.health, deadline=deadline, emit=parts.emit, cancel=parts.cancel, app=app.name)


def _joined(planned: Planned, known: dict[ObjectRef, Health], awaited: tuple[ObjectHealth, ...]) -> tuple[ObjectHealth, ...]:
    waited = {one.ref: one for one in awaited}
    here = [m.ref for m in planned.rendered.manifests if m.ref in known]
    return tuple(waited.get(ref) or ObjectHealth(ref, known[ref]) for ref in here)
