from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.render.normal import decoded, moved, normal

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
OTHER = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
bodies = st.fixed_dictionaries(
    {
        "apiVersion": st.just("v1"),
        "kind": st.sampled_from(["Secret", "ConfigMap", "X"]),
        "metadata": st.just({"name": "a", "creationTimestamp": None}),
    },
    optional={
        "data": st.dictionaries(texts, st.one_of(st.none(), texts, st.just("YQ=="), st.integers()), max_size=3),
        "stringData": st.dictionaries(texts, st.one_of(st.none(), texts), max_size=3),
        "binaryData": st.dictionaries(texts, st.just("Y\nQ=="), max_size=2),
        "status": st.sampled_from([{}, None, {"a": {"b": []}}, {"replicas": 1}]),
    },
)


@given(bodies)
def test_normal_forms_are_stable_and_the_argument_stays(body: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    once = normal(body)
    assert body == before
    assert normal(once) == once


def test_a_reference_below_data_needs_no_base64() -> None:
    encoded = "cmVmK2VudjovL0E="
    assert normal({**SECRET, "data": {"a": "ref+env://A", "b": encoded, "c": "ref+env"}})["data"] == {
        "a": encoded,
        "b": encoded,
        "c": "ref+env",
    }
    assert normal({**OTHER, "data": {"a": "ref+env://A"}})["data"] == {"a": "ref+env://A"}


def test_string_data_wins_over_data() -> None:
    body = {**SECRET, "data": {"a": "b2xk", "b": "Yg=="}, "stringData": {"a": "new", "c": None}}
    assert normal(body) == {**SECRET, "data": {"a": "bmV3", "b": "Yg==", "c": ""}}


def test_base64_is_made_canonical() -> None:
    assert normal({**SECRET, "data": {"a": "Y\nQ==\n"}})["data"] == {"a": "YQ=="}


@pytest.mark.parametrize(
    "body", [{**OTHER, "stringData": {"a": "b"}, "data": {"a": "Y\nQ=="}}, {**SECRET, "apiVersion": "x/v1", "stringData": {"a": "b"}}]
)
def test_other_kinds_are_left_alone(body: dict[str, Any]) -> None:
    assert normal(body) == body


@pytest.mark.parametrize("status", [{}, None, [], "", {"loadBalancer": {}}, {"conditions": [], "names": {"kind": ""}}])
def test_an_empty_status_goes(status: object) -> None:
    assert normal({**OTHER, "status": status}) == OTHER


@pytest.mark.parametrize("status", [{"phase": "Ready"}, {"replicas": 0}])
def test_a_real_status_stays(status: object) -> None:
    assert normal({**OTHER, "status": status}) == {**OTHER, "status": status}


def test_the_generated_status_of_a_definition_goes() -> None:
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}
    assert normal({**body, "status": {"storedVersions": ["v1"]}}) == body


def test_null_times_go_at_every_depth_and_server_fields_at_the_top() -> None:
    inner = {"spec": {"template": {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}}}}
    body = {
        **OTHER,
        **inner,
        "metadata": {"name": "x", "uid": "u", "resourceVersion": "1", "generation": 2, "managedFields": [], "selfLink": "/"},
    }
    assert normal(body) == {**OTHER, "spec": {"template": {"metadata": {"labels": {"a": "b"}}}}}


def test_null_is_empty_text_where_the_server_wants_text() -> None:
    body = {**OTHER, "kind": "ConfigMap", "metadata": {"name": "x", "labels": {"a": None}, "annotations": {"b": None}}, "data": {"c": None}}
    metadata = {"name": "x", "labels": {"a": ""}, "annotations": {"b": ""}}
    assert normal(body) == {**OTHER, "kind": "ConfigMap", "metadata": metadata, "data": {"c": ""}}


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("", b""),
        ("YQ==", b"a"),
        ("Y\r\nQ==", b"a"),
        ("YQ", None),
        ("Y Q==", None),
        ("YQ==!", None),
        ("_-_-", None),
        (5, None),
        (None, None),
    ],
)
def test_base64_is_read_as_the_server_does(text: object, raw: bytes | None) -> None:
    assert decoded(text) == raw


def test_sensitive_paths_follow_string_data() -> None:
    assert moved(("stringData", "a"), SECRET) == ("data", "a")
    assert moved(("data", "a"), SECRET) == ("data", "a")
    assert moved(("stringData", "a"), OTHER) == ("stringData", "a")
