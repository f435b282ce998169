"""Waiting: when it ends, what it says meanwhile, and what it knows at the end."""

from __future__ import annotations

import time
from typing import Any

from tests.fixtures.errors import raises
from tests.unit.apply.scripted import Heard, ScriptedTarget, body, ref, version

from gitctl.apply.board import Board
from gitctl.apply.wait import wait_gone, wait_healthy
from gitctl.errors import ErrorId, Forbidden, Unreachable
from gitctl.model.app import HealthRule, ObjectSelector
from gitctl.model.health import HealthState
from gitctl.model.manifest import ObjectRef
from gitctl.model.outcome import ObjectHealth
from gitctl.parallel import Deadline

JOB = ref("migrate", "Job")
WEB = ref("web", "Widget")
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
NOT_READY = {"conditions": [{"type": "Ready", "status": "False", "reason": "Starting"}]}


def wait(
    target: ScriptedTarget, *refs: ObjectRef, seconds: float = 10, heard: Heard | None = None, **more: Any
) -> tuple[ObjectHealth, ...]:
    """Wait for some objects."""
    cancel = more.pop("cancel", Deadline())
    pairs = [(one, version(one)) for one in refs]
    return wait_healthy(pairs, target, deadline=Deadline(seconds), emit=heard or Heard(), cancel=cancel, **more)


def test_nothing_to_wait_for() -> None:
    assert wait(ScriptedTarget()) == ()


def test_it_ends_when_all_are_healthy_and_keeps_the_order() -> None:
    target = ScriptedTarget(live={WEB: body(WEB, **NOT_READY), JOB: body(JOB, **DONE)}, later=[(0.3, WEB, body(WEB, **READY))])
    heard, began = Heard(), time.monotonic()
    health = wait(target, WEB, JOB, heard=heard)
    assert [(h.ref, h.health.state.value, h.events) for h in health] == [(WEB, "healthy", ()), (JOB, "healthy", ())]
    assert time.monotonic() - began < 3
    assert [line.split()[0] for line in heard.of("healthy")] == ["migrate", "web"]
    assert heard.of("waiting") == ["waiting for 1 of 2: example.com/Widget shop/web: Ready=False (Starting)"]


def test_at_the_end_of_time_events_and_logs_explain_the_unwell() -> None:
    target = ScriptedTarget(live={WEB: body(WEB, **NOT_READY), JOB: body(JOB, **DONE)})
    sick, well = wait(target, WEB, JOB, seconds=0.3)
    assert (sick.health.state, sick.health.message) == (HealthState.PROGRESSING, "Ready=False (Starting)")
    assert (sick.events, sick.logs) == (("Warning about web",), ("last line of web",))
    assert (well.events, well.logs) == ((), ())


def test_no_time_at_all_still_means_one_look() -> None:
    target = ScriptedTarget(live={JOB: body(JOB, **DONE)})
    assert wait(target, JOB, seconds=0)[0].health.state is HealthState.HEALTHY


def test_a_failed_job_ends_the_wait_at_once() -> None:
    began = time.monotonic()
    health = wait(ScriptedTarget(live={JOB: body(JOB, **FAILED)}), JOB)
    assert health[0].health.message == "Failed=True (BackoffLimitExceeded)"
    assert time.monotonic() - began < 2


def test_missing_objects_are_waited_for() -> None:
    target = ScriptedTarget(later=[(0.2, WEB, body(WEB, **READY))])
    assert wait(target, WEB)[0].health.state is HealthState.HEALTHY
    assert wait(ScriptedTarget(), WEB, seconds=0.2)[0].health.state is HealthState.MISSING


def test_user_rules_count() -> None:
    rule = HealthRule(ObjectSelector(kind="Widget"), ignore=True)
    assert wait(ScriptedTarget(live={WEB: body(WEB, **NOT_READY)}), WEB, rules=(rule,))[0].health.rule == "user rule 1"


def test_a_job_removed_by_its_ttl_is_done() -> None:
    other = body(WEB, **NOT_READY)
    target = ScriptedTarget(live={JOB: body(JOB, **DONE), WEB: other}, later=[(0.1, JOB, None), (0.3, WEB, body(WEB, **READY))])
    job, _ = wait(target, JOB, WEB)
    assert (job.health.state, job.health.message) == (HealthState.HEALTHY, "0 of 1 pods succeeded; removed after it finished")


def test_a_job_whose_end_nobody_saw_is_unknown() -> None:
    running = {**body(JOB), "spec": {"ttlSecondsAfterFinished": 0}}
    target = ScriptedTarget(live={JOB: running}, later=[(0.1, JOB, None)])
    assert wait(target, JOB, seconds=0.4)[0].health.state is HealthState.UNKNOWN


