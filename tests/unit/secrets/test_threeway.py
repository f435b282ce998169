"""A three-way merge of trees: what both agree on, what one changed, what both changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.documents import REMOVED
from gitctl.secrets.threeway import Difference, difference, same

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "a", "1", "true"]))
TREES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.dictionaries(st.sampled_from("abc"), inner, max_size=3), st.lists(inner, max_size=3)), max_leaves=8
)
MAPS = st.dictionaries(st.sampled_from("abcd"), TREES, max_size=4)


def applied(ours: Any, found: Difference) -> Any:
    """Ours with the changes."""
    root = {"": copy.deepcopy(ours)}
    for path, value in found.changes.items():
        parent: Any = root
        for step in ("", *path[:-1]) if path else ():
            parent = parent[step]
        last = path[-1] if path else ""
        if value is REMOVED:
            del parent[last]
        else:
            parent[last] = value
    return root[""]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "changes", "conflicts"),
    [
        pytest.param({"a": "1"}, {"a": "1"}, {"a": "2"}, {("a",): "2"}, (), id="theirs alone"),
        pytest.param({"a": "1"}, {"a": "2"}, {"a": "1"}, {}, (), id="ours alone"),
        pytest.param({"a": "1"}, {"a": "2"}, {"a": "2"}, {}, (), id="both the same"),
        pytest.param({"a": "1"}, {"a": "2"}, {"a": "3"}, {}, (("a",),), id="both, otherwise"),
        pytest.param({}, {"a": "1"}, {"b": "2"}, {("b",): "2"}, (), id="each a key of its own"),
        pytest.param({}, {"a": "1"}, {"a": "2"}, {}, (("a",),), id="the same new key"),
        pytest.param({"a": "1", "b": "1"}, {"a": "1", "b": "1"}, {"b": "1"}, {("a",): REMOVED}, (), id="theirs took a key away"),
        pytest.param({"a": "1"}, {}, {"a": "2"}, {}, (("a",),), id="taken away here, changed there"),
        pytest.param({"a": "1"}, {"a": "2"}, {}, {}, (("a",),), id="changed here, taken away there"),
        pytest.param({"a": 1}, {"a": 1}, {"a": True}, {("a",): True}, (), id="true is not 1"),
        pytest.param({"l": [1, 2]}, {"l": [9, 2]}, {"l": [1, 8]}, {("l", 1): 8}, (), id="items of a list of one length"),
        pytest.param({"l": [1]}, {"l": [1, 2]}, {"l": [1, 3]}, {}, (("l",),), id="lists that grew"),
        pytest.param({"m": {"a": "1"}}, {"m": {"a": "1"}}, {"m": "text"}, {("m",): "text"}, (), id="a map became text"),
        pytest.param({"m": {"a": "1"}}, {"m": {"a": "2"}}, {"m": "text"}, {}, (("m",),), id="a map became text, and was changed"),
    ],
)
def test_cases(base: Any, ours: Any, theirs: Any, changes: Any, conflicts: Any) -> None:
    found = difference(base, ours, theirs)
    assert dict(found.changes) == changes
    assert found.conflicts == conflicts


def test_a_choice_holds_for_all_below_it() -> None:
    both = {"m": {"a": "1", "b": "1"}}, {"m": {"a": "2", "b": "2"}}, {"m": {"a": "3", "b": "3"}}
    assert difference(*both, take={("m",): True}).changes == {("m", "a"): "3", ("m", "b"): "3"}
    assert difference(*both, take={("m", "a"): False, ("m", "b"): True}) == Difference({("m", "b"): "3"}, ())
    assert difference(*both, take={("m", "a"): False}).conflicts == (("m", "b"),)


@given(MAPS, MAPS)
def test_one_side_alone_is_taken_whole(base: Any, changed: Any) -> None:
    assert same(applied(base, difference(base, base, changed)), changed)
    assert difference(base, changed, base) == Difference()
    assert difference(base, changed, changed) == Difference()


@given(MAPS, MAPS, MAPS)
def test_all_for_theirs_is_theirs_where_both_changed(base: Any, ours: Any, theirs: Any) -> None:
    found = difference(base, ours, theirs)
    forced = applied(ours, difference(base, ours, theirs, take={(): True}))
    for path in found.conflicts:
        assert same(_at(forced, path), _at(theirs, path))


@given(MAPS, MAPS, MAPS)
def test_both_sides_find_the_same_conflicts(base: Any, ours: Any, theirs: Any) -> None:
    assert set(difference(base, ours, theirs).conflicts) == set(difference(base, theirs, ours).conflicts)


@given(MAPS, MAPS, MAPS)
def test_without_conflicts_either_side_first_gives_the_same(base: Any, ours: Any, theirs: Any) -> None:
    found = difference(base, ours, theirs)
    if not found.conflicts:
        assert same(applied(ours, found), applied(theirs, difference(base, theirs, ours)))


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return REMOVED
    return tree
