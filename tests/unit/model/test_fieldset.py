"""FieldsV1 as a set: round trips, algebra, owners."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.model.change import FieldOwner
from gitctl.model.fieldset import FieldSet, entries, of_manager, owners, union

WEB = 'k:{"name":"web"}'
CONTAINER: dict[str, Any] = {".": {}, "f:image": {}, "f:ports": {'k:{"protocol":"TCP","containerPort":80}': {}}}
DEPLOYMENT: dict[str, Any] = {
    "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
    "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {"f:spec": {"f:containers": {WEB: CONTAINER}}}},
}

keys = st.dictionaries(st.sampled_from("ab"), st.one_of(st.text(max_size=2), st.integers(0, 3)), min_size=1)
segments = st.one_of(
    st.text(min_size=1, max_size=4).map("f:".__add__),
    keys.map(lambda k: "k:" + json.dumps(k)),
    st.text(max_size=3).map(lambda v: "v:" + json.dumps(v)),
    st.integers(0, 5).map("i:{}".format),
)
trees: st.SearchStrategy[Any] = st.recursive(
    st.just({}), lambda below: st.dictionaries(st.one_of(segments, st.just(".")), below, max_size=4), max_leaves=12
)


def as_set(tree: Any) -> FieldSet:
    return FieldSet.parse(_dots_are_empty(tree))


def _dots_are_empty(tree: Any) -> Any:
    return {k: {} if k == "." else _dots_are_empty(v) for k, v in tree.items()}


sets = trees.map(as_set)


def test_members_are_leaves_and_dotted_containers() -> None:
    fields = FieldSet.parse(json.dumps(DEPLOYMENT))
    port = ("f:spec", "f:template", "f:spec", "f:containers", WEB, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}')
    assert fields.members == {
        ("f:metadata", "f:labels"),
        ("f:metadata", "f:labels", "f:app"),
        ("f:spec", "f:replicas"),
        ("f:spec", "f:selector"),
        ("f:spec", "f:template", "f:spec", "f:containers", WEB),
        ("f:spec", "f:template", "f:spec", "f:containers", WEB, "f:image"),
        port,
    }
    assert fields.leaves() == fields.members - {("f:metadata", "f:labels"), ("f:spec", "f:template", "f:spec", "f:containers", WEB)}


@pytest.mark.parametrize("nothing", ["", None, {}, "{}"])
def test_nothing_is_the_empty_set(nothing: Any) -> None:
    assert not FieldSet.parse(nothing)
    assert FieldSet.parse(nothing).canonical() == ""


DEEP = '{"f:a":' * 3000 + "{}" + "}" * 3000
SHAPES = [
    {"k:[1]": {}},
    {"k:1": {}},
    {"k:{}": {}},
    {"i:x": {}},
    {"i:-1": {}},
    {"i:²": {}},
    {"i:" + "9" * 5000: {}},
    {"v:" + "[" * 3000: {}},
]


@pytest.mark.parametrize("bad", ["{", "[1]", '{"f:a": 1}', {"f:a": None}, {"x:a": {}}, {"k:nonsense": {}}, DEEP, DEEP[:1], *SHAPES])
def test_what_is_no_field_set_is_an_error(bad: Any) -> None:
    with raises(ErrorId.MANAGED_FIELDS):
        FieldSet.parse(bad)


@given(sets)
def test_text_and_tree_round_trip(fields: FieldSet) -> None:
    assert FieldSet.parse(fields.canonical()) == fields
    assert FieldSet.parse(fields.tree()) == fields


@given(sets, sets)
def test_equal_sets_and_only_they_have_equal_text(one: FieldSet, other: FieldSet) -> None:
    assert (one.canonical() == other.canonical()) == (one == other)


@given(sets, sets)
def test_algebra(one: FieldSet, other: FieldSet) -> None:
    assert (one - other) | (one & other) == one
    assert union([one, other]) == one | other == other | one
    assert not (one - one)


@given(sets)
def test_every_member_and_its_ancestors_are_touched(fields: FieldSet) -> None:
    for member in fields:
        assert all(fields.touches(member[:n]) for n in range(1, len(member) + 1))
    for leaf in fields.leaves():
        assert fields.touches((*leaf, "f:inside"))
        assert fields.leaf_above((*leaf, "f:inside")) == leaf


def test_a_dotted_container_does_not_own_what_others_put_into_it() -> None:
    fields = FieldSet.parse(DEPLOYMENT)
    assert not fields.touches(("f:metadata", "f:labels", "f:other"))
    assert fields.touches(("f:spec", "f:selector", "f:matchLabels"))
    assert not fields.touches(("f:spec", "f:paused"))


def live(*managed: tuple[str, str, str, Any]) -> Any:
    listed = [{"manager": m, "operation": o, "subresource": s, "time": "2026-01-02T03:04:05Z", "fieldsV1": f} for m, o, s, f in managed]
    return {"metadata": {"managedFields": listed}}


def test_owners_and_managers_of_a_live_object() -> None:
    body = live(
        ("gitctl", "Apply", "", {"f:spec": {"f:image": {}}}),
        ("gitctl", "Update", "", {"f:spec": {"f:other": {}}}),
        ("kubectl", "Update", "scale", {"f:spec": {"f:replicas": {}}}),
    )
    assert of_manager(body, "gitctl").members == {("f:spec", "f:image")}
    assert of_manager(body, "gitctl", "Update").members == {("f:spec", "f:other")}
    assert not of_manager(body, "kubectl", "Update")
    (scaler,) = owners(body, ("f:spec", "f:replicas"))
    assert scaler == FieldOwner("kubectl", "Update", "scale", "2026-01-02T03:04:05Z")
    assert [o.manager for o in owners(body, ("f:spec",))] == ["gitctl", "gitctl", "kubectl"]


@pytest.mark.parametrize("body", [{}, {"metadata": {}}, {"metadata": {"managedFields": None}}])
def test_an_object_without_managed_fields_has_no_owners(body: Any) -> None:
    assert entries(body) == ()
