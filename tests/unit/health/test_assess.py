"""The corpus: one file a case below tests/golden/health, each an object and what health must say about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.health.assess import assess
from gitctl.health.operators import OPERATORS
from gitctl.model.health import Health, HealthState

CORPUS = Path(__file__).parents[2] / "golden" / "health"
CASES = sorted(CORPUS.rglob("*.yaml"))
FIELDS = {"state", "rule", "message", "object"}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["True", "False", "Failed", "Ready", "", "3"])
    | st.text(max_size=5)
)
KEYS = st.sampled_from(
    [
        "type",
        "status",
        "reason",
        "message",
        "phase",
        "conditions",
        "observedGeneration",
        "replicas",
        "health",
        "state",
        "waiting",
        "name",
        "parents",
        "*",
    ]
)
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)
WORDS = (
    "conditions",
    "phase",
    "replicas",
    "loadBalancer",
    "containerStatuses",
    "parents",
    "ingress",
    "active",
    "byPod",
    "state",
    "health",
    "created",
)
KINDS = sorted(
    {(case["object"]["apiVersion"], case["object"]["kind"]) for case in (yaml.safe_load(path.read_text()) for path in CASES)}
    | {(f"{group.replace('*', 'any')}/v1", kind.replace("*", "Any")) for group, kind in OPERATORS}
)


def case_name(path: Path) -> str:
    """The case as test ids show it."""
    return str(path.relative_to(CORPUS).with_suffix(""))


@pytest.mark.parametrize("path", CASES, ids=case_name)
def test_corpus(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    assert set(case) <= FIELDS
    health = assess(case["object"])
    assert (health.state.value, health.rule) == (case["state"], case["rule"]), health
    assert case.get("message", "") in health.message


def test_the_corpus_is_large_and_knows_every_state() -> None:
    states = {yaml.safe_load(path.read_text())["state"] for path in CASES}
    assert len(CASES) >= 120
    assert states == {state.value for state in HealthState} - {"missing"}


def test_whatever_is_not_healthy_says_why() -> None:
    silent = [
        case_name(path) for path in CASES if (h := assess(yaml.safe_load(path.read_text())["object"])).state != "healthy" and not h.message
    ]
    assert silent == []


def test_missing() -> None:
    assert assess(None) == Health(HealthState.MISSING, "does not exist", "missing")


@pytest.mark.parametrize("body", [{}, {"kind": 3}, {"metadata": {"deletionTimestamp": "now"}}])
def test_an_object_without_kind_is_unknown(body: dict[str, Any]) -> None:
    assert assess(body).state is HealthState.UNKNOWN


def test_deleting_outweighs_every_other_rule() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert assess(body).state is HealthState.DELETING


def test_a_message_is_one_short_line() -> None:
    message = "first\n\tsecond " + "x" * 5000
    body = {
        "apiVersion": "example.com/v1",
        "kind": "W",
        "status": {"conditions": [{"type": "Ready", "status": "False", "message": message}]},
    }
    said = assess(body).message
    assert "first second xxx" in said
    assert len(said) == 400
    assert said.endswith("…")


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(KINDS), status=st.dictionaries(st.sampled_from(WORDS), ANY, max_size=4) | ANY, spec=ANY, generation=ANY)
def test_any_status_has_a_health(kind: tuple[str, str], status: Any, spec: Any, generation: Any) -> None:
    body = {"apiVersion": kind[0], "kind": kind[1], "metadata": {"name": "x", "generation": generation}, "spec": spec, "status": status}
    health = assess(body)
    assert health.rule
    assert health.state is HealthState.HEALTHY or health.message


@settings(max_examples=200, deadline=None)
@given(body=st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "spec", "status"]), ANY, max_size=5))
def test_any_object_has_a_health(body: dict[str, Any]) -> None:
    assert isinstance(assess(body).state, HealthState)


@settings(max_examples=100, deadline=None)
@given(generation=st.integers(1, 50), observed=st.integers(0, 50))
def test_nothing_is_healthy_before_its_generation_is_observed(generation: int, observed: int) -> None:
    status = {"observedGeneration": observed, "conditions": [{"type": "Ready", "status": "True"}]}
    body = {"apiVersion": "example.com/v1", "kind": "W", "metadata": {"generation": generation}, "status": status}
    assert assess(body).settled == (observed >= generation)
