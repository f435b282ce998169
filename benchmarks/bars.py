"""What is promised about speed, and whether the figures hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from measured import Measured
from tools import CHANGED, DIFF, DRIFT, FIRST, STATUS, SYNC

Results = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise: `found` is the figure as text; `met` is False for what could not be measured as well."""

    case: str
    bar: str
    found: str
    met: bool


def judged(results: Results) -> list[Bar]:
    """All bars of the cases that were run."""
    bars: list[Bar] = []
    if "one" in results:
        bars += _one(results["one"])
    if "large" in results:
        bars += _large(results["large"], results.get("one", ()))
    if "fleet" in results:
        bars += _fleet(results["fleet"], results.get("one", ()))
    return bars


def _one(one: Sequence[Measured]) -> Iterator[Bar]:
    kubectl, helm = _of(one, "kubectl", DIFF), _of(one, "helm", FIRST)
    for step in (DIFF, SYNC):
        ours = _of(one, "gitctl", step)
        yield _at_least(f"{step}, usual app", "3.6 times as fast as kubectl diff", kubectl, ours, 3.6)
        yield Bar(f"{step}, usual app", "at most 50 requests", f"{ours.requests or '?'}", 0 < ours.requests <= 50)
    yield _at_least("first apply, usual app (neither waits)", "2.5 times as fast as helm", helm, _of(one, "gitctl --no-wait", FIRST), 2.5)


def _large(large: Sequence[Measured], one: Sequence[Measured]) -> Iterator[Bar]:
    ours, changed = _of(large, "gitctl", DIFF), _of(large, "gitctl", CHANGED)
    yield _at_most("no-op diff, large app", "6 times that of the usual app", ours, _of(one, "gitctl", DIFF), 6.0)
    yield _at_least("no-op diff, large app", "5 times as fast as kubectl diff", _of(large, "kubectl", DIFF), ours, 5.0)
    yield Bar("no-op diff, large app", "at most 300 MB", f"{ours.mebibytes:.0f} MiB", 0 < ours.mebibytes * 1.048576 <= 300)
    yield _at_most("one changed, large app", "1.1 times the no-op", changed, ours, 1.1)


def _fleet(fleet: Sequence[Measured], one: Sequence[Measured]) -> Iterator[Bar]:
    for step in (STATUS, DRIFT):
        found = _of(fleet, "gitctl", step)
        yield _at_most(f"{step} of the fleet", "3 times the no-op of the usual app", found, _of(one, "gitctl", DIFF), 3.0)
        yield Bar(f"{step} of the fleet", "at most 60 requests", f"{found.requests or '?'}", 0 < found.requests <= 60)


def _of(results: Sequence[Measured], tool: str, step: str) -> Measured:
    return next((one for one in results if (one.tool, one.step) == (tool, step)), Measured(tool, step, failed="not run"))


def _at_least(case: str, bar: str, peer: Measured, ours: Measured, times: float) -> Bar:
    if not (peer.seconds and ours.seconds):
        return Bar(case, bar, _missing(peer, ours), met=False)
    found = f"{peer.seconds / ours.seconds:.1f} times ({ours.seconds:.2f} s, {peer.seconds:.2f} s)"
    return Bar(case, bar, found, met=peer.seconds >= times * ours.seconds)


def _at_most(case: str, bar: str, ours: Measured, other: Measured, times: float) -> Bar:
    if not (other.seconds and ours.seconds):
        return Bar(case, bar, _missing(other, ours), met=False)
    found = f"{ours.seconds / other.seconds:.2f} times ({ours.seconds:.2f} s, {other.seconds:.2f} s)"
    return Bar(case, bar, found, met=ours.seconds <= times * other.seconds)


def _missing(*needed: Measured) -> str:
    return "not measured: " + ", ".join(f"{one.tool} {one.step}" for one in needed if not one.seconds)
