"""When an answer of the server gives a certificate, and when that certificate is final."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.target.kubernetes.proof.samples import FIELDS, GUARDED, NOW, SCENE, SENT, entry, live

from gitctl.model.certificate import Epoch, Standing
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.judge import judge
from gitctl.target.kubernetes.proof.mint import Scene, mint
from gitctl.target.kubernetes.proof.seal import Seal


def final(sent: Json, answer: Json, before: Json | None, scene: Scene) -> bool:
    minted = mint(sent, answer, before, scene)
    return minted is not None and minted.final


def test_a_create_is_final_only_where_nothing_can_think_otherwise_the_second_time() -> None:
    assert final(SENT, live(), None, SCENE)
    assert not final(SENT, live(), None, GUARDED)


def test_an_answer_that_equals_the_object_before_is_final() -> None:
    assert final(SENT, live(), live(), GUARDED)


@pytest.mark.parametrize("scene", [SCENE, GUARDED])
def test_an_epoch_that_was_just_come_to_gives_nothing_final(scene: Scene) -> None:
    assert not final(SENT, live(), live(), replace(scene, since=NOW - 59))


def test_values_that_the_server_spells_anew_are_final_once_it_changed_nothing() -> None:
    """And once our own last write is long enough ago: a policy that was deleted since may have put them there."""
    sent = {**SENT, "spec": {**SENT["spec"], "replicas": "1"}}
    assert not final(sent, live(), None, SCENE)
    assert final(sent, live(), live(), SCENE)
    young = live()
    young["metadata"]["managedFields"][0]["time"] = "2027-01-15T08:00:00Z"  # 1,800,000,000
    assert not final(sent, young, young, SCENE)
    assert final(SENT, young, young, SCENE)


def test_a_changed_answer_is_not_final_under_admission() -> None:
    assert not final(SENT, live(), {**live(), "extra": 1}, GUARDED)


Act = Callable[[Json], None]


def after(*acts: Act) -> Json:
    body = copy.deepcopy(live())
    for act in acts:
        act(body)
    return body


def sent_by(act: Act) -> Json:
    """What was sent for a body with an empty list is such a body."""
    return {**SENT, "spec": {**SENT["spec"], "more": []}} if act is with_an_empty_list else SENT


def with_an_empty_list(body: Json) -> None:
    body["spec"]["more"] = []


def another_version(body: Json) -> None:
    body["metadata"]["resourceVersion"] = "8"


def another_time(body: Json) -> None:
    body["metadata"]["managedFields"][0]["time"] = "2026-11-26T11:00:00Z"


def another_status(body: Json) -> None:
    body["status"]["ready"] = 2


def without_ours(body: Json) -> None:
    body["metadata"]["managedFields"] = [entry(FIELDS, manager="other")]


def with_an_index(body: Json) -> None:
    body["metadata"]["managedFields"][0]["fieldsV1"] = {"f:spec": {"f:containers": {"i:0": {}}}}


def with_an_old_writer(body: Json) -> None:
    body["metadata"]["managedFields"].append(entry({}, manager="x", version="apps/v1beta1"))


def deleting(body: Json) -> None:
    body["metadata"]["deletionTimestamp"] = "2026-11-26T10:00:00Z"


def with_a_field_that_is_not_there(body: Json) -> None:
    body["metadata"]["managedFields"][0]["fieldsV1"]["f:stringData"] = {"f:password": {}}


def with_a_number_too_large(body: Json) -> None:
    body["spec"]["replicas"] = 2**70


def with_half_a_character(body: Json) -> None:
    body["spec"]["whole"] = "\ud800"


@pytest.mark.parametrize("act", [without_ours, deleting, with_a_number_too_large, with_half_a_character])
def test_what_cannot_be_told_apart_gives_no_certificate(act: Act) -> None:
    assert mint(SENT, after(act), after(act), SCENE) is None


UNTOLD: list[Act] = [with_an_index, with_an_old_writer, with_a_field_that_is_not_there, with_an_empty_list]


@pytest.mark.parametrize("act", UNTOLD)
def test_what_our_fields_do_not_tell_gives_no_certificate_by_a_changed_answer(act: Act) -> None:
    assert not final(sent_by(act), after(act), None, SCENE)
    assert not final(sent_by(act), after(act), {**after(act), "spec": {}}, SCENE)


@pytest.mark.parametrize("scene", [SCENE, GUARDED], ids=["free", "guarded"])
@pytest.mark.parametrize("act", UNTOLD)
def test_what_our_fields_do_not_tell_is_proven_of_the_very_same_version_alone(act: Act, scene: Scene) -> None:
    minted = mint(sent_by(act), after(act), after(act), scene)
    assert minted is not None
    assert minted.final
    assert judge(minted, sent_by(act), after(act), scene) is Standing.IN_SYNC
    for touch in (another_version, another_time, another_status):
        assert judge(minted, sent_by(act), after(act, touch), scene) is not Standing.IN_SYNC
    assert judge(minted, sent_by(act), after(act), replace(scene, epoch=Epoch("f", scene.epoch.guarded))) is not Standing.IN_SYNC
    assert not final(sent_by(act), after(act), after(act), replace(scene, since=NOW - 59))


def test_times_alone_that_an_apply_writes_anew_are_no_change_while_nobody_else_writes() -> None:
    later = after(another_time)
    minted = mint(SENT, later, live(), SCENE)
    assert minted is not None
    assert (minted.final, bool(minted.version)) == (True, True)
    assert judge(minted, SENT, live(), SCENE) is Standing.IN_SYNC
    assert judge(minted, SENT, later, SCENE) is Standing.UNPROVEN


def test_a_version_without_a_time_of_ours_is_as_old_as_it_was_seen() -> None:
    """A value that is not what was sent may be a policy's: the version must have been there for a minute."""
    body = after(lambda b: b["metadata"]["managedFields"][0].pop("time"))
    sent = {**SENT, "spec": {**SENT["spec"], "replicas": "1"}}
    first = mint(sent, body, body, SCENE)
    assert first is not None
    assert not first.final
    soon = mint(sent, body, body, replace(SCENE, now=NOW + 59), [first])
    assert soon == first
    late = mint(sent, body, body, replace(SCENE, now=NOW + 60), [first])
    assert late is not None
    assert (late.final, late.minted) == (True, NOW + 60)
    other = after(lambda b: b["metadata"]["managedFields"][0].pop("time"), another_version)
    assert not final(sent, other, other, replace(SCENE, now=NOW + 60))
    moved = mint(sent, other, other, replace(SCENE, now=NOW + 60), [first])
    assert moved is not None
    assert not moved.final


