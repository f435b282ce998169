"""What a certificate says, for each way in which things can be otherwise than when it was minted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.target.kubernetes.proof.samples import FIELDS, GUARDED, NOW, SCENE, SENT, certificate, entry, live

from gitctl.model.certificate import Epoch, Standing
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.judge import judge
from gitctl.target.kubernetes.proof.mint import Scene, mint
from gitctl.target.kubernetes.proof.seal import Seal

Act = Callable[[Json], Any]


def after(act: Act) -> Json:
    """The live object after something happened to it."""
    body = live()
    act(body)
    return body


def test_nothing_changed() -> None:
    assert judge(certificate(), SENT, live(), SCENE) is Standing.IN_SYNC
    assert judge(certificate(GUARDED), SENT, live(), GUARDED) is Standing.IN_SYNC


HARMLESS: dict[str, Act] = {
    "status": lambda b: b["status"].update(ready=2),
    "a default of the server": lambda b: b["spec"].update(default="other"),
    "resourceVersion": lambda b: b["metadata"].update(resourceVersion="8"),
    "generation": lambda b: b["metadata"].update(generation=3),
    "another manager": lambda b: b["metadata"]["managedFields"].append(entry({"f:spec": {"f:default": {}}}, manager="x")),
    "the time of our entry": lambda b: b["metadata"]["managedFields"][0].update(time="2026-11-26T11:00:00Z"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_not_ours_leaves_it_in_sync(name: str) -> None:
    assert judge(certificate(), SENT, after(HARMLESS[name]), SCENE) is Standing.IN_SYNC


@pytest.mark.parametrize("name", ["status", "a default of the server", "generation"])
def test_where_admission_may_look_at_all_anything_counts(name: str) -> None:
    assert judge(certificate(GUARDED), SENT, after(HARMLESS[name]), GUARDED) is Standing.UNPROVEN


def test_a_field_that_others_have_too_counts_where_the_server_spelled_a_value_anew() -> None:
    sent = {**SENT, "spec": {**SENT["spec"], "replicas": "1"}}
    spelled = mint(sent, live(), live(), SCENE)
    shared, apart = (
        after(lambda b, f=field: b["metadata"]["managedFields"].append(entry({"f:spec": {f: {}}}, manager="x")))
        for field in ("f:whole", "f:x")
    )
    assert [judge(spelled, sent, now, SCENE) for now in (live(), apart, shared)] == [Standing.IN_SYNC, Standing.IN_SYNC, Standing.OWNERSHIP]
    assert judge(certificate(), SENT, shared, SCENE) is Standing.IN_SYNC


HARMFUL: dict[str, tuple[Act, Standing]] = {
    "a value": (lambda b: b["spec"].update(replicas=2), Standing.DRIFTED),
    "a value of another type": (lambda b: b["spec"].update(replicas="1"), Standing.DRIFTED),
    "one as true": (lambda b: b["spec"].update(replicas=True), Standing.DRIFTED),
    "false as zero": (lambda b: b["spec"].update(paused=0), Standing.DRIFTED),
    "one as a fraction": (lambda b: b["spec"].update(replicas=1.0), Standing.DRIFTED),
    "inside of an atomic whole": (lambda b: b["spec"]["whole"]["x"].append(3), Standing.DRIFTED),
    "a field that is gone": (lambda b: b["spec"].pop("replicas"), Standing.OWNERSHIP),
    "an item that is gone": (lambda b: b["spec"]["containers"].pop(), Standing.OWNERSHIP),
    "an item twice": (lambda b: b["spec"]["containers"].append(dict(b["spec"]["containers"][0])), Standing.OWNERSHIP),
    "items in another order": (lambda b: b["spec"]["containers"].reverse(), Standing.DRIFTED),
    "a foreign item between ours": (lambda b: b["spec"]["containers"].insert(1, {"name": "x"}), Standing.DRIFTED),
    "a set in another order": (lambda b: b["metadata"]["finalizers"].reverse(), Standing.DRIFTED),
    "a list that is a map": (lambda b: b["spec"].update(containers={}), Standing.OWNERSHIP),
    "our entry is gone": (lambda b: b["metadata"].update(managedFields=[]), Standing.OWNERSHIP),
    "our entry is an update": (lambda b: b["metadata"]["managedFields"][0].update(operation="Update"), Standing.OWNERSHIP),
    "our entry is there twice": (lambda b: b["metadata"]["managedFields"].append(entry(FIELDS)), Standing.OWNERSHIP),
    "we own less": (lambda b: b["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"].pop("f:paused"), Standing.OWNERSHIP),
    "somebody at another version": (
        lambda b: b["metadata"]["managedFields"].append(entry({"f:spec": {}}, manager="x", version="apps/v1beta1")),
        Standing.UNPROVEN,
    ),
    "the object at another version": (lambda b: b.update(apiVersion="apps/v1beta1"), Standing.UNPROVEN),
    "another object": (lambda b: b["metadata"].update(uid="other"), Standing.UNPROVEN),
    "deleting": (lambda b: b["metadata"].update(deletionTimestamp="2026-11-26T10:00:00Z"), Standing.DELETING),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_what_an_apply_might_change_is_not_in_sync(name: str) -> None:
    act, standing = HARMFUL[name]
    assert judge(certificate(), SENT, after(act), SCENE) is standing


OTHERWISE: dict[str, Scene | None] = {
    "unreadable rules": None,
    "another epoch": replace(SCENE, epoch=Epoch("f", guarded=False)),
    "admission now looks": GUARDED,
    "another key": replace(SCENE, seal=Seal(b"x" * 32)),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_other_circumstances_prove_nothing(name: str) -> None:
    assert judge(certificate(), SENT, live(), OTHERWISE[name]) is not Standing.IN_SYNC


@pytest.mark.parametrize(
    "scene",
    [
        replace(GUARDED, identity="other"),
        replace(GUARDED, identity=""),
        replace(GUARDED, now=NOW + 24 * 3600 + 1),
        replace(GUARDED, now=NOW - 1),
    ],
    ids=["another user", "nobody knows who", "a day later", "before it was minted"],
)
def test_where_admission_may_look_who_asks_and_when_counts(scene: Scene) -> None:
    assert judge(certificate(GUARDED), SENT, live(), scene) is Standing.UNPROVEN


def test_where_nothing_looks_neither_user_nor_age_counts() -> None:
    assert judge(certificate(), SENT, live(), replace(SCENE, identity="other", now=NOW + 10**9)) is Standing.IN_SYNC


def test_git_wants_something_else() -> None:
    assert judge(certificate(), {**SENT, "spec": {**SENT["spec"], "replicas": 2}}, live(), SCENE) is Standing.CHANGED


def test_nothing_there_and_nothing_known() -> None:
    assert judge(certificate(), SENT, None, SCENE) is Standing.MISSING
    assert judge(None, SENT, live(), SCENE) is Standing.UNPROVEN
    assert judge(certificate(final=False), SENT, live(), SCENE) is Standing.UNPROVEN


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def typed(value: Any) -> Any:
    """A value in which JSON types are told apart: Python says that true is 1."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return (type(value).__name__, repr(value))


