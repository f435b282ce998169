"""JSON pointers and JSONPaths that name fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.errors import ConfigError
from gitctl.model.manifest import Path
from gitctl.model.pattern import find, has_index, parse

BODY: dict[str, Any] = {
    "metadata": {"annotations": {"a.b/c": "1", "x~y": "2"}},
    "spec": {
        "replicas": 1,
        "containers": [
            {"name": "web", "image": "a", "port": 80, "tty": True},
            {"name": "a && b", "image": "b", "meta": {"team.x": "t"}},
        ],
    },
}
IMAGES: list[Path] = [("spec", "containers", 0, "image"), ("spec", "containers", 1, "image")]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("/spec/replicas", [("spec", "replicas")]),
        ("/spec/containers/*/image", IMAGES),
        ("/spec/containers/1/image", IMAGES[1:]),
        ("/spec/containers/9/image", []),
        ("/metadata/annotations/a.b~1c", [("metadata", "annotations", "a.b/c")]),
        ("/metadata/annotations/x~0y", [("metadata", "annotations", "x~y")]),
        ("/spec/replicas/deeper", []),
        ("$.spec.replicas", [("spec", "replicas")]),
        ("$.spec.containers[*].image", IMAGES),
        ("$['spec']['containers'][0].image", IMAGES[:1]),
        ("$.metadata.annotations['a.b/c']", [("metadata", "annotations", "a.b/c")]),
        ("$.spec.containers[?(@.name=='web')].image", IMAGES[:1]),
        ('$.spec.containers[?(@.name == "a && b")].image', IMAGES[1:]),
        ("$.spec.containers[?(@.name!='web')].image", IMAGES[1:]),
        ("$.spec.containers[?(@.port==80 && @.tty==true)].image", IMAGES[:1]),
        ("$.spec.containers[?(@.tty==1)].image", []),
        ("$.spec.containers[?(@.meta['team.x']=='t')].image", IMAGES[1:]),
        ("$.spec.containers[?(@.port==null)].image", IMAGES[1:]),
        ("$.*.replicas", [("spec", "replicas")]),
    ],
)
def test_find(text: str, places: list[Path]) -> None:
    assert list(find(parse(text), BODY)) == places


BAD = ["", "$", "spec.replicas", "$spec", "$.a[", "$.a[?(@.b)]", "$.a[?(b=='c')]", "$..a", "$.a[?(@.b=='c' || @.d=='e')]"]


@pytest.mark.parametrize("text", BAD)
def test_what_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)


def test_has_index() -> None:
    assert has_index(parse("/a/0/b"))
    assert not has_index(parse("$.a[*].b"))


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_pointer_finds_any_key_when_escaped(keys: list[str]) -> None:
    keys = ["k" + key for key in keys]
    body: Any = "leaf"
    for key in reversed(keys):
        body = {key: body}
    text = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    assert list(find(parse(text), body)) == [tuple(keys)]
