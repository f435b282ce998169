"""What a comparison means for each key of a Secret, and which placeholder stands at a field."""

from __future__ import annotations

from typing import Any

import pytest

from gitctl.model.change import Action, Change, Comparison
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin
from gitctl.model.secretkey import KeyKind
from gitctl.plan.covered import covered_at
from gitctl.plan.secretkeys import keys_of_change, secret_keys

REF = ObjectRef("", "Secret", "n", "a")
OLD = {"data": {"gone": "Zw==", "kept": "aw==", "new": "b2xk"}}
NEW = {"data": {"come": "Yw==", "kept": "aw==", "new": "bmV3"}}


def kinds(*sides: Json | None, ref: ObjectRef = REF) -> dict[str, str]:
    return {key.name: key.kind.value for key in secret_keys(sides[0], sides[1], ref)}


def change(action: Action, live: Json | None, wanted: Json | None) -> Change:
    if wanted is None:
        return Change(REF, action, live=live)
    return Change(REF, action, comparison=Comparison(Manifest(REF, "v1", wanted, Origin("a.yaml")), live, None, wanted), live=live)


def test_each_key_is_added_removed_changed_or_the_same() -> None:
    assert kinds(OLD, NEW) == {"come": "added", "gone": "removed", "kept": "same", "new": "changed"}
    assert kinds(None, {"stringData": {"a": "b"}}) == {"a": "added"}
    assert kinds({"data": None}, {"data": ["odd"]}) == {}


def test_other_kinds_have_none() -> None:
    assert kinds(OLD, NEW, ref=ObjectRef("", "ConfigMap", "n", "a")) == {}


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (change(Action.CREATE, None, NEW), {KeyKind.ADDED}),
        (change(Action.CREATE, OLD, NEW), {KeyKind.ADDED}),  # one that is being deleted
        (change(Action.UPDATE, OLD, NEW), set(KeyKind)),
        (change(Action.PRUNE, OLD, None), {KeyKind.REMOVED}),
        (change(Action.ORPHAN, OLD, None), set()),
        (change(Action.RELEASE, OLD, NEW), set()),
    ],
)
def test_keys_of_an_action(one: Change, found: set[KeyKind]) -> None:
    assert {key.kind for key in keys_of_change(one)} == found


def test_the_placeholder_of_a_field_is_found_at_above_and_below_it() -> None:
    body: dict[str, Any] = {"spec": {"containers": [{"name": "web", "args": ["x", "--password=s"]}]}}
    ref = ObjectRef("", "Pod", "n", "a")
    place = ("spec", "containers", 0, "args", 1)
    manifest = Manifest(ref, "v1", body, Origin("a.yaml"), sensitive=(place,), covered=("--password=gitctl-0",))
    named = ("spec", "containers", "[name=web]", "args")
    assert {covered_at(manifest, path) for path in (named, (*named, 1), named[:3], named[:1])} == {"--password=gitctl-0"}
    assert covered_at(manifest, ("spec", "containers", "[name=other]")) == ""
    assert covered_at(manifest, ("metadata",)) == ""
