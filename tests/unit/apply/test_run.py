"""Waves, stop rules, prunes: what starts, in which order, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.apply.scripted import Heard, HeldLock, ScriptedTarget, body, create, plan, removal

from gitctl.apply.run import ApplyOptions, apply_plan, apply_waves, halt_of, prune
from gitctl.errors import Locked, NotHealthy, Unreachable
from gitctl.model.change import Action, Conflict, FieldOwner, Plan, Wave
from gitctl.model.outcome import Outcome
from gitctl.parallel import Deadline

ONE_AT_A_TIME = ApplyOptions("p/e/web", concurrency=1)
CRD_SPEC = {"group": "example.com", "names": {"kind": "Widget"}}
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


def waves(target: ScriptedTarget, what: Plan, options: ApplyOptions = ONE_AT_A_TIME, lock: HeldLock | None = None) -> tuple[Outcome, ...]:
    """Apply the waves of a plan."""
    return apply_waves(what, target, lock=lock or HeldLock(), emit=Heard(), options=options)


def results(outcomes: tuple[Outcome, ...]) -> dict[str, str]:
    """How each change ended."""
    return {o.change.ref.name: o.result.value for o in outcomes}


def test_waves_run_in_order_and_every_change_has_an_outcome() -> None:
    target, heard = ScriptedTarget(), Heard()
    what = plan(Wave("first", (create("a"), create("b"))), Wave("empty", ()), Wave("second", (create("c"),)))
    outcomes = apply_waves(what, target, lock=HeldLock(), emit=heard, options=ApplyOptions("p/e/web"))
    assert results(outcomes) == {"a": "applied", "b": "applied", "c": "applied"}
    assert [o.change for o in outcomes] == list(what.changes)
    assert target.log[-1] == "apply c"
    assert heard.of("wave") == ["first: 2 objects", "second: 1 object"]
    assert sorted(heard.of("applied")) == ["a created", "b created", "c created"]
    assert halt_of(outcomes) is None


def test_a_refused_object_lets_its_wave_end_and_stops_later_waves() -> None:
    target, heard = ScriptedTarget(refuse={"b": "denied by policy"}), Heard()
    what = plan(Wave("one", (create("a"), create("b"), create("c"))), Wave("two", (create("d"),)), Wave("three", (create("e"),)))
    outcomes = apply_waves(what, target, lock=HeldLock(), emit=heard, options=ONE_AT_A_TIME)
    assert target.log == ["apply a", "apply b", "apply c"]
    assert results(outcomes) == {"a": "applied", "b": "failed", "c": "applied", "d": "not-tried", "e": "not-tried"}
    assert [o.error for o in outcomes[1:]] == ["denied by policy", "", "ConfigMap shop/b was refused", "ConfigMap shop/b was refused"]
    assert heard.of("failed") == ["b create failed: denied by policy"]
    assert halt_of(outcomes) is None


def test_continue_on_error_starts_later_waves() -> None:
    target = ScriptedTarget(refuse={"a": "no"})
    what = plan(Wave("one", (create("a"),)), Wave("two", (create("b"),)))
    assert results(waves(target, what, replace(ONE_AT_A_TIME, continue_on_error=True))) == {"a": "failed", "b": "applied"}


def test_after_ctrl_c_nothing_new_starts_and_what_is_in_flight_ends() -> None:
    cancel = Deadline()
    target = ScriptedTarget(before={"b": cancel.cancel})
    outcomes = waves(
        target,
        plan(Wave("one", (create("a"), create("b"), create("c"))), Wave("two", (create("d"),))),
        replace(ONE_AT_A_TIME, cancel=cancel),
    )
    assert target.log == ["apply a", "apply b"]
    assert results(outcomes) == {"a": "applied", "b": "applied", "c": "not-tried", "d": "not-tried"}
    assert outcomes[-1].error == "interrupted"


def test_a_lost_lock_stops_the_run_before_the_next_write_and_is_kept() -> None:
    target = ScriptedTarget()
    outcomes = waves(target, plan(Wave("one", (create("a"), create("b"), create("c")))), lock=HeldLock(checks_left=2))
    assert target.log == ["apply a", "apply b"]
    assert results(outcomes) == {"a": "applied", "b": "applied", "c": "not-tried"}
    assert isinstance(halt_of(outcomes), Locked)


def test_a_lost_connection_stops_the_run_and_is_kept() -> None:
    lost = Unreachable("no answer from the server")
    target = ScriptedTarget(broken={"b": lost})
    outcomes = waves(target, plan(Wave("one", (create("a"), create("b"), create("c"))), Wave("two", (create("d"),))))
    assert target.log == ["apply a", "apply b"]
    assert results(outcomes) == {"a": "applied", "b": "failed", "c": "not-tried", "d": "not-tried"}
    assert halt_of(outcomes) is lost
    assert outcomes[2].error == "stopped at ConfigMap shop/b: no answer from the server"


def test_only_what_the_plan_let_through_is_forced() -> None:
    target, disputed = ScriptedTarget(), create("b")
    assert disputed.comparison
    conflict = Conflict(("spec", "replicas"), FieldOwner("kubectl-edit"))
    disputed = replace(disputed, comparison=replace(disputed.comparison, conflicts=(conflict,)))
    waves(target, plan(Wave("one", (create("a"), disputed))))
    assert target.forced == ["b"]


def test_definitions_are_established_and_served_before_the_next_wave() -> None:
    crd = create("widgets", "CustomResourceDefinition", spec=CRD_SPEC)
    target = ScriptedTarget(live={crd.ref: body(crd.ref)}, later=[(0.3, crd.ref, body(crd.ref, **ESTABLISHED))])
    waves(target, plan(Wave("definitions", (crd,)), Wave("rest", (create("w", "Widget"),))), replace(ONE_AT_A_TIME, wait=False))
    assert target.log == ["apply widgets", "refresh Widget", "apply w"]


def test_a_definition_that_is_never_established_stops_the_run() -> None:
    crd = create("widgets", "CustomResourceDefinition", spec=CRD_SPEC)
    target = ScriptedTarget(live={crd.ref: body(crd.ref)})
    options = replace(ONE_AT_A_TIME, deadline=Deadline(0.3))
    outcomes = waves(target, plan(Wave("definitions", (crd,)), Wave("rest", (create("w", "Widget"),))), options)
    assert results(outcomes) == {"widgets": "applied", "w": "not-tried"}
    halt = halt_of(outcomes)
    assert isinstance(halt, NotHealthy)
    assert "definitions: not healthy: 1 of 1 object" in outcomes[1].error
    assert halt.details[0].endswith("progressing: not established yet")
    assert halt.details[1:] == ("  event: Warning about widgets", "  log: last line of widgets")


def test_the_reason_is_kept_although_no_later_change_carries_it() -> None:
    crd = create("widgets", "CustomResourceDefinition", spec=CRD_SPEC)
    outcomes = waves(ScriptedTarget(live={crd.ref: body(crd.ref)}), plan(Wave("d", (crd,))), replace(ONE_AT_A_TIME, deadline=Deadline(0.1)))
    assert isinstance(halt_of(outcomes), NotHealthy)


@pytest.mark.parametrize("wait", [True, False])
def test_a_wave_that_settles_is_healthy_before_the_next_one(wait: bool) -> None:
    job = create("migrate", "Job")
    done = body(job.ref, conditions=[{"type": "Complete", "status": "True"}])
    target = ScriptedTarget(live={job.ref: body(job.ref)}, later=[(0.3, job.ref, done)])
    states: list[bool] = []
    target.before["hook"] = lambda: states.append(target.live[job.ref] == done)
    waves(target, plan(Wave("backends", (job,), settle=True), Wave("webhooks", (create("hook"),))), replace(ONE_AT_A_TIME, wait=wait))
    assert states == [wait]


def test_a_wave_that_settles_waits_for_the_waves_before_it_too() -> None:
    job = create("backend", "Job")
    done = body(job.ref, conditions=[{"type": "Complete", "status": "True"}])
    target = ScriptedTarget(live={job.ref: body(job.ref)}, later=[(0.3, job.ref, done)])
    states: list[bool] = []
    target.before["hook"] = lambda: states.append(target.live[job.ref] == done)
    custom = Wave("custom resources", (create("settings"),), settle=True)
    waves(target, plan(Wave("workloads", (job,)), custom, Wave("webhooks", (create("hook"),))))
    assert states == [True]


def test_prunes_go_kind_by_kind_and_are_deleted_once_seen_gone() -> None:
    target, heard = ScriptedTarget(), Heard()
    prunes = (removal("w", "Widget"), removal("a"), removal("b"), removal("web", "Deployment"))
    outcomes = prune(plan(prunes=prunes), target, lock=HeldLock(), emit=heard, options=ONE_AT_A_TIME)
    assert target.log == ["delete w", "delete a", "delete b", "delete web"]
    assert set(results(outcomes).values()) == {"deleted"}
    assert heard.of("deleted") == ["w pruned", "a pruned", "b pruned", "web pruned"]


def test_an_object_that_does_not_go_is_a_failure_that_names_its_finalizers() -> None:
    target = ScriptedTarget(sticky={"a"})
    options = replace(ONE_AT_A_TIME, deadline=Deadline(0.2))
    outcomes = prune(plan(prunes=(removal("a"), removal("web", "Deployment"))), target, lock=HeldLock(), emit=Heard(), options=options)
    assert results(outcomes) == {"a": "failed", "web": "deleted"}
    assert "not gone when the time was over" in outcomes[0].error
    assert "finalizers: example.com/hold" in outcomes[0].error
    assert outcomes[0].code == 0


def test_nothing_that_may_be_the_operator_goes_before_its_custom_resources() -> None:
    target = ScriptedTarget(sticky={"w"})
    prunes = (removal("w", "Widget"), removal("g", "Gadget"), removal("settings"), removal("operator", "Deployment"))
    options = replace(ONE_AT_A_TIME, deadline=Deadline(0.1))
    outcomes = prune(plan(prunes=prunes), target, lock=HeldLock(), emit=Heard(), options=options)
    assert results(outcomes) == {"w": "failed", "g": "deleted", "settings": "not-tried", "operator": "not-tried"}
    assert outcomes[3].error.startswith("kept until example.com/Widget shop/w is gone")


def test_a_dead_finalizer_does_not_hold_up_what_cannot_be_its_operator() -> None:
    target = ScriptedTarget(sticky={"w"})
    options = replace(ONE_AT_A_TIME, deadline=Deadline(0.1))
    outcomes = prune(plan(prunes=(removal("w", "Widget"), removal("a"))), target, lock=HeldLock(), emit=Heard(), options=options)
    assert results(outcomes) == {"w": "failed", "a": "deleted"}


def test_a_namesake_created_meanwhile_does_not_hold_up_a_prune() -> None:
    target = ScriptedTarget(recreated={"a"})
    outcomes = prune(plan(prunes=(removal("a"),)), target, lock=HeldLock(), emit=Heard(), options=ONE_AT_A_TIME)
    assert results(outcomes) == {"a": "deleted"}


def test_an_orphan_is_not_touched() -> None:
    target = ScriptedTarget()
    outcomes = prune(plan(prunes=(removal("a", action=Action.ORPHAN),)), target, lock=HeldLock(), emit=Heard(), options=ONE_AT_A_TIME)
    assert results(outcomes) == {"a": "applied"}
    assert target.log == []


def test_ctrl_c_while_a_deletion_is_waited_for() -> None:
    cancel = Deadline()
    target = ScriptedTarget(sticky={"a"}, before={"a": cancel.cancel})
    options = replace(ONE_AT_A_TIME, cancel=cancel)
    outcomes = prune(plan(prunes=(removal("a"), removal("j", "Job"))), target, lock=HeldLock(), emit=Heard(), options=options)
    assert results(outcomes) == {"a": "failed", "j": "not-tried"}
    assert "not gone when interrupted" in outcomes[0].error


def test_a_whole_plan_prunes_only_after_health() -> None:
    job = create("migrate", "Job")
    target = ScriptedTarget(later=[(0.3, job.ref, body(job.ref, conditions=[{"type": "Complete", "status": "True"}]))])
    seen: list[object] = []
    target.before["old"] = lambda: seen.append((target.live[job.ref] or {})["status"])
    what = plan(Wave("one", (job,)), prunes=(removal("old"),))
    outcomes = apply_plan(what, target, lock=HeldLock(), emit=Heard(), options=ONE_AT_A_TIME)
    assert results(outcomes) == {"migrate": "applied", "old": "deleted"}
    assert seen == [{"conditions": [{"type": "Complete", "status": "True"}]}]


def test_a_whole_plan_that_is_not_healthy_prunes_nothing() -> None:
    job = create("migrate", "Job")
    target = ScriptedTarget(live={job.ref: body(job.ref, conditions=[{"type": "Failed", "status": "True"}])})
    what = plan(Wave("one", (job,)), prunes=(removal("old"),))
    outcomes = apply_plan(what, target, lock=HeldLock(), emit=Heard(), options=ONE_AT_A_TIME)
    assert results(outcomes) == {"migrate": "applied", "old": "not-tried"}
    assert isinstance(halt_of(outcomes), NotHealthy)


def test_a_whole_plan_with_a_refusal_prunes_nothing() -> None:
    target = ScriptedTarget(refuse={"a": "no"})
    outcomes = apply_plan(
        plan(Wave("one", (create("a"),)), prunes=(removal("old"),)), target, lock=HeldLock(), emit=Heard(), options=ONE_AT_A_TIME
    )
    assert results(outcomes) == {"a": "failed", "old": "not-tried"}
    assert target.log == ["apply a"]
