"""Guards: each with a case that it refuses and the nearest one that it lets through."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.making import APP, Seen, compared, entry, live, manifest, ref, rendered, state

from gitctl.errors import ErrorId
from gitctl.model.app import Limits
from gitctl.model.change import Plan
from gitctl.model.manifest import Origin
from gitctl.model.record import Record, RecordResult, RecordVerb
from gitctl.plan.adopt import NAMESPACE_RENDERER
from gitctl.plan.build import PlanOptions, build
from gitctl.plan.guard import deleted_since
from gitctl.render.assemble import CREATED

CREATED_NAMESPACE = Origin("gitctl.yaml", renderer=NAMESPACE_RENDERER)


def names(kind: str, count: int) -> list[str]:
    """`ConfigMap shop/n0` …"""
    return [f"{kind} shop/n{n}" for n in range(count)]


def plan(kept: list[str], going: list[str], *, marks: dict[str, str] | None = None, **options: Any) -> Plan:
    """The plan of an app that keeps some objects and lets the others go."""
    manifests = [manifest(text) for text in kept]
    comparisons = [compared(m, live(text)) for m, text in zip(manifests, kept, strict=True)]
    seen = Seen({ref(text): live(text, annotations=marks or {}) for text in going})
    inventory = state(*(entry(text) for text in (*kept, *going)))
    return build(APP, rendered(*manifests), comparisons, inventory, options=PlanOptions(observed=seen, **options))


def rules(of: Plan) -> list[str]:
    return [refusal.rule for refusal in of.refusals]


# Enough objects of kinds and namespaces of their own, so that the rules on shares stay out of the way of the others.
MANY = [f"v{n}/Thing s{n}/keep" for n in range(30)]


def spread(count: int) -> list[str]:
    return [f"w{n}/Thing t{n}/go" for n in range(count)]


@dataclass(frozen=True)
class Case:
    """`kept` and `going` objects with options; `refused` is the rule, "" when the plan may go ahead."""

    refused: ErrorId | Literal[""]
    kept: list[str]
    going: list[str]
    options: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


CASES = {
    "six deletes": Case(ErrorId.PRUNE_COUNT, MANY, spread(6)),
    "five deletes": Case("", MANY, spread(5)),
    "three deletes under a limit of two": Case(ErrorId.PRUNE_COUNT, MANY, spread(3), {"limits": Limits(prune_count=2)}),
    "two deletes under a limit of two": Case("", MANY, spread(2), {"limits": Limits(prune_count=2)}),
    "half of four": Case(ErrorId.PRUNE_SHARE, MANY[:2], spread(2)),
    "less than half of five": Case("", MANY[:3], spread(2)),
    "one of two": Case("", MANY[:1], spread(1)),
    "two of three": Case(ErrorId.PRUNE_SHARE, MANY[:1], spread(2)),
    "a fifth with a share of 0.2": Case(ErrorId.PRUNE_SHARE, MANY[:4], spread(1), {"limits": Limits(prune_share=0.2)}),
    "a sixth with a share of 0.2": Case("", MANY[:5], spread(1), {"limits": Limits(prune_share=0.2)}),
    "all three of a kind": Case(ErrorId.PRUNE_KIND, MANY, [f"ConfigMap t{n}/go" for n in range(3)]),
    "three of four of a kind": Case("", [*MANY, "ConfigMap t9/keep"], [f"ConfigMap t{n}/go" for n in range(3)]),
    "both of a kind": Case("", MANY, [f"ConfigMap t{n}/go" for n in range(2)]),
    "three of one kind name in three groups": Case("", MANY, [f"g{n}/Thing t{n}/go" for n in range(3)]),
    "all three of a namespace": Case(ErrorId.PRUNE_NAMESPACE, MANY, [f"w{n}/Thing old/go" for n in range(3)]),
    "three of four of a namespace": Case("", [*MANY, "x/Thing old/keep"], [f"w{n}/Thing old/go" for n in range(3)]),
    "all three without a namespace": Case("", MANY, [f"w{n}/Thing go" for n in range(3)]),
    "a Namespace": Case(ErrorId.PROTECTED, MANY, ["Namespace old"]),
    "a CustomResourceDefinition": Case(ErrorId.PROTECTED, MANY, ["apiextensions.k8s.io/CustomResourceDefinition a.b"]),
    "a PersistentVolume": Case(ErrorId.PROTECTED, MANY, ["PersistentVolume old"]),
    "a PersistentVolumeClaim": Case(ErrorId.PROTECTED, MANY, ["PersistentVolumeClaim a/old"]),
    "a StatefulSet": Case(ErrorId.PROTECTED, MANY, ["apps/StatefulSet a/old"]),
    "a Deployment": Case("", MANY, ["apps/Deployment a/old"]),
    "a StatefulSet of another group": Case("", MANY, ["example.com/StatefulSet a/old"]),
    "an object that asks for protection": Case(ErrorId.PROTECTED, MANY, ["ConfigMap a/old"], marks={"gitctl.dev/protect": "true"}),
    "an object that asks for none": Case("", MANY, ["ConfigMap a/old"], marks={"gitctl.dev/protect": "false"}),
    "one over the budget of a day": Case(ErrorId.PRUNE_BUDGET, MANY, spread(2), {"deleted_today": 199}),
    "the last of the budget": Case("", MANY, spread(2), {"deleted_today": 198}),
    "a budget that is used up, and nothing to delete": Case("", MANY, [], {"deleted_today": 500}),
    "a prune limit that is enough": Case("", MANY[:1], names("ConfigMap", 9), {"prune_limit": 9, "deleted_today": 500}),
    "a prune limit that is not": Case(ErrorId.PRUNE_COUNT, MANY, spread(9), {"prune_limit": 8}),
    "a prune limit does not open protected objects": Case(ErrorId.PROTECTED, MANY, ["Namespace old"], {"prune_limit": 9}),
    "nothing rendered": Case(ErrorId.EMPTY_RENDER, [], ["ConfigMap a/only"], {"prune_limit": 9}),
    "nothing rendered, pruning off": Case(ErrorId.EMPTY_RENDER, [], ["ConfigMap a/only"], {"prune": False}),
    "nothing rendered, nothing known": Case("", [], []),
}


@pytest.mark.parametrize("name", CASES)
def test_guards(name: str) -> None:
    case = CASES[name]
    made = plan(case.kept, case.going, marks=case.marks, **case.options)
    assert rules(made) == ([case.refused] if case.refused else [])
    if case.refused:
        assert set(made.refusals[0].refs) == {ref(text) for text in case.going}
        assert made.refusals[0].hint


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.refused])
def test_the_digest_of_the_plan_permits_exactly_it(name: str) -> None:
    case = CASES[name]
    options = {"marks": case.marks, **case.options}
    digest = plan(case.kept, case.going, **options).digest
    again = plan(case.kept, case.going, plan_digest=digest, **options)
    assert rules(again) == ([ErrorId.EMPTY_RENDER] if case.refused == ErrorId.EMPTY_RENDER else [])
    assert again.digest == digest
    other = plan(case.kept, [*case.going, "apps/Deployment more/more"], plan_digest=digest, **options)
    assert case.refused in rules(other)


def test_several_rules_are_all_named() -> None:
    made = plan([], ["x/Thing a/keep"], prune_limit=1)
    assert rules(made) == [ErrorId.EMPTY_RENDER]
    made = plan(["x/Thing b/keep"], [*names("ConfigMap", 7), "Namespace old"])
    assert rules(made) == [ErrorId.PROTECTED, ErrorId.PRUNE_COUNT, ErrorId.PRUNE_SHARE, ErrorId.PRUNE_KIND, ErrorId.PRUNE_NAMESPACE]


def test_only_the_namespace_that_gitctl_adds_is_an_empty_render() -> None:
    added = replace(manifest("Namespace shop"), origin=CREATED_NAMESPACE)
    comparisons = [compared(added, live("Namespace shop"))]
    inventory = state(entry("Namespace shop"), entry("ConfigMap shop/web"))
    seen = Seen({ref("ConfigMap shop/web"): live("ConfigMap shop/web")})
    made = build(APP, rendered(added), comparisons, inventory, options=PlanOptions(observed=seen, prune_limit=9))
    assert rules(made) == [ErrorId.EMPTY_RENDER]


def test_the_renderer_marks_that_namespace_as_we_look_for_it() -> None:
    assert CREATED == NAMESPACE_RENDERER


def test_objects_that_are_gone_already_are_no_deletes_and_no_inventory() -> None:
    going, gone = spread(2), [f"u{n}/Thing u{n}/gone" for n in range(9)]
    manifests = [manifest(text) for text in MANY[:1]]
    seen = Seen({ref(t): live(t) for t in going} | {ref(t): None for t in gone})
    inventory = state(*(entry(text) for text in (*MANY[:1], *going, *gone)))
    made = build(APP, rendered(*manifests), [compared(manifests[0], live(MANY[0]))], inventory, options=PlanOptions(observed=seen))
    assert rules(made) == [ErrorId.PRUNE_SHARE]
    assert "2 of 3 objects" in made.refusals[0].message
    assert set(made.gone) == {ref(t) for t in gone}


@pytest.mark.parametrize(("result", "refused"), [(RecordResult.OPEN, [ErrorId.PRUNE_BUDGET]), (RecordResult.PARTIAL, [])])
def test_what_a_run_that_died_deleted_counts(result: RecordResult, refused: list[ErrorId]) -> None:
    """It could not count its deletes itself: what is gone since the record was opened is taken for its doing."""
    going, gone = spread(2), [f"u{n}/Thing u{n}/gone" for n in range(3)]
    manifests = [manifest(text) for text in MANY]
    seen = Seen({ref(t): live(t) for t in going} | {ref(t): None for t in gone})
    record = Record(1, RecordVerb.SYNC, result, "sha", "main", "repo", "a change", "Ada", "ada@host", "2026-01-01T00:00:00Z")
    before = replace(state(*(entry(text) for text in (*MANY, *going, *gone))), records=(record,))
    comparisons = [compared(m, live(t)) for m, t in zip(manifests, MANY, strict=True)]
    made = build(APP, rendered(*manifests), comparisons, before, options=PlanOptions(observed=seen, deleted_today=196))
    assert rules(made) == refused


def test_what_is_being_deleted_already_does_not_count() -> None:
    going = spread(6)
    seen = Seen({ref(t): live(t, deletionTimestamp="2026-01-01T00:00:00Z") for t in going})
    manifests = [manifest(text) for text in MANY]
    comparisons = [compared(m, live(t)) for m, t in zip(manifests, MANY, strict=True)]
    inventory = state(*(entry(text) for text in (*MANY, *going)))
    made = build(APP, rendered(*manifests), comparisons, inventory, options=PlanOptions(observed=seen))
    assert rules(made) == []
    assert {c.reason for c in made.prunes} == {"is being deleted already"}


def test_deletes_of_the_last_day_are_counted() -> None:
    states = [[("2026-03-02T11:00:00Z", 3), ("2026-03-01T11:59:59Z", 90)], [("2026-03-01T12:00:01Z", 4), ("nonsense", 5)], []]
    assert deleted_since(states, now="2026-03-02T12:00:00Z", hours=24) == 12


@given(st.lists(st.sampled_from(MANY), unique=True), st.integers(0, 8), st.integers(0, 9))
def test_a_plan_within_the_prune_limit_is_never_refused_for_its_number(kept: list[str], going: int, limit: int) -> None:
    made = plan(["x/Thing keep/keep", *kept], spread(going), prune_limit=limit)
    assert bool(rules(made)) == (going > limit)
