"""Fields that differ: paths by merge key, order, secrets."""

from __future__ import annotations

import copy
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.model.change import FieldChange, FieldKind
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.plan.fields import field_changes, path_text, same

DEPLOYMENT = ObjectRef("apps", "Deployment", "shop", "web")
SECRET = ObjectRef("", "Secret", "shop", "db")
Row = tuple[str, FieldKind, Any, Any]


def rows(old: Any, new: Any, **options: Any) -> list[Row]:
    ref = options.pop("ref", DEPLOYMENT)
    return [(path_text(c.path), c.kind, c.old, c.new) for c in field_changes(old, new, ref=ref, **options)]


CASES: dict[str, tuple[Any, Any, list[Row]]] = {
    "scalar": ({"spec": {"replicas": 1}}, {"spec": {"replicas": 3}}, [("spec.replicas", FieldKind.CHANGED, 1, 3)]),
    "added and removed": (
        {"metadata": {"labels": {"a.b/c": "x"}}},
        {"metadata": {"labels": {"d": "y"}}},
        [('metadata.labels["a.b/c"]', FieldKind.REMOVED, "x", None), ("metadata.labels.d", FieldKind.ADDED, None, "y")],
    ),
    "whole map added": ({"spec": {}}, {"spec": {"a": {"b": 1}}}, [("spec.a", FieldKind.ADDED, None, {"b": 1})]),
    "item by name": (
        {"containers": [{"name": "web", "image": "a"}, {"name": "side"}]},
        {"containers": [{"name": "web", "image": "b"}, {"name": "side"}]},
        [("containers[name=web].image", FieldKind.CHANGED, "a", "b")],
    ),
    "item by port and protocol, TCP unwritten": (
        {"ports": [{"containerPort": 80, "name": "x"}]},
        {"ports": [{"containerPort": 80, "protocol": "TCP", "name": "y"}]},
        [
            ("ports[containerPort=80,protocol=TCP].name", FieldKind.CHANGED, "x", "y"),
            ("ports[containerPort=80,protocol=TCP].protocol", FieldKind.ADDED, None, "TCP"),
        ],
    ),
    "the same port twice by protocol": (
        {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "nodePort": 1}]},
        {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "nodePort": 2}]},
        [("ports[port=53,protocol=UDP].nodePort", FieldKind.CHANGED, 1, 2)],
    ),
    "mount path": (
        {"volumeMounts": [{"mountPath": "/a", "name": "v"}]},
        {"volumeMounts": [{"mountPath": "/a", "name": "w"}]},
        [("volumeMounts[mountPath=/a].name", FieldKind.CHANGED, "v", "w")],
    ),
    "order of named items": (
        {"containers": [{"name": "a"}, {"name": "b"}]},
        {"containers": [{"name": "b"}, {"name": "a"}]},
        [("containers", FieldKind.MOVED, ["a", "b"], ["b", "a"])],
    ),
    "an item in front moves nothing": (
        {"containers": [{"name": "a"}, {"name": "b"}]},
        {"containers": [{"name": "c"}, {"name": "a"}, {"name": "b"}]},
        [("containers[name=c]", FieldKind.ADDED, None, {"name": "c"})],
    ),
    "order of scalars": (
        {"finalizers": ["a", "b"]},
        {"finalizers": ["b", "a"]},
        [("finalizers", FieldKind.MOVED, ["a", "b"], ["b", "a"])],
    ),
    "a scalar in the middle": (
        {"args": ["a", "c"]},
        {"args": ["a", "b", "c"]},
        [("args[1]", FieldKind.ADDED, None, "b")],
    ),
    "inside an item without a name": (
        {"rules": [{"verbs": ["get"]}, {"verbs": ["list"]}]},
        {"rules": [{"verbs": ["get", "watch"]}, {"verbs": ["list"]}]},
        [("rules[0].verbs[1]", FieldKind.ADDED, None, "watch")],
    ),
    "an item without a name in front": (
        {"rules": [{"verbs": ["get"]}]},
        {"rules": [{"verbs": ["list"]}, {"verbs": ["get"]}]},
        [("rules[0]", FieldKind.ADDED, None, {"verbs": ["list"]})],
    ),
    "two items of one name have no names": (
        {"env": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]},
        {"env": [{"name": "a", "value": "1"}, {"name": "a", "value": "3"}]},
        [("env[1].value", FieldKind.CHANGED, "2", "3")],
    ),
    "type": ({"a": {"b": 1}}, {"a": "text"}, [("a", FieldKind.CHANGED, {"b": 1}, "text")]),
    "true is not one": ({"a": True, "b": 1}, {"a": 1, "b": 1.0}, [("a", FieldKind.CHANGED, True, 1)]),
    "true is not one in a list": ({"l": [True, 2]}, {"l": [1, 2]}, [("l[0]", FieldKind.CHANGED, True, 1)]),
    "null is a value": ({"a": None}, {}, [("a", FieldKind.REMOVED, None, None)]),
    "what the server keeps": (
        {"metadata": {"name": "x", "uid": "1", "resourceVersion": "1", "generation": 1, "managedFields": [], "creationTimestamp": "t"}},
        {"metadata": {"name": "x", "uid": "2", "resourceVersion": "2"}, "status": {"phase": "Ready"}},
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_changes(name: str) -> None:
    old, new, expected = CASES[name]
    before = copy.deepcopy((old, new))
    assert rows(old, new) == expected
    assert before == (old, new)


def test_a_secret_comes_key_by_key_and_marked() -> None:
    changes = field_changes({"kind": "Secret"}, {"kind": "Secret", "data": {"a": "eA==", "b": "eQ=="}}, ref=SECRET)
    assert [(c.path, c.sensitive, c.new) for c in changes] == [(("data", "a"), True, "eA=="), (("data", "b"), True, "eQ==")]
    gone = field_changes({"data": {"a": "eA=="}, "type": "x"}, {"type": "y"}, ref=SECRET)
    assert [(c.path, c.kind, c.sensitive) for c in gone] == [
        (("data", "a"), FieldKind.REMOVED, True),
        (("type",), FieldKind.CHANGED, False),
    ]


def test_a_copy_of_a_secret_in_an_annotation_is_marked() -> None:
    name = "kubectl.kubernetes.io/last-applied-configuration"
    old = {"metadata": {"annotations": {name: '{"stringData": {"a": "plain"}}'}}}
    for new in ({"metadata": {"annotations": {"b": "c"}}}, {"metadata": {}}, {}):
        changes = field_changes(old, new, ref=SECRET)
        assert [(c.path[-1], c.sensitive) for c in changes if c.kind is FieldKind.REMOVED] == [(name, True)]
        assert [c.sensitive for c in field_changes(old, new, ref=DEPLOYMENT) if c.kind is FieldKind.REMOVED] == [False]


ENV = ("spec", "env", 1, "value")


OPEN = {"name": "A", "value": "plain"}


@pytest.mark.parametrize("items", [[], [OPEN], [{"name": "B", "value": "old-secret"}, OPEN]])
def test_a_sensitive_path_is_marked_wherever_its_item_stands(items: list[Any]) -> None:
    new = {"spec": {"env": [{"name": "A", "value": "open"}, {"name": "B", "value": "secret"}]}}
    olds: list[Json] = [{"spec": {"env": items}}, {"spec": {}}, {}]
    for old in olds:
        changes = field_changes(old, new, ref=DEPLOYMENT, sensitive=[ENV])
        assert any(c.sensitive for c in changes)
        assert "secret" not in str([c for c in changes if not c.sensitive])


def test_a_sensitive_item_of_a_list_without_names_marks_the_whole_list() -> None:
    changes = field_changes({"args": ["old-secret", "x"]}, {"args": ["x", "new-secret"]}, ref=DEPLOYMENT, sensitive=[("args", 1)])
    assert changes
    assert all(c.sensitive for c in changes)


def test_a_sensitive_name_covers_an_index_when_names_are_not_distinct() -> None:
    old = {"env": [{"name": "B", "value": "one"}, {"name": "B", "value": "two"}]}
    new = {"env": [{"name": "B", "value": "three"}]}
    changes = field_changes(old, new, ref=DEPLOYMENT, sensitive=[("env", 0, "value")])
    assert changes
    assert all(c.sensitive for c in changes)


def test_equal_objects_need_no_deepdiff() -> None:
    assert "deepdiff" not in sys.modules or field_changes({"a": [1]}, {"a": [1]}, ref=DEPLOYMENT) == ()


scalars = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(-1, 1, width=16), st.sampled_from(["", "a", "TCP"]))
keys = st.sampled_from(["name", "ports", "containerPort", "env", "rules", "a.b"])
bodies = st.recursive(scalars, lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(keys, v, max_size=3)), max_leaves=10)
objects = st.dictionaries(keys, bodies, max_size=4)


@given(objects, objects)
@settings(max_examples=150)
def test_changes_are_found_exactly_when_bodies_differ(old: Any, new: Any) -> None:
    assert bool(field_changes(old, new, ref=DEPLOYMENT)) != same(old, new)


@given(objects, objects)
@settings(max_examples=100)
def test_backwards_the_same_named_paths_change(old: Any, new: Any) -> None:
    def named(changes: tuple[FieldChange, ...]) -> set[Path]:
        return {tuple(s for s in c.path if isinstance(s, str)) for c in changes}

    assert named(field_changes(old, new, ref=DEPLOYMENT)) == named(field_changes(new, old, ref=DEPLOYMENT))


@given(objects, objects)
@settings(max_examples=50)
def test_everything_below_a_sensitive_path_is_marked(old: Any, new: Any) -> None:
    changes = field_changes({"spec": old}, {"spec": new}, ref=DEPLOYMENT, sensitive=[("spec",)])
    assert all(c.sensitive or c.kind is FieldKind.MOVED for c in changes)


def test_path_text() -> None:
    path = ("spec", "containers", "[name=web]", "env", 3, "a.b/c", 'q"')
    assert path_text(path) == 'spec.containers[name=web].env[3]["a.b/c"]["q\\""]'
