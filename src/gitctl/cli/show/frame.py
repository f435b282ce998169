"""Frame: how far a run is, as a few lines that are drawn anew. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitctl.cli.show.lines import Line, Style, age
from gitctl.model.outcome import PRUNE, Event, EventKind
from gitctl.model.quantity import counted

_MOST_PHASES = 8
_SPINNER = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
_TICKS = (("✓", "✗", "·"), ("+", "x", "."))


@dataclass(frozen=True, slots=True)
class Phase:
    """A wave, or the prunes: how many objects it has, and how many were written or refused."""

    name: str
    total: int
    done: int = 0
    failed: int = 0

    @property
    def over(self) -> bool:
        """Was every object tried?"""
        return self.done + self.failed >= self.total


@dataclass(frozen=True, slots=True)
class Progressing:
    """A run so far. `began` is a monotonic time in seconds, `waiting` the last thing that was said to block."""

    app: str = ""
    began: float = 0.0
    phases: tuple[Phase, ...] = ()
    current: int = -1
    waiting: str = ""


def folded(run: Progressing, event: Event, *, now: float) -> Progressing:
    """The run after an event."""
    match event.kind:
        case EventKind.PLAN:
            return Progressing(event.app, now, tuple(Phase(name, total) for name, total in event.counts))
        case EventKind.WAVE:
            name = event.message.rpartition(": ")[0]
            known = [i for i, phase in enumerate(run.phases) if phase.name == name and not phase.over]
            return replace(run, current=known[0] if known else run.current, waiting="")
        case EventKind.APPLIED:
            return _counted(run, run.current, failed=False)
        case EventKind.DELETED | EventKind.FAILED:
            pruning = run.phases and run.phases[-1].name == PRUNE and all(phase.over for phase in run.phases[:-1])
            return _counted(run, len(run.phases) - 1 if pruning else run.current, failed=event.kind is EventKind.FAILED)
        case EventKind.WAITING:
            return replace(run, waiting=event.message, app=run.app or event.app, began=run.began or now)
        case EventKind.DONE | EventKind.STEP | EventKind.HEALTHY | EventKind.WARNING:
            return run


def _counted(run: Progressing, index: int, *, failed: bool) -> Progressing:
    if not 0 <= index < len(run.phases):
        return run
    phase = run.phases[index]
    phase = replace(phase, failed=phase.failed + 1) if failed else replace(phase, done=phase.done + 1)
    return replace(run, phases=(*run.phases[:index], phase, *run.phases[index + 1 :]), current=index, waiting="")


def frame(run: Progressing, *, now: float, boxes: bool = True) -> list[Line]:
    """The app and its time, a line for each wave, and what blocks."""
    spinner = _SPINNER[0 if boxes else 1]
    mark = spinner[int((now - run.began) * 8) % len(spinner)]
    head: Line = ((f"{mark} {run.app or 'waiting'}", Style.HEAD), (f"  {age(now - run.began)}", Style.QUIET))
    return [head, *_phases(run, boxes), *_blockers(run.waiting)]


def _phases(run: Progressing, boxes: bool) -> Iterator[Line]:
    good, bad, later = _TICKS[0 if boxes else 1]
    first = max(0, min(run.current, len(run.phases) - _MOST_PHASES))
    wide = max((len(phase.name) for phase in run.phases), default=0)
    if first:
        yield ((f"  {good} {counted(first, 'wave')} before", Style.ADDED),)
    for phase in run.phases[first : first + _MOST_PHASES]:
        mark, style = (bad, Style.BAD) if phase.failed else (good, Style.ADDED) if phase.over else (later, Style.QUIET)
        failed = f", {phase.failed} failed" if phase.failed else ""
        yield ((f"  {mark} ", style), (f"{phase.name:<{wide}}  {phase.done}/{phase.total}{failed}", Style.PLAIN))


def _blockers(waiting: str) -> Iterator[Line]:
    """`waiting for 2 of 5: a: why; b: why` as a line each."""
    what, colon, rest = waiting.partition(": ")
    if waiting:
        yield ((f"  {what}{colon.strip()}", Style.CHANGED),)
    for one in filter(None, rest.split("; ")):
        yield ((f"    {one}", Style.QUIET),)


def summary(run: Progressing, result: str, *, now: float) -> str:
    """`web: succeeded in 12s: 8 applied, 1 pruned`, for when the frame is gone."""
    applied = sum(phase.done for phase in run.phases if phase.name != PRUNE)
    pruned = sum(phase.done for phase in run.phases if phase.name == PRUNE)
    failed = sum(phase.failed for phase in run.phases)
    counts = ((applied, "applied"), (pruned, "pruned"), (failed, "failed"))
    told = ", ".join(f"{number} {word}" for number, word in counts if number)
    return f"{run.app}: {result} in {age(now - run.began)}" + (f": {told}" if told else "")
