"""Rig: waves of objects → plan → the real apply loop on the control plane, under a lock that is always held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.cluster.target.bench import Bench, deployment

from gitctl.apply.options import ApplyOptions
from gitctl.apply.prune import prune
from gitctl.apply.run import apply_waves
from gitctl.apply.wait import wait_healthy
from gitctl.model.change import Action, Change, Plan, Wave
from gitctl.model.manifest import Json
from gitctl.model.outcome import Event, ObjectHealth, Outcome
from gitctl.model.revision import Revision
from gitctl.parallel import Deadline


def simulated(behaviour: str, *, name: str = "web", deadline: int = 600, replicas: int = 1) -> Json:
    """A Deployment whose pods behave as told ("" for well)."""
    body = deployment(name, replicas=replicas, progressDeadlineSeconds=deadline)
    body["spec"]["template"]["metadata"]["annotations"] = {"gitctl.dev/simulate": behaviour} if behaviour else {}
    return body


def job(behaviour: str, *, ttl: int | None = None) -> Json:
    """A Job of one pod that is not tried again."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "main:1"}]}
    spec: Json = {"backoffLimit": 0, "template": {"metadata": {"annotations": {"gitctl.dev/simulate": behaviour}}, "spec": pod}}
    if ttl is not None:
        spec["ttlSecondsAfterFinished"] = ttl
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"}, "spec": spec}


class Held:
    """A lock that nobody takes."""

    def check(self) -> None:
        """Fine."""


class Rig:
    """One app on the control plane."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.target = bench.target
        self.events: list[Event] = []

    def plan(self, *waves: Sequence[Json], prunes: Sequence[Json] = (), kinds: frozenset[tuple[str, str]] = frozenset()) -> Plan:
        """A plan that creates what is not there, updates what is, and prunes live objects in the order given."""
        made = tuple(Wave(f"wave {n}", tuple(self._changes(bodies, kinds))) for n, bodies in enumerate(waves))
        gone = tuple(Change(self.bench.ref(b), Action.PRUNE, live=b, live_uid=b["metadata"]["uid"]) for b in prunes)
        return Plan("web", self.bench.owner, Revision("", "", ""), made, gone, (), (), (), digest="")

    def _changes(self, bodies: Sequence[Json], kinds: frozenset[tuple[str, str]]) -> list[Change]:
        compared = self.bench.compare(*bodies, kinds=kinds)
        return [Change(c.ref, Action.UPDATE if c.live else Action.CREATE, comparison=c) for c in compared]

    def apply(self, *waves: Sequence[Json], seconds: float = 30, **more: Any) -> tuple[Outcome, ...]:
        """Apply waves."""
        return apply_waves(self.plan(*waves, **more), self.target, lock=Held(), emit=self.events.append, options=self._options(seconds))

    def prune(self, *bodies: Json, seconds: float = 30) -> tuple[Outcome, ...]:
        """Prune live objects."""
        return prune(self.plan(prunes=bodies), self.target, lock=Held(), emit=self.events.append, options=self._options(seconds))

    def wait(self, *bodies: Json, seconds: float = 30) -> tuple[ObjectHealth, ...]:
        """Wait for the health of wanted objects."""
        refs = [(m.ref, m.api_version) for m in self.bench.locate(*bodies)]
        return wait_healthy(refs, self.target, deadline=Deadline(seconds), emit=self.events.append, cancel=Deadline(), app="web")

    def _options(self, seconds: float) -> ApplyOptions:
        return ApplyOptions(self.bench.owner, deadline=Deadline(seconds))

    def said(self, kind: str) -> list[str]:
        """Messages of one kind of event."""
        return [e.message for e in self.events if e.kind.value == kind]


def results(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """How each change ended."""
    return {o.change.ref.name: o.result.value for o in outcomes}


def lives(outcomes: Sequence[Outcome]) -> list[Json]:
    """The objects as the server answered."""
    return [o.live for o in outcomes if o.live]
