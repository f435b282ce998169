"""A lock for people and as data: who holds it, what that run is doing, and what became of it."""

from __future__ import annotations

from typing import Any

from gitctl.cli.show.lines import Line, Style, line
from gitctl.model.lock import Holding, Life
from gitctl.model.record import Record
from gitctl.workflow.unlock import Seen, Unlocked

_LIFE = {
    Life.GONE: "gone: its process on this machine has ended; any run takes over",
    Life.SILENT: "silent for {seconds} s by this machine's clock; any run takes over",
    Life.QUIET: "quiet: it did not renew for {seconds} s by this machine's clock",
    Life.ALIVE: "alive",
}


def holder_lines(seen: Seen, *, title: str) -> list[Line]:
    """Who holds the lock, and what that run is doing."""
    holding = seen.holding
    if holding is None:
        return [line(f"{title}: not locked", Style.HEAD)]
    process = f", process {holding.pid}{' on this machine' if holding.here else ''}" if holding.pid else ""
    rows = [
        ("machine", f"{holding.host or 'unknown'}{process}"),
        ("since", f"{holding.since or 'unknown'} by its clock, last renewed {holding.renewed or 'never'}"),
        ("state", _LIFE[holding.life].format(seconds=f"{holding.silent_seconds:.0f}")),
        ("run", _doing(seen.record)),
    ]
    return [line(f"{title}: locked by {holding.holder}", Style.HEAD), *(line(f"  {name + ':':<9}{text}") for name, text in rows)]


def _doing(record: Record | None) -> str:
    if record is None:
        return "it has no record open: nothing was written yet, or all is over"
    about = f"record {record.number}, {record.verb.value} of {record.revision[:8]} {record.subject!r} by {record.actor}"
    return f"{about}, started {record.started}" + (f": {record.message}" if record.message else "")


def unlocked_lines(done: Unlocked, *, title: str) -> list[Line]:
    """What became of the lock."""
    if done.seen.holding is None:
        return [line(f"{title}: not locked", Style.HEAD)]
    if done.declined:
        return [line(f"{title}: still locked: you said no", Style.CHANGED)]
    marked = f"; record {done.record.number} is marked as interrupted" if done.record else ""
    return [line(f"{title}: {done.seen.holding.holder} was evicted{marked}", Style.ADDED)]


def unlocked_json(done: Unlocked) -> dict[str, Any]:
    """The same as data. `run` is what the holder was doing, `record` the number of the one that was marked as interrupted."""
    holding, run = done.seen.holding, done.seen.record
    return {
        "locked": holding is not None,
        "holder": _holder_json(holding) if holding else None,
        "run": _run_json(run) if run else None,
        "evicted": done.evicted,
        "declined": done.declined,
        "record": done.record.number if done.record else None,
    }


def _holder_json(holding: Holding) -> dict[str, Any]:
    return {
        "identity": holding.holder,
        "host": holding.host,
        "pid": holding.pid or None,
        "here": holding.here,
        "since": holding.since,
        "renewed": holding.renewed,
        "silentSeconds": round(holding.silent_seconds, 1),
        "life": holding.life.value,
    }


def _run_json(record: Record) -> dict[str, Any]:
    return {
        "record": record.number,
        "verb": record.verb.value,
        "revision": record.revision,
        "subject": record.subject,
        "actor": record.actor,
        "started": record.started,
        "message": record.message,
    }