@given(VALUES, VALUES)
def test_an_owned_value_is_in_sync_with_itself_alone(old: Any, new: Any) -> None:
    """Any other value of an owned field is seen, whatever it is; the order of keys never is."""
    before, now = live(), live()
    before["spec"]["whole"], now["spec"]["whole"] = old, new
    minted = mint(SENT, before, before, SCENE)
    assert minted is not None
    standing = judge(replace(minted, final=True), SENT, now, SCENE)
    assert (standing is Standing.IN_SYNC) == (typed(old) == typed(new))


@given(st.permutations(list(live()["spec"])), st.permutations(list(live()["metadata"])))
def test_the_order_of_keys_never_counts(spec: list[str], metadata: list[str]) -> None:
    body = live()
    body["spec"] = {key: body["spec"][key] for key in spec}
    body["metadata"] = {key: body["metadata"][key] for key in metadata}
    sent = {key: SENT[key] for key in reversed(SENT)}
    assert judge(certificate(GUARDED), sent, body, GUARDED) is Standing.IN_SYNC


PATHS = ["replicas", "paused", "whole", "default"]


@given(st.sampled_from(PATHS), VALUES)
def test_a_guarded_object_is_in_sync_with_itself_alone(path: str, value: Any) -> None:
    body = live()
    body["spec"][path] = value
    same = typed(body) == typed(live())
    assert (judge(certificate(GUARDED), SENT, body, GUARDED) is Standing.IN_SYNC) == same
