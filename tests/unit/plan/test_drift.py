"""Drift: a verdict for every object of the inventory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.making import compared, entry, live, manifest, ref

from gitctl.model.app import IgnoreRule
from gitctl.model.change import Addition, Comparison, Conflict, FieldOwner
from gitctl.model.drift import FINDINGS, DriftVerdict, ObjectDrift, Unavailable
from gitctl.model.state import InventoryEntry
from gitctl.plan.attribution import loser_of
from gitctl.plan.drift import classify
from gitctl.plan.fields import path_text

WEB = "apps/Deployment shop/web"
ONE, TWO = {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}
EDIT = FieldOwner("kubectl-edit", "Update", "", "2026-01-02T00:00:00Z")
OLDER = FieldOwner("hpa", "Update", "", "2026-01-01T00:00:00Z")


def verdict(known: InventoryEntry, *comparisons: Comparison, **seen: Any) -> ObjectDrift:
    sight: dict[str, Any] = {"observed": {}, "unknown": {}, "unavailable": {}} | seen
    (found,) = classify([known], comparisons, **sight)
    return found


def test_what_an_apply_would_leave_alone_is_in_sync() -> None:
    found = verdict(entry(WEB), compared(manifest(WEB, ONE), live(WEB, ONE)))
    assert (found.verdict, found.fields) == (DriftVerdict.IN_SYNC, ())


def test_a_changed_field_is_found_with_who_and_when() -> None:
    taken = (Conflict(("spec", "replicas"), EDIT),)
    found = verdict(entry(WEB), compared(manifest(WEB, ONE), live(WEB, TWO), live(WEB, ONE), taken=taken))
    (field,) = found.fields
    assert found.verdict is DriftVerdict.DRIFTED
    assert (path_text(field.change.path), field.change.old, field.change.new, field.owner) == ("spec.replicas", 2, 1, EDIT)


def test_a_value_that_its_store_changed_is_no_drift_and_one_that_somebody_changed_is() -> None:
    old, new = ({"data": {"a": text, "b": "Yg=="}} for text in ("b2xk", "bmV3"))
    wanted = replace(manifest("Secret shop/db", new), stored=(("data", "a"),))
    quiet = verdict(entry("Secret shop/db"), compared(wanted, live("Secret shop/db", old), live("Secret shop/db", new)))
    assert (quiet.verdict, quiet.fields) == (DriftVerdict.IN_SYNC, ())
    assert "the next sync applies it" in quiet.reason
    taken = (Conflict(("data", "a"), EDIT),)
    found = verdict(entry("Secret shop/db"), compared(wanted, live("Secret shop/db", old), live("Secret shop/db", new), taken=taken))
    assert (found.verdict, [f.owner for f in found.fields]) == (DriftVerdict.DRIFTED, [EDIT])
    gone = verdict(entry("Secret shop/db"), compared(wanted, live("Secret shop/db", {"data": {"b": "Yg=="}}), live("Secret shop/db", new)))
    assert gone.verdict is DriftVerdict.DRIFTED


def test_a_culprit_that_nobody_knows_is_none() -> None:
    found = verdict(entry(WEB), compared(manifest(WEB, ONE), live(WEB, TWO), live(WEB, ONE)))
    assert [f.owner for f in found.fields] == [None]


def test_an_addition_is_drift() -> None:
    now = live(WEB, {"spec": {"replicas": 1, "hostNetwork": True}})
    added = (Addition(("spec", "hostNetwork"), EDIT),)
    found = verdict(entry(WEB), compared(manifest(WEB, ONE), now, live(WEB, ONE), additions=added))
    assert [(path_text(f.change.path), f.owner) for f in found.fields] == [("spec.hostNetwork", EDIT)]


def test_an_ignored_field_is_no_drift() -> None:
    comparison = compared(manifest(WEB, ONE), live(WEB, TWO), live(WEB, ONE))
    assert verdict(entry(WEB), comparison, ignore=(IgnoreRule(paths=("/spec/replicas",)),)).verdict is DriftVerdict.IN_SYNC


def test_a_deleted_object_is_missing_and_a_finished_job_is_not() -> None:
    assert verdict(entry(WEB), compared(manifest(WEB))).verdict is DriftVerdict.MISSING
    assert verdict(entry(WEB, completed=True), compared(manifest(WEB))).verdict is DriftVerdict.IN_SYNC


def test_an_object_that_was_made_anew_says_so() -> None:
    found = verdict(entry(WEB), compared(manifest(WEB, ONE), live(WEB, TWO, uid="new"), live(WEB, ONE, uid="new")))
    assert found.verdict is DriftVerdict.DRIFTED
    assert "created again" in found.reason


def test_an_object_on_its_way_out_is_never_in_sync() -> None:
    now = live(WEB, ONE, deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["a/b"])
    found = verdict(entry(WEB), compared(manifest(WEB, ONE), now))
    assert found.verdict is DriftVerdict.DELETING
    assert "a/b" in found.reason


@pytest.mark.parametrize(
    "comparison",
    [
        replace(compared(manifest(WEB, ONE), live(WEB, ONE)), merged=None),
        compared(manifest(WEB, ONE), live(WEB, ONE), error="admission webhook is down"),
        Comparison(manifest(WEB), None, None, {}, error="apps is stale", error_code=503),
    ],
)
def test_what_could_not_be_compared_is_unknown(comparison: Comparison) -> None:
    found = verdict(entry(WEB), comparison)
    assert found.verdict is DriftVerdict.UNKNOWN
    assert found.reason


def test_an_immutable_field_that_differs_is_drift() -> None:
    comparison = compared(manifest(WEB, ONE), live(WEB, TWO), error="field is immutable", immutable=("spec.replicas",))
    found = verdict(entry(WEB), comparison)
    assert found.verdict is DriftVerdict.DRIFTED
    assert [path_text(f.change.path) for f in found.fields] == ["spec.replicas"]
    assert "cannot be changed back" in found.reason


def test_what_could_not_be_looked_at_is_unknown() -> None:
    found = verdict(entry(WEB), unknown={ref(WEB): "forbidden"})
    assert (found.verdict, found.reason) == (DriftVerdict.UNKNOWN, "forbidden")


def test_what_was_never_applied_is_incomplete() -> None:
    found = verdict(entry(WEB, uid=""), compared(manifest(WEB, ONE), live(WEB, TWO), live(WEB, ONE)))
    assert found.verdict is DriftVerdict.INCOMPLETE


def test_without_a_wanted_value_only_absence_can_be_told() -> None:
    there = verdict(entry(WEB), observed={ref(WEB): live(WEB)}, unavailable={ref(WEB): Unavailable("commit is gone")})
    assert there.verdict is DriftVerdict.UNAVAILABLE
    assert "commit is gone" in there.reason
    assert (there.verdict in FINDINGS, there.unreached) == (False, False)
    assert (
        verdict(entry(WEB), observed={ref(WEB): None}, unavailable={ref(WEB): Unavailable("x", unreached=True)}).verdict
        is DriftVerdict.MISSING
    )


def test_the_order_is_that_of_the_inventory() -> None:
    known = [entry(f"ConfigMap shop/{n}") for n in "cab"]
    found = classify(known, (), observed={}, unknown={}, unavailable={})
    assert [o.ref for o in found] == [e.ref for e in known]


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        (("spec", "replicas"), OLDER),
        (("spec", "template", "image"), EDIT),
        (("spec",), EDIT),
        (("spec", "template", "image", "tag"), EDIT),
        (("spec", "paused"), None),
        (("data",), None),
    ],
)
def test_the_loser_owns_the_path_or_something_above_or_below_it(path: tuple[str, ...], owner: FieldOwner | None) -> None:
    assert loser_of(path, [(("spec", "replicas"), OLDER), (("spec", "template", "image"), EDIT)]) == owner
