"""The board of a wait: what is known of each object, who is well, who has failed for good, and what to tell meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from gitctl.health.assess import assess
from gitctl.model.app import HealthRule
from gitctl.model.health import GRAVITY, Health, HealthState
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import Event, EventKind
from gitctl.protocols import Emit

NOT_SEEN = Health(HealthState.UNKNOWN, "not seen yet", "not seen")

# Seconds for which an object must be failed before its wait ends, by the rule that says so. A failed Job never recovers; a Deployment
# past its deadline keeps the old verdict for a moment after a new template; autoscalers see no metrics until pods have run a minute;
# operators call their own retries failures.
GRACE = {"workload/Job": 0.0, "workload/Deployment": 5.0, "scaling/HorizontalPodAutoscaler": 90.0}
GRACE_OF_USER_RULES = 5.0
GRACE_OF_OTHERS = 60.0

TELL_EVERY = 1.0
TELL_AGAIN = 30.0
_NAMED = 3


def grace(health: Health) -> float:
    """How long a failure must last, in seconds, until it counts as final."""
    return GRACE.get(health.rule, GRACE_OF_USER_RULES if health.rule.startswith("user rule") else GRACE_OF_OTHERS)


@dataclass(slots=True)
class Board:
    """`refs` in order; `now` is a monotonic clock in seconds."""

    refs: tuple[ObjectRef, ...]
    rules: tuple[HealthRule, ...]
    emit: Emit
    app: str = ""
    now: Callable[[], float] = time.monotonic
    health: dict[ObjectRef, Health] = field(init=False)
    live: dict[ObjectRef, Json | None] = field(default_factory=dict, init=False)
    _failed_since: dict[ObjectRef, float] = field(default_factory=dict, init=False)
    _announced: set[ObjectRef] = field(default_factory=set, init=False)
    _told: tuple[str, float] = field(default=("", float("-inf")), init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self.health = dict.fromkeys(self.refs, NOT_SEEN)
        self._began = self.now()

    def put(self, ref: ObjectRef, live: Json | None) -> None:
        """Take note of an object's present state."""
        if ref not in self.health:
            return
        last = live if live is not None else self.live.get(ref)
        health = assess(live, rules=self.rules)
        if health.state in (HealthState.MISSING, HealthState.DELETING):
            health = _ended_job(last, self.rules) or health
        self.health[ref], self.live[ref] = health, last
        if health.state is HealthState.FAILED:
            self._failed_since.setdefault(ref, self.now())
        else:
            self._failed_since.pop(ref, None)
        if health.settled and ref not in self._announced:
            self._announced.add(ref)
            self.emit(Event(EventKind.HEALTHY, health.message or health.state.value, ref, self.app))

    @property
    def is_waiting(self) -> bool:
        """Is there an object that is not well yet and still may be? Asked after each event: the first one found settles it."""
        return any(not health.settled and not self._final(ref) for ref, health in self.health.items())

    @property
    def bad(self) -> tuple[ObjectRef, ...]:
        """Objects that are not well."""
        return tuple(ref for ref, health in self.health.items() if not health.settled)

    def _final(self, ref: ObjectRef) -> bool:
        since = self._failed_since.get(ref)
        return since is not None and self.now() - since >= grace(self.health[ref])

    def tell(self) -> None:
        """Say what blocks: when that changed, at most once a second; else now and then. Not before the first look is complete."""
        before, at = self._told
        if self.now() - at < TELL_EVERY:
            return
        bad = self.bad
        looking = NOT_SEEN in self.health.values() and self.now() - self._began < TELL_EVERY
        message = blockers(bad, self.health) if bad and not looking else ""
        if message and self.now() - at >= (TELL_EVERY if message != before else TELL_AGAIN):
            self._told = (message, self.now())
            self.emit(Event(EventKind.WAITING, f"waiting for {len(bad)} of {len(self.refs)}: {message}", None, self.app))

    def lost(self, why: str) -> None:
        """The target cannot be reached any more: what was last seen of the unwell is no knowledge."""
        for ref in self.bad:
            last = self.health[ref]
            seen = f"; last seen {last.state.value}: {last.message}" if last is not NOT_SEEN else ""
            self.health[ref] = replace(last, state=HealthState.UNKNOWN, message=f"cannot be looked at: {why}{seen}", rule="not seen")


def blockers(bad: Iterable[ObjectRef], health: Mapping[ObjectRef, Health]) -> str:
    """The gravest few, each with its message."""
    worst = sorted(bad, key=lambda ref: (GRAVITY.index(health[ref].state), ref))
    named = [f"{ref}: {health[ref].message or health[ref].state.value}" for ref in worst[:_NAMED]]
    return "; ".join(named) + (f"; and {len(worst) - _NAMED} more" if len(worst) > _NAMED else "")


def _ended_job(last: Json | None, rules: tuple[HealthRule, ...]) -> Health | None:
    """The verdict on a Job that goes or is gone: its TTL removes it right after its end, which decides. None for anything else."""
    if last is None or last.get("kind") != "Job":
        return None
    metadata, spec = last.get("metadata"), last.get("spec")
    kept = {k: v for k, v in metadata.items() if k != "deletionTimestamp"} if isinstance(metadata, dict) else {}
    health = assess({**last, "metadata": kept}, rules=rules)
    if health.state in (HealthState.HEALTHY, HealthState.FAILED):
        return replace(health, message=f"{health.message}; removed after it finished")
    if isinstance(spec, dict) and spec.get("ttlSecondsAfterFinished") is not None:
        return Health(HealthState.UNKNOWN, "removed by its TTL before its end was seen", "workload/Job")
    return None
