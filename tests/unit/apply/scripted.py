"""A target in memory that does what a test tells it: refuses, loses the connection, changes a status late. Only for order and faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gitctl.errors import GitctlError, Locked
from gitctl.model.change import Action, Change, Comparison, Plan, Wave
from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.model.outcome import Event, Outcome, OutcomeResult
from gitctl.model.revision import Revision

API = {"ConfigMap": "v1", "Job": "batch/v1", "Deployment": "apps/v1", "CustomResourceDefinition": "apiextensions.k8s.io/v1"}


def ref(name: str, kind: str = "ConfigMap") -> ObjectRef:
    """An object in the namespace `shop`; a kind that is not built in has the group `example.com`."""
    version = API.get(kind, "example.com/v1")
    return ObjectRef(version.rpartition("/")[0], kind, "shop", name)


def body(one: ObjectRef, **status: Any) -> dict[str, Any]:
    """A live object with a status."""
    metadata = {"name": one.name, "namespace": one.namespace, "uid": f"uid-{one.name}"}
    return {"apiVersion": version(one), "kind": one.kind, "metadata": metadata, "spec": {}, "status": status}


def version(one: ObjectRef) -> str:
    """The API version of an object."""
    return f"{one.group}/v1" if one.group else "v1"


def create(name: str, kind: str = "ConfigMap", *, spec: dict[str, Any] | None = None) -> Change:
    """A planned create."""
    one = ref(name, kind)
    wanted = {**body(one), "spec": spec or {}}
    del wanted["status"]
    manifest = Manifest(one, version(one), wanted, Origin("a.yaml"))
    return Change(one, Action.CREATE, comparison=Comparison(manifest, None, None, wanted))


def removal(name: str, kind: str = "ConfigMap", *, action: Action = Action.PRUNE) -> Change:
    """A planned prune."""
    one = ref(name, kind)
    return Change(one, action, live=body(one), live_uid=f"uid-{name}")


def plan(*waves: Wave, prunes: tuple[Change, ...] = ()) -> Plan:
    """A plan of the app `web`."""
    return Plan("web", "p/e/web", Revision("r", "0" * 40, "main"), waves, prunes, (), (), (), digest="d")


@dataclass
class HeldLock:
    """A lock that is lost after so many checks."""

    checks_left: int = 10**6

    def check(self) -> None:
        """As the protocol says."""
        self.checks_left -= 1
        if self.checks_left < 0:
            raise Locked("the lock was lost")


@dataclass
class ScriptedTarget:
    """`refuse`: names whose write fails; `broken`: names whose write raises; `before`: what happens before a write, by name."""

    refuse: dict[str, str] = field(default_factory=dict)
    broken: dict[str, GitctlError] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    live: dict[ObjectRef, dict[str, Any] | None] = field(default_factory=dict)
    later: list[tuple[float, ObjectRef, dict[str, Any] | None]] = field(default_factory=list)
    watch_errors: list[GitctlError] = field(default_factory=list)
    sticky: set[str] = field(default_factory=set)
    recreated: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    forced: list[str] = field(default_factory=list)

    def apply(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """As the protocol says."""
        if force:
            self.forced.append(change.ref.name)
        failure = self._write("apply", change)
        if failure:
            return failure
        assert change.comparison
        self.live.setdefault(change.ref, change.comparison.desired.body)
        return Outcome(change, OutcomeResult.APPLIED, live=self.live[change.ref])

    def delete(self, change: Change, *, owner: str) -> Outcome:
        """As the protocol says. A sticky object stays for its finalizer; a recreated one is back under another uid."""
        failure = self._write("delete", change)
        if failure:
            return failure
        metadata = {**body(change.ref)["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/hold"]}
        again = {**body(change.ref), "metadata": {"name": change.ref.name, "uid": "another"}} if change.ref.name in self.recreated else None
        self.live[change.ref] = {**body(change.ref), "metadata": metadata} if change.ref.name in self.sticky else again
        return Outcome(change, OutcomeResult.DELETED)

    def _write(self, verb: str, change: Change) -> Outcome | None:
        name = change.ref.name
        self.before.get(name, lambda: None)()
        self.log.append(f"{verb} {name}")
        if name in self.broken:
            raise self.broken[name]
        return Outcome(change, OutcomeResult.FAILED, error=self.refuse[name], code=422) if name in self.refuse else None

    def refresh(self, kinds: list[tuple[str, str]]) -> None:
        """As the protocol says."""
        self.log.append("refresh " + ",".join(kind for _, kind in kinds))

    def watch(self, refs: list[tuple[ObjectRef, str]], *, seconds: float) -> Iterator[tuple[ObjectRef, dict[str, Any] | None]]:
        """As the protocol says; `later` are (seconds from the first watch, object, state)."""
        if self.watch_errors:
            raise self.watch_errors.pop(0)
        began = time.monotonic()
        for one, _ in refs:
            yield one, self.live.get(one)
        for at, one, live in self.later:
            time.sleep(max(0.0, min(at, seconds) - (time.monotonic() - began)))
            self.live[one] = live
            yield one, live
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))

    def explain(self, one: ObjectRef, live: dict[str, Any] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """As the protocol says."""
        return (f"Warning about {one.name}",), (f"last line of {one.name}",)


@dataclass
class Heard:
    """Events, as text."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.lines.append(f"{event.kind.value} {event.ref.name if event.ref else ''} {event.message}".replace("  ", " "))

    def of(self, kind: str) -> list[str]:
        """The lines of one kind, without it."""
        return [line.removeprefix(f"{kind} ") for line in self.lines if line.startswith(f"{kind} ")]
