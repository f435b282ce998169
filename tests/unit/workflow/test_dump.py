"""Dumps: how lists are read, and that every item has its entry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.workflow.dump import dump_health


def states(value: Any) -> list[tuple[str, str, str]]:
    """Kind, name and state of each object of a dump."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return [(h.ref.kind, h.ref.name, h.health.state.value) for h in dump_health(data, where="stdin")]


def test_a_typed_list_as_the_api_answers() -> None:
    item = {"metadata": {"name": "web", "namespace": "shop"}, "status": {"phase": "Succeeded"}}
    assert states({"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": [item]}) == [
        ("Pod", "web", "healthy")
    ]


def test_lists_in_lists_and_several_documents() -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}]}
    text = (
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [inner]})
        + "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"
    )
    assert states(text.encode()) == [("Secret", "a", "healthy"), ("ConfigMap", "b", "healthy")]


def test_every_item_has_its_entry_whatever_it_is() -> None:
    items = [None, 3, {"kind": ["x"]}, {"kind": "ConfigMap", "apiVersion": "v1", "metadata": 4}]
    found = states({"apiVersion": "v1", "kind": "List", "items": items})
    assert [state for _, _, state in found] == ["unknown", "unknown", "unknown", "healthy"]


def test_a_resource_that_has_items_of_its_own_is_no_list() -> None:
    assert states({"apiVersion": "example.com/v1", "kind": "Menu", "items": [1], "metadata": {"name": "m"}}) == [("Menu", "m", "healthy")]


def test_an_empty_dump() -> None:
    assert states(b"") == []
    assert states(b"---\n---\n") == []


@pytest.mark.parametrize(
    ("data", "place", "id"),
    [
        (b"just text", "stdin:1", ErrorId.NOT_AN_OBJECT),
        (b"a: 1\n---\n- 3\n", "stdin:3", ErrorId.NOT_AN_OBJECT),
        (b"{a: 1, a: 2}", "stdin:1:8", ErrorId.YAML_DUPLICATE_KEY),
    ],
)
def test_what_is_no_dump_is_refused_with_its_place(data: bytes, place: str, id: ErrorId) -> None:
    with raises(id) as raised:
        dump_health(data, where="stdin")
    assert str(raised.value).startswith(place)