def test_ctrl_c_ends_the_wait() -> None:
    cancel = Deadline()
    cancel.cancel()
    began = time.monotonic()
    assert wait(ScriptedTarget(live={WEB: body(WEB, **NOT_READY)}), WEB, cancel=cancel)[0].health.state is HealthState.PROGRESSING
    assert time.monotonic() - began < 2


def test_a_target_that_is_away_is_tried_again() -> None:
    target = ScriptedTarget(live={WEB: body(WEB, **READY)}, watch_errors=[Unreachable("no answer")])
    assert wait(target, WEB)[0].health.state is HealthState.HEALTHY


def test_a_target_that_stays_away_leaves_the_unknown() -> None:
    target = ScriptedTarget(live={WEB: body(WEB, **READY)}, watch_errors=[Unreachable("no answer")] * 50)
    health = wait(target, WEB, seconds=0.3)[0].health
    assert (health.state, health.message) == (HealthState.UNKNOWN, "cannot be looked at: no answer")


def test_other_errors_of_the_target_are_raised() -> None:
    with raises(ErrorId.FORBIDDEN):
        wait(ScriptedTarget(watch_errors=[Forbidden("may not watch")]), WEB)


def test_events_that_cannot_be_read_are_said_to_be_missing() -> None:
    class Silent(ScriptedTarget):
        def explain(self, one: ObjectRef, live: Any) -> Any:
            raise Forbidden("may not list events")

    health = wait(Silent(live={JOB: body(JOB, **FAILED)}), JOB)
    assert health[0].events == ("events are not available: may not list events",)


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_failure_must_last_before_it_is_final() -> None:
    clock, web = Clock(), ref("web", "Deployment")
    board = Board((web,), (), Heard(), now=clock)
    late = body(web, conditions=[{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}])
    board.put(web, late)
    clock.time = 4.9
    assert board.is_waiting
    board.put(web, body(web, replicas=1))
    board.put(web, late)
    clock.time = 9.8
    assert board.is_waiting
    clock.time = 10.0
    assert not board.is_waiting
    assert board.bad == (web,)


def test_what_blocks_is_told_when_it_changes_and_at_most_once_a_second() -> None:
    clock, heard = Clock(), Heard()
    board = Board((WEB,), (), heard, now=clock)
    for moment, reason in ((0.0, "A"), (0.5, "B"), (1.0, "B"), (2.0, "B"), (30.9, "B"), (31.0, "B")):
        clock.time = moment
        board.put(WEB, body(WEB, conditions=[{"type": "Ready", "status": "False", "reason": reason}]))
        board.tell()
    said = [line[-3:] for line in heard.of("waiting")]
    assert said == ["(A)", "(B)", "(B)"]


def test_the_gravest_are_named_and_the_rest_counted() -> None:
    heard = Heard()
    refs = tuple(ref(f"w{n}", "Widget") for n in range(5))
    board = Board(refs, (), heard)
    for one in refs[:4]:
        board.put(one, body(one, **NOT_READY))
    board.put(refs[4], body(refs[4], phase="Failed"))
    board.tell()
    line = heard.of("waiting")[0]
    assert line.startswith("waiting for 5 of 5: example.com/Widget shop/w4: status.phase is Failed; ")
    assert line.endswith("; and 2 more")


def gone(target: ScriptedTarget, *refs: ObjectRef, seconds: float = 5, **more: Any) -> tuple[ObjectHealth, ...]:
    """Wait until objects are gone."""
    pairs = [(one, version(one)) for one in refs]
    return wait_gone(pairs, target, deadline=Deadline(seconds), emit=more.pop("heard", Heard()), cancel=Deadline(), **more)


def test_gone() -> None:
    target = ScriptedTarget(live={WEB: body(WEB)}, later=[(0.2, WEB, None)])
    assert gone(target, WEB, JOB) == ()


def test_what_does_not_go_is_named_with_its_finalizers() -> None:
    held = body(WEB)
    held["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/hold"]}
    heard = Heard()
    left = gone(ScriptedTarget(live={WEB: held}), WEB, JOB, seconds=0.6, heard=heard)
    assert [(h.ref, h.health.state) for h in left] == [(WEB, HealthState.DELETING)]
    assert "finalizers: example.com/hold" in left[0].health.message
    assert len(heard.of("waiting")) == 1


def test_a_namesake_is_somebody_else() -> None:
    target = ScriptedTarget(live={WEB: body(WEB)})
    assert gone(target, WEB, uids={WEB: "uid-old"}) == ()
    assert len(gone(target, WEB, uids={WEB: "uid-web"}, seconds=0.1)) == 1


def test_a_finished_job_on_its_way_out_is_done() -> None:
    going = body(JOB, **DONE)
    going["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["foregroundDeletion"]}
    assert wait(ScriptedTarget(live={JOB: going}), JOB)[0].health.state is HealthState.HEALTHY
    running = {**going, "status": {"active": 1}}
    assert wait(ScriptedTarget(live={JOB: running}), JOB, seconds=0.1)[0].health.state is HealthState.DELETING