def test_a_secret_whose_fields_do_not_tell_enough_is_never_proven() -> None:
    body = live_secret("b25l")
    body["metadata"]["managedFields"][0]["fieldsV1"]["f:stringData"] = {"f:password": {}}
    assert mint(secret("b25l"), body, body, SCENE) is None


STEADY = replace(SCENE, since=NOW, epoch=Epoch("e", guarded=False, changed=NOW - 60))


def test_rules_that_are_old_by_their_own_times_need_no_minute_where_all_is_as_it_was_sent() -> None:
    assert final(SENT, live(), None, STEADY)
    assert final(SENT, live(), live(), STEADY)
    spelled = {**SENT, "spec": {**SENT["spec"], "replicas": "1"}}
    assert not final(spelled, live(), live(), STEADY)  # a policy that was deleted a moment ago may have put it there
    assert not final(sent_by(with_an_empty_list), after(with_an_empty_list), live(), STEADY)
    assert not final(SENT, live(), live(), replace(STEADY, epoch=Epoch("e", guarded=False, changed=NOW - 59)))
    assert not final(SENT, live(), live(), replace(STEADY, epoch=Epoch("e", guarded=True, changed=NOW - 3600)))
    assert not final(SENT, live(), live(), replace(STEADY, epoch=Epoch("e", guarded=False)))


def test_a_certificate_holds_hashes_alone() -> None:
    minted = mint(SENT, live(), live(), GUARDED)
    other = mint(SENT, live(), live(), replace(GUARDED, seal=Seal(b"x" * 32)))
    assert minted is not None
    assert other is not None
    assert [len(h) for h in (minted.desired, minted.fields, minted.values, minted.whole)] == [22] * 4
    assert {minted.desired, minted.values, minted.whole}.isdisjoint({other.desired, other.values, other.whole})


def secret(value: str) -> Json:
    metadata = {"name": "key", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": value}}


def live_secret(value: str) -> Json:
    ours = entry({"f:data": {"f:password": {}}}, version="v1")
    body = secret(value)
    body["metadata"] |= {"uid": "u", "resourceVersion": "7", "managedFields": [ours]}
    return body


@pytest.mark.parametrize("scene", [SCENE, GUARDED], ids=["free", "guarded"])
def test_no_hash_is_made_of_a_secrets_value(scene: Scene) -> None:
    """Nobody can try out passwords by what is stored; and a changed one is seen all the same."""
    one = mint(secret("b25l"), live_secret("b25l"), live_secret("b25l"), scene)
    two = mint(secret("dHdv"), live_secret("dHdv"), live_secret("dHdv"), scene)
    assert one == two
    assert one is not None
    assert judge(one, secret("b25l"), live_secret("b25l"), scene) is Standing.IN_SYNC
    assert judge(one, secret("b25l"), live_secret("dHdv"), scene) is Standing.DRIFTED
    assert judge(one, secret("dHdv"), live_secret("b25l"), scene) is Standing.DRIFTED
    assert judge(one, {**secret("b25l"), "data": {}}, live_secret("b25l"), scene) is Standing.CHANGED


def test_a_guarded_secret_that_was_written_to_is_not_proven() -> None:
    minted = mint(secret("b25l"), live_secret("b25l"), live_secret("b25l"), GUARDED)
    written = live_secret("b25l")
    written["metadata"]["resourceVersion"] = "8"
    assert judge(minted, secret("b25l"), written, GUARDED) is Standing.UNPROVEN
