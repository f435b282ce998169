"""Owner ids on objects and in names."""

from __future__ import annotations

import copy
import re

from hypothesis import given
from hypothesis import strategies as st

from gitctl.model.marks import owner_label
from gitctl.target.kubernetes.owner import has_label, marked, object_name, owner_of

owners = st.text(min_size=1, max_size=90).map(lambda text: f"shop/prod/{text}")


@given(owners)
def test_names_are_valid(owner: str) -> None:
    name = object_name(owner, "gitctl")
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name)
    assert len(name) <= 63


@given(owners, owners)
def test_names_differ(one: str, other: str) -> None:
    assert (object_name(one, "gitctl") == object_name(other, "gitctl")) == (one == other)


@given(owners)
def test_labels_are_valid(owner: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", owner_label(owner))
    assert len(owner_label(owner)) <= 63


def test_owners_that_read_alike_have_names_of_their_own() -> None:
    alike = ["a/b/c-d", "a/b-c/d", "a-b/c/d", "a/b/c.d", "A/b/c-d"]
    assert len({object_name(o, "gitctl") for o in alike}) == len(alike)


def test_marks_are_put_beside_what_is_there() -> None:
    body = {"kind": "Pod", "metadata": {"name": "x", "labels": {"a": "1"}, "annotations": {"b": "2"}}, "spec": {}}
    before = copy.deepcopy(body)
    found = marked(body, "shop/prod/web")
    assert body == before
    assert found["metadata"]["labels"]["a"] == "1"
    assert found["metadata"]["annotations"]["b"] == "2"
    assert owner_of(found) == "shop/prod/web"
    assert has_label(found, "shop/prod/web")
    assert marked(found, "shop/prod/web") == found


def test_a_label_alone_owns_nothing() -> None:
    copied = {"metadata": {"labels": {"gitctl.dev/app": owner_label("shop/prod/web")}}}
    assert owner_of(copied) == ""


def test_nonsense_in_metadata_owns_nothing() -> None:
    for metadata in ({}, {"annotations": None}, {"annotations": []}, {"annotations": {"gitctl.dev/owner": 5}}):
        assert owner_of({"metadata": metadata}) == ""
