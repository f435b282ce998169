"""The plan that takes a whole app away."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.plan.making import APP, REVISION, Seen, entry, live, ref, state

from gitctl.model.app import Limits
from gitctl.model.change import Action, Plan
from gitctl.model.state import AppState
from gitctl.plan.delete import delete_plan, homes
from gitctl.plan.options import PlanOptions

ONE, TWO, SPACE = "ConfigMap shop/one", "apps/Deployment shop/two", "Namespace shop"


def plan(*texts: str, orphan: bool = False, lived_in: dict[str, str] | None = None, lost: bool = False, **options: Any) -> Plan:
    """The plan for an app that has these objects, all as it applied them; `objects` shows some otherwise."""
    objects = {ref(t): live(t) for t in texts} | options.pop("objects", {})
    made = PlanOptions(observed=Seen(objects), **options)
    inventory = state(*(entry(t) for t in texts))
    return delete_plan(APP, inventory, REVISION, orphan=orphan, lived_in=lived_in or {}, lost=lost, options=made)


def actions(of: Plan) -> list[tuple[str, Action]]:
    return [(change.ref.name, change.action) for change in of.changes]


def test_everything_goes_in_reverse() -> None:
    made = plan(ONE, TWO)
    assert actions(made) == [("two", Action.PRUNE), ("one", Action.PRUNE)]
    assert made.refusals == ()


def test_orphans_stay_and_no_guard_minds() -> None:
    made = plan(ONE, TWO, SPACE, orphan=True, limits=Limits(prune_count=0))
    assert {action for _, action in actions(made)} == {Action.RELEASE}
    assert made.refusals == ()


@pytest.mark.parametrize(
    ("now", "action"),
    [
        (live(ONE, annotations={"gitctl.dev/prune": "disabled"}), Action.RELEASE),
        (live(ONE, owner="shop/prod/other"), Action.ORPHAN),
        (live(ONE, uid="another"), Action.ORPHAN),
        (live(ONE, managed=False), Action.ORPHAN),
    ],
    ids=["kept by a mark", "another app's", "made anew by somebody", "no fields of ours"],
)
def test_the_live_object_decides(now: dict[str, Any], action: Action) -> None:
    assert actions(plan(ONE, objects={ref(ONE): now})) == [("one", action)]


def test_what_is_gone_is_gone() -> None:
    made = plan(ONE, objects={ref(ONE): None})
    assert (made.changes, made.gone) == ((), (ref(ONE),))


def test_a_namespace_in_which_others_live_stays() -> None:
    others = homes([AppState("shop/prod/other", (entry("ConfigMap shop/theirs"),))], but={"shop/prod/web"})
    assert actions(plan(SPACE, lived_in=others)) == [("shop", Action.RELEASE)]
    alone = homes([AppState("shop/prod/web", (entry(ONE),))], but={"shop/prod/web"})
    assert [r.rule for r in plan(SPACE, lived_in=alone).refusals] == ["protected"]


def test_the_counts_hold_and_the_shares_do_not() -> None:
    many = [f"ConfigMap shop/n{i}" for i in range(5)]
    assert plan(*many).refusals == ()
    assert [r.rule for r in plan(*many, ONE).refusals] == ["prune-count"]
    assert plan(*many, ONE, prune_limit=6).refusals == ()
    assert [r.rule for r in plan(ONE, deleted_today=200).refusals] == ["prune-budget"]
    assert plan(*many, ONE, plan_digest=plan(*many, ONE).digest).refusals == ()


def test_what_was_found_without_a_state_needs_the_digest() -> None:
    refused = plan(ONE, lost=True)
    assert [r.rule for r in refused.refusals] == ["state-lost"]
    assert plan(ONE, lost=True, plan_digest=refused.digest).refusals == ()
