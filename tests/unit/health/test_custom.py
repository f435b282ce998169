"""Users' own health rules: which objects they select, how paths are written, and who wins."""

from __future__ import annotations

from typing import Any

import pytest

from gitctl.health.assess import assess
from gitctl.health.custom import value_at
from gitctl.model.app import HealthRule, ObjectSelector
from gitctl.model.health import HealthState

BODY: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {"name": "web-1", "namespace": "shop", "generation": 2, "labels": {"tier": "front", "a.b/c": "x"}},
    "status": {
        "phase": "Warm",
        "ready": True,
        "count": 3,
        "members": [{"role": "leader"}, {"role": "follower"}],
        "conditions": [{"type": "Up", "status": "True"}, {"type": "Lag", "status": "False"}],
    },
}
WIDGET = ObjectSelector(group="example.com", kind="Widget")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/status/phase", "Warm"),
        ("status.phase", "Warm"),
        (".status.phase", "Warm"),
        ("$.status.phase", "Warm"),
        ("status.members[1].role", "follower"),
        ("/status/members/0/role", "leader"),
        ("status.conditions[type=Lag].status", "False"),
        ('$.status.conditions[?(@.type=="Up")].status', "True"),
        ("/metadata/labels/a.b~1c", "x"),
        ("metadata.labels['a.b/c']", "x"),
        ("metadata.labels.a\\.b/c", "x"),
        ("status.members[9].role", None),
        ("status.phase.deeper", None),
        ("status.conditions[type=None].status", None),
        ("", BODY),
    ],
)
def test_paths(path: str, value: Any) -> None:
    assert value_at(BODY, path) == value


def test_failed_is_asked_before_healthy_and_healthy_before_progressing() -> None:
    rule = HealthRule(WIDGET, healthy=(("status.ready", "true"),), failed=(("status.phase", "Warm"),), progressing=(("status.count", "3"),))
    assert assess(BODY, rules=(rule,)).state is HealthState.FAILED
    rule = HealthRule(WIDGET, healthy=(("status.ready", "true"),), failed=(("status.phase", "Cold"),), progressing=(("status.count", "3"),))
    health = assess(BODY, rules=(rule,))
    assert (health.state, health.rule, health.message) == (HealthState.HEALTHY, "user rule 1", "status.ready is true")


def test_all_pairs_must_agree() -> None:
    rule = HealthRule(WIDGET, failed=(("status.phase", "Warm"), ("status.count", "4")), progressing=(("status.phase", "Warm"),))
    assert assess(BODY, rules=(rule,)).state is HealthState.PROGRESSING


def test_what_healthy_asks_for_is_waited_for_and_named() -> None:
    rule = HealthRule(WIDGET, healthy=(("status.ready", "true"), ("status.phase", "Hot")))
    health = assess(BODY, rules=(rule,))
    assert (health.state, health.message) == (HealthState.PROGRESSING, "status.phase is Warm, waiting for Hot")


def test_a_rule_that_only_knows_failures_leaves_the_rest_to_others() -> None:
    cold = HealthRule(WIDGET, failed=(("status.phase", "Cold"),))
    warm = HealthRule(WIDGET, healthy=(("status.phase", "Warm"),))
    assert assess(BODY, rules=(cold,)).rule == "status.ready"
    assert assess(BODY, rules=(cold, warm)).rule == "user rule 2"


@pytest.mark.parametrize(
    ("select", "matches"),
    [
        (ObjectSelector(), True),
        (ObjectSelector(kind="Widget", name="web-*", namespace="sh?p"), True),
        (ObjectSelector(labels=(("tier", "front"),)), True),
        (ObjectSelector(labels=(("tier", "back"),)), False),
        (ObjectSelector(group=""), False),
        (ObjectSelector(kind="widget"), False),
        (ObjectSelector(name="db-*"), False),
        (ObjectSelector(namespace="other"), False),
    ],
)
def test_selection(select: ObjectSelector, matches: bool) -> None:
    health = assess(BODY, rules=(HealthRule(select, failed=(("status.phase", "Warm"),)),))
    assert (health.state is HealthState.FAILED) == matches


def test_ignore_outweighs_a_generation_that_nobody_observes_but_not_a_deletion() -> None:
    body = {**BODY, "status": {"observedGeneration": 1, "phase": "Failed"}}
    rules = (HealthRule(WIDGET, ignore=True),)
    assert assess(body).state is HealthState.PROGRESSING
    assert assess(body, rules=rules).state is HealthState.HEALTHY
    gone = {**body, "metadata": {**BODY["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert assess(gone, rules=rules).state is HealthState.DELETING


def test_a_user_rule_overrides_a_built_in_kind_but_not_the_observed_generation() -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 2}, "status": {"observedGeneration": 2}}
    rules = (HealthRule(ObjectSelector(kind="Deployment"), healthy=(("kind", "Deployment"),)),)
    assert assess(deployment).state is HealthState.PROGRESSING
    assert assess(deployment, rules=rules).state is HealthState.HEALTHY
    assert assess({**deployment, "status": {"observedGeneration": 1}}, rules=rules).rule == "observedGeneration"
