"""Who loses what to an apply, what people added, and what is folded."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitctl.model.fieldset import FieldSet, entries, of_manager, union
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.approximate import approximate
from gitctl.target.kubernetes.fold import edited, folded, operations, risen, without
from gitctl.target.kubernetes.ownership import Claim, judge, outermost, reach


def fields(*paths: str) -> Json:
    """FieldsV1 of dotted map paths: `data.a`."""
    tree: Json = {}
    for path in paths:
        node = tree
        for step in path.split("."):
            node = node.setdefault(f"f:{step}", {})
    return tree


def live(body: Json, **managers: Any) -> Json:
    """An object whose managers own paths; `gitctl` by Apply, all others by Update."""
    listed = [
        {
            "manager": name.replace("_", "-"),
            "operation": "Apply" if name == "gitctl" else "Update",
            "apiVersion": "v1",
            "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": tree if isinstance(tree, dict) else fields(*tree),
        }
        for name, tree in managers.items()
    ]
    return {**body, "metadata": {"name": "x", "uid": "u", "managedFields": listed}}


def claim(*before: str, **options: bool) -> Claim:
    """A claim on paths."""
    return Claim(json.dumps(fields(*before)), **options)


DATA = {"data": {"a": "1", "b": "2", "c": "3"}}


def test_nothing_moved_is_nothing_said() -> None:
    body = live(DATA, gitctl=["data.a"], operator=["data.b"])
    after = json.loads(json.dumps(body).replace("2026-01-01", "2027-01-01"))
    assert judge(body, after, claim()) == judge(body, body, claim())
    assert not judge(body, after, claim()).taken


def test_what_we_had_before_is_taken_and_the_rest_is_a_conflict() -> None:
    before = live(DATA, gitctl=["data.a"], operator=["data.b", "data.c"])
    after = live(DATA, gitctl=["data.a", "data.b", "data.c"])
    found = judge(before, after, claim("data.a", "data.b"))
    assert [(c.path, c.owner.manager) for c in found.taken] == [(("data", "b"), "operator")]
    assert [(c.path, c.owner.manager) for c in found.conflicts] == [(("data", "c"), "operator")]


def test_having_had_the_whole_of_a_map_is_having_had_its_parts() -> None:
    before = live(DATA, gitctl=[], operator=["data.b"])
    after = live(DATA, gitctl=["data"])
    assert judge(before, after, claim("data")).conflicts == ()


def test_an_addition_is_what_only_people_have() -> None:
    body = live(DATA, gitctl=["data.a"], kubectl_edit=["data.a", "data.b", "data.c"], operator=["data.c"])
    found = judge(body, body, claim("data.a"))
    assert [a.path for a in found.additions] == [("data", "b")]
    assert found.fold


def test_metadata_status_and_restarts_are_no_additions() -> None:
    restarted = "spec.template.metadata.annotations"
    body = live(
        {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "t"}}}}, "status": {"x": 1}},
        gitctl=["spec.y"],
        kubectl_edit={
            "f:metadata": {"f:annotations": {"f:x": {}}},
            "f:status": {"f:x": {}},
            "f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}}},
        },
    )
    assert restarted
    assert judge(body, body, claim("spec.y")).additions == ()


def test_a_whole_item_is_one_addition() -> None:
    item = {".": {}, "f:name": {}, "f:image": {}}
    tree = {"f:spec": {"f:containers": {'k:{"name":"evil"}': item}}}
    body = live({"spec": {"containers": [{"name": "evil", "image": "x"}]}}, gitctl=["spec.y"], kubectl_patch=tree)
    assert [a.path for a in judge(body, body, claim()).additions] == [("spec", "containers", "[name=evil]")]


def test_a_path_that_is_not_there_any_more_is_no_addition() -> None:
    body = live({"data": {"a": "1"}}, gitctl=["data.a"], kubectl_edit=["data.gone"])
    assert judge(body, body, claim("data.a")) == judge(body, body, claim())
    assert not judge(body, body, claim()).fold


def test_adoption_takes_earlier_managers_without_a_conflict() -> None:
    before = live(DATA, helm=["data.a", "data.b"], kubectl_client_side_apply=["data.c"], operator=["data.c"])
    after = live(DATA, gitctl=["data.a"], helm=["data.b"], kubectl_client_side_apply=["data.c"], operator=["data.c"])
    found = judge(before, after, claim(adopt=True))
    assert found.conflicts == ()
    assert found.additions == ()
    assert found.fold
    assert set(found.leaving) == {("f:data", "f:b")}


def test_adoption_folds_whole_entries_and_leaves_status() -> None:
    before = live(DATA, kubectl_create={"f:data": {"f:a": {}, "f:b": {}}, "f:status": {"f:x": {}}}, operator=["data.c"])
    listed = folded(before, None, claim(adopt=True))
    assert listed is not None
    after = {"metadata": {"managedFields": listed}}
    assert set(of_manager(after, "gitctl")) == {("f:data", "f:a"), ("f:data", "f:b")}
    assert set(of_manager(after, "kubectl-create", "Update")) == {("f:status", "f:x")}
    assert set(of_manager(after, "operator", "Update")) == {("f:data", "f:c")}


def test_without_anything_to_fold_nothing_is_written() -> None:
    assert folded(live(DATA, gitctl=["data.a"], operator=["data.b"]), None, claim(adopt=True)) is None


trees = st.sets(st.sampled_from(["data.a", "data.b", "data.c", "spec.d", "spec.e.f", "metadata.labels.x", "status.s"]))


@given(trees, trees, trees, st.booleans())
def test_folding_loses_no_field(ours: set[str], human: set[str], other: set[str], adopt: bool) -> None:
    body = {"data": {"a": 1, "b": 2, "c": 3}, "spec": {"d": 1, "e": {"f": 2}}, "status": {"s": 1}}
    before = live(body, gitctl=sorted(ours), kubectl_edit=sorted(human), operator=sorted(other))
    listed = folded(before, before, claim(adopt=adopt))
    after = {"metadata": {"managedFields": listed}} if listed is not None else before
    assert union(f for _, f in entries(after)) == union(f for _, f in entries(before))
    assert of_manager(after, "operator", "Update") == of_manager(before, "operator", "Update")
    assert of_manager(before, "gitctl").members <= of_manager(after, "gitctl").members


@given(trees, st.sampled_from(["data.a", "data", "spec.e", "spec.e.f", "spec.e.f.g", "status", "x"]))
def test_reach_is_touches(owned: set[str], asked: str) -> None:
    owns = FieldSet.parse(fields(*sorted(owned)))
    path = tuple(f"f:{step}" for step in asked.split("."))
    assert reach(owns)(path) == owns.touches(path)


def test_what_leaves() -> None:
    leaving = FieldSet.parse(fields("spec.replicas", "spec.paused"))
    after = {"spec": {"replicas": 5, "paused": True, "x": 1}}
    assert without(after, leaving) == {"spec": {"x": 1}}
    assert after == {"spec": {"replicas": 5, "paused": True, "x": 1}}


def goes(now: Json, *leaving: str) -> set[str]:
    """What goes with some paths, dotted."""
    found = risen(FieldSet.parse(fields(*leaving)), now, now, claim())
    return {".".join(step.removeprefix("f:") for step in path) for path in found}


def test_a_map_that_was_sent_empty_covers_nothing_that_others_have_in_it() -> None:
    one = FieldSet(frozenset({("f:data",)}))
    theirs = FieldSet(frozenset({("f:data",), ("f:data", "f:k")}))
    assert reach(one)(("f:data", "f:k"))
    assert not reach(one, beside=theirs)(("f:data", "f:k"))
    assert reach(one, beside=theirs)(("f:data",))


def test_a_parent_that_nobody_has_a_part_of_goes_too() -> None:
    alone = live({}, gitctl=["spec.a"], kubectl_edit=["spec.f.x.d"])
    assert goes(alone, "spec.f.x.d") == {"spec.f"}
    assert goes(live({}, kubectl_edit=["spec.f.x.d"]), "spec.f.x.d") == {"spec"}
    with_another = live({}, gitctl=["spec.a"], kubectl_edit=["spec.f.x.d"], operator=["spec.f.y"])
    assert goes(with_another, "spec.f.x.d") == {"spec.f.x"}
    with_a_whole = live({}, gitctl=["spec.f"], kubectl_edit=["spec.f.x.d"])
    assert goes(with_a_whole, "spec.f.x.d") == {"spec.f.x.d"}


def test_a_list_that_nobody_has_a_part_of_goes_with_a_field_of_an_item() -> None:
    item = {"f:spec": {"f:list": {'k:{"name":"a"}': {"f:x": {}}}}}
    other = {"f:spec": {"f:list": {'k:{"name":"b"}': {".": {}}}}}
    for ours, gone in (({"f:spec": {"f:a": {}}}, 2), (other, 4)):
        now = live({}, gitctl=ours, kubectl_edit=item)
        (path,) = risen(FieldSet.parse(item), now, now, claim())
        assert path == ("f:spec", "f:list", 'k:{"name":"a"}', "f:x")[:gone]


def test_a_patch_to_what_stays() -> None:
    before = {"kind": "X", "metadata": {"uid": "u", "labels": {"a": "b"}, "generation": 1}, "spec": {"a": 1}, "data": {}, "status": 1}
    after = {"kind": "X", "metadata": {"uid": "u", "generation": 2, "annotations": {}}, "spec": {"a": 1.0}, "more": 1}
    assert operations(before, before) == []
    assert operations(before, after) == [
        {"op": "remove", "path": "/data"},
        {"op": "add", "path": "/more", "value": 1},
        {"op": "add", "path": "/spec", "value": {"a": 1.0}},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "remove", "path": "/metadata/labels"},
    ]


def test_editing_a_path_that_is_not_there_changes_nothing() -> None:
    body = {"a": [{"name": "x"}]}
    assert edited(body, ("f:b", "f:c"), lambda _: 1) == body
    assert edited(body, ("f:a", 'k:{"name":"y"}'), lambda _: 1) == body


def test_only_the_outermost_paths() -> None:
    found = FieldSet.parse({"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}}})
    assert outermost(found) == [("f:a",), ("f:c", "f:d")]


def test_an_approximation_lays_the_wanted_over_the_live() -> None:
    now = live(
        {"spec": {"replicas": 3, "old": 1, "containers": [{"name": "a", "image": "1", "default": True}, {"name": "theirs"}]}},
        gitctl={"f:spec": {"f:old": {}, "f:containers": {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:image": {}}}}},
    )
    sent = {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "a", "image": "2"}, {"name": "new"}]}}
    assert approximate(now, sent)["spec"] == {
        "replicas": 3,
        "containers": [{"name": "a", "image": "2", "default": True}, {"name": "theirs"}, {"name": "new"}],
    }


def test_an_approximation_of_the_same_is_the_same() -> None:
    now = live(DATA, gitctl=["data.a", "data.b", "data.c"])
    assert approximate(now, {"metadata": {"name": "x"}, **DATA}) == now


def test_an_approximation_leaves_what_another_manager_has_too() -> None:
    now = live(DATA, gitctl=["data.a", "data.b"], operator=["data.b"])
    assert approximate(now, {"metadata": {}, "data": {"a": "1"}})["data"] == DATA["data"]
