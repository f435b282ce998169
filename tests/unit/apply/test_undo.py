"""Taking back: what is touched, in which order, what stays, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.unit.apply.scripted import Heard, HeldLock, ScriptedTarget, body, create, plan, removal

from gitctl.apply.options import ApplyOptions
from gitctl.apply.step import Steps
from gitctl.apply.undo import is_touched, undo
from gitctl.errors import Locked, Unreachable
from gitctl.model.change import Action, Change, Plan, Wave
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.model.restoration import Restored, Undo


@dataclass
class Reversing(ScriptedTarget):
    """A scripted target that notes what it puts back."""

    def rehearse(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """As the protocol says."""
        raise NotImplementedError

    def restore(self, outcome: Outcome, *, owner: str) -> Restored:
        """As the protocol says."""
        self._write("restore", outcome.change)
        return Restored(outcome.change.ref, Undo.RESTORED)


def update(name: str, kind: str = "ConfigMap") -> Change:
    """A planned update."""
    made = create(name, kind)
    return replace(made, action=Action.UPDATE, live=body(made.ref))


def applied(change: Change) -> Outcome:
    """A change that was made."""
    deleted = change.action is Action.PRUNE
    return Outcome(change, OutcomeResult.DELETED if deleted else OutcomeResult.APPLIED, live=None if deleted else body(change.ref))


def take_back(target: Reversing, what: Plan, *outcomes: Outcome, lock: HeldLock | None = None) -> tuple[Restored, ...]:
    """Take all of them back, one at a time."""
    options = ApplyOptions("p/e/web", concurrency=1)
    steps = Steps("web", target, lock or HeldLock(), Heard(), options)  # type: ignore[arg-type]
    return undo(what, outcomes, target, steps=steps)


def test_the_last_goes_first_and_what_was_made_goes_after_its_wave_is_back() -> None:
    made, changed, later, pruned = create("made"), update("changed"), update("later"), removal("pruned")
    target = Reversing()
    done = take_back(
        target, plan(Wave("one", (made, changed)), Wave("two", (later,)), prunes=(pruned,)), *map(applied, (made, changed, later, pruned))
    )
    assert target.log == ["restore pruned", "restore later", "restore changed", "delete made"]
    assert [(r.ref.name, r.result.value) for r in done] == [
        ("pruned", "restored"),
        ("later", "restored"),
        ("changed", "restored"),
        ("made", "deleted"),
    ]


@pytest.mark.parametrize(
    ("kind", "why"), [("Namespace", "others"), ("PersistentVolumeClaim", "data"), ("CustomResourceDefinition", "every object of its kind")]
)
def test_what_the_run_made_and_others_may_use_stays(kind: str, why: str) -> None:
    change = create("made", kind)
    group = "apiextensions.k8s.io" if kind == "CustomResourceDefinition" else ""
    change = replace(change, ref=replace(change.ref, group=group))
    target = Reversing()
    (left,) = take_back(target, plan(Wave("one", (change,))), applied(change))
    assert (left.result, target.log) == (Undo.LEFT, [])
    assert why in left.reason


def test_marks_on_what_the_run_made_hold() -> None:
    change = create("made")
    live = body(change.ref)
    live["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    (left,) = take_back(Reversing(), plan(Wave("one", (change,))), Outcome(change, OutcomeResult.APPLIED, live=live))
    assert left.reason == "it is marked helm.sh/resource-policy: keep"


def test_the_side_effects_of_a_job_are_told() -> None:
    change = create("made", "Job")
    (gone,) = take_back(Reversing(), plan(Wave("one", (change,))), applied(change))
    assert (gone.result, gone.reason) == (Undo.DELETED, "what it did while it ran is not undone")


@pytest.mark.parametrize("error", [Unreachable("gone"), Locked("lost")])
def test_an_error_of_target_or_lock_ends_it_and_the_rest_is_left(error: Unreachable | Locked) -> None:
    first, second = update("first"), update("second")
    target = Reversing(broken={"second": error})
    done = take_back(target, plan(Wave("one", (first,)), Wave("two", (second,))), applied(first), applied(second))
    assert target.log == ["restore second"]
    assert [r.result for r in done] == [Undo.LEFT, Undo.LEFT]
    assert str(error) in done[0].reason
    assert done[1].reason == f"not tried: {error}"


def test_nothing_is_taken_back_without_the_lock() -> None:
    change = update("a")
    target = Reversing()
    (left,) = take_back(target, plan(Wave("one", (change,))), applied(change), lock=HeldLock(0))
    assert (left.result, target.log) == (Undo.LEFT, [])


def test_what_counts_as_touched() -> None:
    refused = Outcome(update("a"), OutcomeResult.FAILED, code=422)
    assert is_touched(refused), "its fold may have gone through"
    assert not is_touched(Outcome(create("a"), OutcomeResult.FAILED, code=422))
    assert not is_touched(Outcome(removal("a"), OutcomeResult.FAILED, code=403))
    assert is_touched(Outcome(removal("a"), OutcomeResult.FAILED)), "its deletion was accepted, and something holds it"
    assert not is_touched(Outcome(update("a"), OutcomeResult.NOT_TRIED))
    assert not is_touched(Outcome(removal("a", action=Action.ORPHAN), OutcomeResult.APPLIED))
