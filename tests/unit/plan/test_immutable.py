"""Fields that cannot be changed in place."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.plan.making import APP, compared, live, manifest, ref, rendered, state

from gitctl.errors import ErrorId
from gitctl.model.change import Action, Plan
from gitctl.plan.build import PlanOptions, build
from gitctl.plan.fields import path_text

WEB = "apps/Deployment shop/web"
NEW = {"spec": {"selector": {"app": "b"}, "replicas": 2}}
OLD = {"spec": {"selector": {"app": "a", "tier": "x"}, "replicas": 1, "paused": False}}


def plan(text: str, *, marks: dict[str, str] | None = None, owner: str = "shop/prod/web", **options: Any) -> Plan:
    wanted = manifest(text, NEW, **({"annotations": marks} if marks else {}))
    refused = {"error": "Invalid value: field is immutable", "error_code": 422, "immutable": ("spec.selector",)}
    comparison = compared(wanted, live(text, OLD, owner=owner), **refused)
    return build(APP, rendered(wanted), [comparison], state(), options=PlanOptions(**options))


def test_the_field_and_what_a_replacement_would_do_are_named() -> None:
    (refusal,) = plan(WEB).refusals
    assert refusal.rule is ErrorId.IMMUTABLE
    assert "spec.selector" in refusal.message
    assert "pods stop and start again" in refusal.hint
    assert "--replace Deployment/web" in refusal.hint


@pytest.mark.parametrize(
    "allowed",
    [
        {"replace": frozenset({"Deployment/web"})},
        {"replace": frozenset({"Deployment/shop/web"})},
        {"marks": {"gitctl.dev/replace": "allowed"}},
    ],
)
def test_it_is_replaced_when_that_is_allowed(allowed: dict[str, Any]) -> None:
    made = plan(WEB, **allowed)
    assert made.refusals == made.failures == ()
    (change,) = made.changes
    assert (change.action, change.live_uid) == (Action.REPLACE, f"uid {WEB}")
    assert [path_text(f.path) for f in change.fields] == ["spec.selector.app"]


OTHERS = frozenset({"Deployment/other", "StatefulSet/web"})


@pytest.mark.parametrize("not_allowed", [{"replace": OTHERS}, {"marks": {"gitctl.dev/replace": "yes"}}])
def test_other_words_do_not_allow_it(not_allowed: dict[str, Any]) -> None:
    assert [r.rule for r in plan(WEB, **not_allowed).refusals] == [ErrorId.IMMUTABLE]


KEEPERS = ["PersistentVolumeClaim a/x", "PersistentVolume x", "Namespace x", "apiextensions.k8s.io/CustomResourceDefinition x"]


@pytest.mark.parametrize("text", KEEPERS)
def test_what_holds_data_is_never_replaced(text: str) -> None:
    made = plan(text, marks={"gitctl.dev/replace": "allowed"}, replace=frozenset({ref(text).short}))
    assert [r.rule for r in made.refusals] == [ErrorId.IMMUTABLE]
    assert "never replaced" in made.refusals[0].hint
    assert made.changes == ()


def test_adoption_does_not_replace() -> None:
    made = plan(WEB, owner="", adopt=True, marks={"gitctl.dev/replace": "allowed"})
    assert [r.rule for r in made.refusals] == [ErrorId.IMMUTABLE]
    assert made.changes == ()


def test_a_protected_object_is_replaced_with_the_digest_only() -> None:
    wanted = manifest(WEB, NEW, annotations={"gitctl.dev/replace": "allowed"})
    now = live(WEB, OLD, annotations={"gitctl.dev/protect": "true"})
    comparison = compared(wanted, now, error="immutable", immutable=("spec.selector",))
    made = build(APP, rendered(wanted), [comparison], state(), options=PlanOptions())
    assert [r.rule for r in made.refusals] == [ErrorId.PROTECTED]
    again = build(APP, rendered(wanted), [comparison], state(), options=PlanOptions(plan_digest=made.digest))
    assert again.refusals == ()
