"""FieldsV1 segments on real bodies."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gitctl.model.fieldpath import MISSING, FieldPath, get, look, remove, server_text, shown
from gitctl.model.manifest import Path

BODY: dict[str, Any] = {
    "metadata": {"annotations": {"a.b/c": "1"}, "finalizers": ["x", "y"]},
    "spec": {
        "containers": [
            {"name": "web", "image": "nginx", "ports": [{"containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}]},
            {"name": "side", "image": "envoy"},
        ],
        "twice": [{"name": "a"}, {"name": "a"}],
    },
}
WEB = ("f:spec", "f:containers", 'k:{"name":"web"}')


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("f:metadata", "f:annotations", "f:a.b/c"), "1"),
        ((*WEB, "f:image"), "nginx"),
        (("f:metadata", "f:finalizers", 'v:"y"'), "y"),
        (("f:spec", "f:containers", "i:1", "f:name"), "side"),
        ((*WEB, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}'), {"containerPort": 80}),
        ((*WEB, "f:ports", 'k:{"containerPort":81,"protocol":"TCP"}'), MISSING),
        ((*WEB, "f:nothing"), MISSING),
        (("f:metadata", "f:finalizers", "i:9"), MISSING),
        (("f:spec", "f:twice", 'k:{"name":"a"}'), MISSING),
        (("f:metadata", "f:annotations", "f:a.b/c", "f:below"), MISSING),
        ((), BODY),
    ],
)
def test_get(path: FieldPath, value: Any) -> None:
    assert get(BODY, path) == value


def test_remove_leaves_the_rest_and_the_original_alone() -> None:
    before = copy.deepcopy(BODY)
    rest = remove(BODY, [(*WEB, "f:image"), ("f:metadata", "f:finalizers", 'v:"x"'), ("f:no", "f:where")])
    assert rest["spec"]["containers"][0] == {"name": "web", "ports": BODY["spec"]["containers"][0]["ports"]}
    assert rest["metadata"]["finalizers"] == ["y"]
    assert before == BODY


def test_remove_takes_containers_along_that_it_empties() -> None:
    assert "annotations" not in remove(BODY, [("f:metadata", "f:annotations", "f:a.b/c")])["metadata"]
    assert remove({"a": {"b": 1}}, [("f:a", "f:b")]) == {}


def test_remove_of_an_item() -> None:
    assert [c["name"] for c in remove(BODY, [WEB])["spec"]["containers"]] == ["side"]


def test_true_is_not_one() -> None:
    assert get({"l": [True, 1]}, ("f:l", "v:1")) == 1
    assert get({"l": [True]}, ("f:l", "v:1")) is MISSING


def test_shown_and_server_text() -> None:
    path = (*WEB, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}', "i:3", 'v:"x"')
    assert shown(path) == ("spec", "containers", "[name=web]", "ports", "[containerPort=80,protocol=TCP]", 3, "[=x]")
    assert server_text(path) == '.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"][3][="x"]'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("metadata", "annotations", "a.b/c"), "1"),
        (("spec", "containers", "[name=side]", "image"), "envoy"),
        (("spec", "containers", 0, "image"), "nginx"),
        (("spec", "containers", "[name=web]", "ports", "[containerPort=80,protocol=TCP]", "containerPort"), 80),
        (("metadata", "finalizers", "[=y]"), "y"),
        (("spec", "containers", "[name=none]"), MISSING),
        (("spec", "containers", 7), MISSING),
        (("metadata", "annotations", "a.b/c", "x"), MISSING),
    ],
)
def test_look(path: Path, value: Any) -> None:
    assert look(BODY, path) == value
