"""Progress: what a run's events become on a terminal, in a CI log, in GitHub Actions, and as JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from gitctl.cli.flags import Flags, LogFormat
from gitctl.cli.session import Session
from gitctl.cli.show.frame import Progressing, folded, frame, summary
from gitctl.model.manifest import ObjectRef
from gitctl.model.outcome import PRUNE, Event, EventKind

WEB = ObjectRef("apps", "Deployment", "shop", "web")
PLAN = Event(EventKind.PLAN, "5 objects to change", None, "web", (("configuration", 2), ("wave 1: workloads", 2), (PRUNE, 1)))
WAITING = Event(EventKind.WAITING, "waiting for 1 of 2: apps/Deployment shop/web: 0 of 1 ready; and 1 more", None, "web")


def event(kind: EventKind, message: str = "", ref: ObjectRef | None = None) -> Event:
    """An event of the app web."""
    return Event(kind, message, ref, "web")


RUN = (
    PLAN,
    event(EventKind.WAVE, "configuration: 2 objects"),
    event(EventKind.APPLIED, "created", WEB),
    event(EventKind.APPLIED, "created", WEB),
    event(EventKind.WAVE, "wave 1: workloads: 2 objects"),
    event(EventKind.APPLIED, "created", WEB),
    WAITING,
)


def after(*events: Event) -> Progressing:
    """The run after some events, which began at second 100."""
    run = Progressing()
    for one in events:
        run = folded(run, one, now=100.0)
    return run


def drawn(run: Progressing, *, now: float = 112.0, boxes: bool = True) -> list[str]:
    """The frame's lines as text."""
    return ["".join(text for text, _ in spans) for spans in frame(run, now=now, boxes=boxes)]


def test_a_frame_shows_the_waves_and_what_blocks() -> None:
    assert drawn(after(*RUN))[1:] == [
        "  ✓ configuration      2/2",
        "  · wave 1: workloads  1/2",
        "  · prune              0/1",
        "  waiting for 1 of 2:",
        "    apps/Deployment shop/web: 0 of 1 ready",
        "    and 1 more",
    ]
    assert drawn(after(*RUN))[0].endswith(" web  12s")
    assert all(line.isascii() for line in drawn(after(*RUN), boxes=False))


def test_the_spinner_turns() -> None:
    assert len({drawn(after(*RUN), now=100 + n / 8)[0][0] for n in range(10)}) == 10


def test_what_is_done_is_summed_up() -> None:
    run = after(*RUN, event(EventKind.FAILED, "update failed: no", WEB), event(EventKind.DELETED, "pruned", WEB))
    assert drawn(run)[2:] == ["  ✗ wave 1: workloads  1/2, 1 failed", "  ✓ prune              1/1"]
    assert summary(run, "partial", now=165.0) == "web: partial in 1m: 3 applied, 1 pruned, 1 failed"


def test_many_waves_do_not_fill_the_screen() -> None:
    plan = Event(EventKind.PLAN, "", None, "web", tuple((f"wave {n}: workloads", 1) for n in range(30)))
    run = after(plan, *(e for n in range(12) for e in (event(EventKind.WAVE, f"wave {n}: workloads: 1 object"), event(EventKind.APPLIED))))
    lines = drawn(run)
    assert len(lines) == 10
    assert lines[1:3] == ["  ✓ 11 waves before", "  ✓ wave 11: workloads  1/1"]


def test_waiting_for_the_lock_comes_before_any_plan() -> None:
    assert drawn(after(Event(EventKind.WAITING, "waiting for the lock: held by ada")), now=103)[1:] == [
        "  waiting for the lock:",
        "    held by ada",
    ]


def told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *events: Event, flags: Flags | None = None, **env: str
) -> list[str]:
    """What a session writes to stderr, which is no terminal."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    session = Session(flags or Flags())
    for one in events:
        session.emit(one)
    session.close()
    seen = capsys.readouterr()
    assert seen.out == ""
    return seen.err.splitlines()


END = (event(EventKind.HEALTHY, "", WEB), event(EventKind.DELETED, "pruned", WEB), event(EventKind.DONE, "succeeded"))
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


def test_elsewhere_it_is_a_line_an_event(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(monkeypatch, capsys, *RUN, *END) == [
        "web: configuration: 2 objects",
        "web: apps/Deployment shop/web: created",
        "web: apps/Deployment shop/web: created",
        "web: wave 1: workloads: 2 objects",
        "web: apps/Deployment shop/web: created",
        "web: waiting for 1 of 2: apps/Deployment shop/web: 0 of 1 ready; and 1 more",
        "web: apps/Deployment shop/web: pruned",
    ]


def test_in_ci_the_lines_have_the_time(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(monkeypatch, capsys, *RUN, *END, CI="true")
    assert all(TIME.match(line) for line in lines)
    assert [TIME.sub("", line) for line in lines][:2] == ["web: configuration: 2 objects", "web: apps/Deployment shop/web: created"]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(lines[0].split()[0])).total_seconds() < 60


def test_in_github_actions_waves_are_groups_that_nothing_can_break(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = event(EventKind.FAILED, "update failed:\n::endgroup::\n::add-mask::x", WEB)
    lines = [TIME.sub("<time> ", line) for line in told(monkeypatch, capsys, *RUN, hostile, *END, GITHUB_ACTIONS="true")]
    assert [line for line in lines if line.startswith("::")] == [
        "::group::web: configuration: 2 objects",
        "::endgroup::",
        "::group::web: wave 1: workloads: 2 objects",
        "::endgroup::",
        "::group::web: prune",
        "::endgroup::",
    ]
    assert "<time> web: apps/Deployment shop/web: update failed: ::endgroup:: ::add-mask::x" in lines


def test_a_group_is_closed_when_the_run_breaks_off(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(monkeypatch, capsys, *RUN[:3], GITHUB_ACTIONS="true")[-1] == "::endgroup::"


def test_as_json_nothing_changes_in_ci(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(monkeypatch, capsys, *RUN, *END, flags=Flags(log_format=LogFormat.JSON), GITHUB_ACTIONS="true")
    assert [json.loads(line)["message"] for line in lines][:2] == [
        "web: configuration: 2 objects",
        "web: apps/Deployment shop/web: created",
    ]


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(monkeypatch, capsys, *RUN, *END, flags=Flags(quiet=True), GITHUB_ACTIONS="true") == []
