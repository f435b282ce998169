"""Ignored fields: what is sent never changes them, and they are not shown."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises
from tests.unit.plan.merging import Owner, Server, nested, owned_by

from gitctl.errors import ErrorId
from gitctl.model.app import IgnoreRule, ObjectSelector
from gitctl.model.change import FieldChange, FieldKind
from gitctl.model.fieldpath import MISSING, FieldPath, get
from gitctl.model.fieldset import FieldSet, union
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin
from gitctl.model.pattern import find, has_index, parse
from gitctl.plan.fields import path_text
from gitctl.plan.graft import field_path
from gitctl.plan.ignore import hide, prepare

GITCTL: Owner = ("gitctl", "Apply", "")
HPA: Owner = ("hpa", "Update", "")
FLUX: Owner = ("flux", "Apply", "")
EDIT: Owner = ("kubectl-edit", "Update", "")
SCALE: Owner = ("kubectl", "Update", "scale")


def manifest(body: Json, kind: str = "Deployment") -> Manifest:
    return Manifest(ObjectRef("apps", kind, "shop", "web"), "apps/v1", body, Origin("a.yaml"))


def rule(*paths: str, **select: Any) -> IgnoreRule:
    pointers = tuple(p for p in paths if p.startswith("/"))
    return IgnoreRule(ObjectSelector(**select), pointers, tuple(p for p in paths if p.startswith("$")))


def live(body: Json, *managed: tuple[Owner, Json]) -> Json:
    entries = [{"manager": m, "operation": o, "subresource": s, "fieldsV1": fields} for (m, o, s), fields in managed]
    return {**body, "metadata": {**body.get("metadata", {}), "managedFields": entries}}


REPLICAS = rule("/spec/replicas")
OWN_REPLICAS = {"f:spec": {"f:replicas": {}, "f:paused": {}}}


def test_a_field_that_only_gitctl_owns_is_sent_with_its_live_value() -> None:
    now = live({"spec": {"replicas": 7, "paused": False}}, (GITCTL, OWN_REPLICAS))
    assert prepare(manifest({"spec": {"replicas": 2, "paused": True}}), now, rules=[REPLICAS]) == {"spec": {"replicas": 7, "paused": True}}


@pytest.mark.parametrize("other", [HPA, FLUX, SCALE])
def test_a_field_that_another_manager_owns_is_left_out(other: Owner) -> None:
    now = live({"spec": {"replicas": 7, "paused": False}}, (GITCTL, OWN_REPLICAS), (other, {"f:spec": {"f:replicas": {}}}))
    assert prepare(manifest({"spec": {"replicas": 2, "paused": True}}), now, rules=[REPLICAS]) == {"spec": {"paused": True}}


def test_an_entry_that_adoption_folds_into_ours_does_not_keep_a_field_alive() -> None:
    now = live({"spec": {"replicas": 7}}, (EDIT, {"f:spec": {"f:replicas": {}}}))
    assert prepare(manifest({"spec": {"replicas": 2}}), now, rules=[REPLICAS]) == {"spec": {"replicas": 7}}


def test_a_field_removed_from_git_that_only_gitctl_owns_stays() -> None:
    now = live({"spec": {"replicas": 7}}, (GITCTL, OWN_REPLICAS))
    assert prepare(manifest({"spec": {}}), now, rules=[REPLICAS]) == {"spec": {"replicas": 7}}


def test_a_field_that_live_does_not_have_is_not_brought_back() -> None:
    now = live({"spec": {"paused": True}}, (GITCTL, {"f:spec": {"f:paused": {}}}))
    assert prepare(manifest({"spec": {"replicas": 2, "paused": True}}), now, rules=[REPLICAS]) == {"spec": {"paused": True}}


def test_part_of_an_atomic_map_is_sent_as_it_is() -> None:
    now = live({"spec": {"selector": {"a": "live", "b": "1"}}}, (GITCTL, {"f:spec": {"f:selector": {}}}))
    sent = prepare(manifest({"spec": {"selector": {"a": "git", "b": "2"}}}), now, rules=[rule("/spec/selector/a")])
    assert sent == {"spec": {"selector": {"a": "live", "b": "2"}}}


def test_list_items_are_found_by_name_whatever_stands_before_them() -> None:
    owned = {"f:containers": {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}, "f:cpu": {}}}}
    now = live({"containers": [{"name": "side", "cpu": 1}, {"name": "web", "image": "a", "cpu": 5}]}, (GITCTL, owned))
    wanted = manifest({"containers": [{"name": "web", "image": "b", "cpu": 2}]})
    for path in ("/containers/*/cpu", "/containers/0/cpu", "$.containers[?(@.name=='web')].cpu"):
        assert prepare(wanted, now, rules=[rule(path)]) == {"containers": [{"name": "web", "image": "b", "cpu": 5}]}


def test_a_new_item_is_created_with_its_ignored_fields() -> None:
    owned = {"f:containers": {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:cpu": {}}}}
    now = live({"containers": [{"name": "web", "cpu": 5}]}, (GITCTL, owned))
    sent = prepare(manifest({"containers": [{"name": "web"}, {"name": "new", "cpu": 1}]}), now, rules=[rule("/containers/*/cpu")])
    assert sent == {"containers": [{"name": "web", "cpu": 5}, {"name": "new", "cpu": 1}]}


def test_an_item_that_goes_from_git_goes_with_its_ignored_fields() -> None:
    item = {".": {}, "f:name": {}, "f:cpu": {}}
    now = live(
        {"containers": [{"name": "web", "cpu": 5}, {"name": "old", "cpu": 6}]},
        (GITCTL, {"f:containers": {'k:{"name":"web"}': item, 'k:{"name":"old"}': item}}),
    )
    sent = prepare(manifest({"containers": [{"name": "web"}]}), now, rules=[rule("/containers/*/cpu")])
    assert sent == {"containers": [{"name": "web", "cpu": 5}]}


def test_an_ignored_item_that_only_gitctl_owns_keeps_its_place() -> None:
    item = {".": {}, "f:name": {}}
    names = ("a", "b", "c")
    now = live({"containers": [{"name": n} for n in names]}, (GITCTL, {"f:containers": {f'k:{{"name":"{n}"}}': item for n in names}}))
    sent = prepare(manifest({"containers": [{"name": "a"}, {"name": "c"}]}), now, rules=[rule("$.containers[?(@.name=='b')]")])
    assert [c["name"] for c in sent["containers"]] == ["a", "b", "c"]


def test_fields_of_a_manager_are_left_out_but_never_the_name_of_an_item() -> None:
    owned = {"f:spec": {"f:replicas": {}}, "f:containers": {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:cpu": {}}}}
    now = live({"spec": {"replicas": 9}, "containers": [{"name": "web", "cpu": 9}]}, (HPA, owned))
    wanted = manifest({"spec": {"replicas": 1, "paused": True}, "containers": [{"name": "web", "cpu": 1, "image": "a"}]})
    sent = prepare(wanted, now, rules=[IgnoreRule(managers=("hpa",))])
    assert sent == {"spec": {"paused": True}, "containers": [{"name": "web", "image": "a"}]}


def test_generated_fields_keep_the_live_value_where_there_is_one() -> None:
    now = live({"data": {"password": "live"}}, (GITCTL, {"f:data": {"f:password": {}}}))
    wanted = manifest({"data": {"password": "random", "token": "random"}}, kind="Secret")
    assert prepare(wanted, now, generated=[rule("/data/*")]) == {"data": {"password": "live", "token": "random"}}


@pytest.mark.parametrize(
    ("select", "applies"),
    [
        ({}, True),
        ({"kind": "Deployment", "name": "w*", "namespace": "sh?p", "group": "apps"}, True),
        ({"kind": "StatefulSet"}, False),
        ({"group": ""}, False),
        ({"name": "api-*"}, False),
        ({"labels": (("tier", "front"),)}, True),
        ({"labels": (("tier", "back"),)}, False),
    ],
)
def test_a_rule_is_about_the_objects_that_it_selects(select: dict[str, Any], applies: bool) -> None:
    wanted = manifest({"metadata": {"labels": {"tier": "front"}}, "spec": {"replicas": 1}})
    now = live({"spec": {"replicas": 7}}, (GITCTL, {"f:spec": {"f:replicas": {}}}))
    assert prepare(wanted, now, rules=[rule("/spec/replicas", **select)])["spec"]["replicas"] == (7 if applies else 1)


def test_objects_that_are_new_or_on_their_way_out_get_everything() -> None:
    wanted = manifest({"spec": {"replicas": 2}})
    leaving = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"replicas": 7}}
    assert prepare(wanted, {}, rules=[REPLICAS]) == prepare(wanted, leaving, rules=[REPLICAS]) == wanted.body


def test_a_path_that_is_none_is_an_error() -> None:
    with raises(ErrorId.CONFIG_VALUE):
        prepare(manifest({"a": 1}), {"a": 2}, rules=[IgnoreRule(json_paths=("$..a",))])


def changed(*path: str | int) -> FieldChange:
    return FieldChange(path, FieldKind.CHANGED, 1, 2)


def test_hide_drops_what_is_ignored_and_nothing_above_or_beside() -> None:
    now = live(
        {"spec": {"replicas": 1, "containers": [{"name": "a", "cpu": 1}, {"name": "b", "cpu": 1}], "args": ["x"]}},
        (HPA, {"f:spec": {"f:quota": {}}}),
    )
    merged = {"spec": {"labels": {"new": "1"}}}
    rules = [rule("/spec/replicas", "/spec/containers/1/cpu", "/spec/args/0", "/spec/labels/new"), IgnoreRule(managers=("hpa",))]
    changes = [
        changed("spec"),
        changed("spec", "replicas"),
        changed("spec", "containers", "[name=a]", "cpu"),
        changed("spec", "containers", "[name=b]", "cpu"),
        changed("spec", "args", 0),
        changed("spec", "labels", "new", "deeper"),
        changed("spec", "quota"),
    ]
    left = hide(changes, manifest({}), rules, now, merged)
    assert [path_text(c.path) for c in left] == ["spec", "spec.containers[name=a].cpu"]


# ── Adding an ignore rule never changes an object ────────────────────────────────────────────────────────────────────

values = st.integers(0, 2)
maps = st.dictionaries(st.sampled_from("xyz"), values, max_size=3)
item_fields = {"cpu": values, "m": maps, "atom": maps}
items = st.lists(st.sampled_from("pqr"), unique=True, max_size=3).flatmap(
    lambda names: st.tuples(*(st.fixed_dictionaries({"name": st.just(name)}, optional=item_fields) for name in names)).map(list)
)
fields = {"a": values, "m": maps, "atom": maps, "deep": maps.map(lambda m: {"m": m}), "list": items}
bodies = st.fixed_dictionaries({}, optional=fields)
owners = st.sampled_from([GITCTL, GITCTL, HPA, FLUX, EDIT, SCALE])
histories = st.lists(st.tuples(owners, bodies), max_size=5)
WHOLE = ["/a", "/m", "/atom", "/deep", "/list", "$.list[?(@.name=='p')]"]
PARTS = ["/m/x", "/m/*", "/atom/x", "/deep/m/y", "/list/*/cpu", "/list/*/m", "/list/*/m/x", "/list/*/atom/x", "/list/0/cpu"]
patterns = st.sampled_from([*WHOLE, *PARTS, "$.list[?(@.name=='q')].cpu"])


def ran(history: list[tuple[Owner, Json]]) -> Server:
    server = Server()
    for owner, body in history:
        (server.apply if owner[1] == "Apply" else server.update)(owner, body)
    return server


def ignored(paths: list[str], body: Json, known: FieldSet) -> list[FieldPath]:
    """The places that patterns name in a body."""
    found = (field_path(body, place, known) for text in paths for place in find(parse(text), body))
    return [path for path in found if path]


def named(paths: list[str], live: Json, wanted: Json, known: FieldSet) -> list[FieldPath]:
    """The places that are ignored on a live object: a number counts the items that Git wants, where it finds something there."""
    counted = [text for text in paths if has_index(parse(text)) and list(find(parse(text), wanted))]
    return ignored([text for text in paths if text not in counted], live, known) + ignored(counted, wanted, known)


def item_goes(path: FieldPath, wanted: Json) -> bool:
    """Is the place in a list item that Git does not have?"""
    return any(segment.startswith("k:") and get(wanted, path[: n + 1]) is MISSING for n, segment in enumerate(path[:-1]))


def within(leaf: FieldPath, places: list[FieldPath]) -> bool:
    return any(leaf[: len(place)] == place for place in places)


@given(histories, bodies, st.lists(patterns, min_size=1, max_size=2, unique=True))
@example(
    history=[(GITCTL, {"m": {}, "a": 0, "list": [{"name": "p", "cpu": 0}]})],
    wanted={"a": 0, "list": [{"name": "q", "cpu": 0}, {"name": "p"}, {"name": "r"}]},
    paths=["/list/0/cpu"],  # names q, which is not there yet: p loses what Git does not have
)
@settings(max_examples=120, deadline=None)
def test_adding_an_ignore_rule_never_changes_an_object(history: list[tuple[Owner, Json]], wanted: Json, paths: list[str]) -> None:
    server = ran(history)
    before, known = dict(server.leaves), union(server.managers.values())
    places = [place for place in named(paths, nested(before), wanted, known) if not item_goes(place, wanted)]
    server.apply(GITCTL, prepare(manifest(wanted), server.live(), rules=[rule(*paths)]))
    assert {k: v for k, v in server.leaves.items() if within(k, places)} == {k: v for k, v in before.items() if within(k, places)}


@given(histories, bodies, st.lists(patterns, min_size=1, max_size=2, unique=True))
@settings(max_examples=100, deadline=None)
def test_an_ignore_rule_leaves_all_other_fields_to_git(history: list[tuple[Owner, Json]], wanted: Json, paths: list[str]) -> None:
    with_rule, without = ran(history), ran(history)
    now, known = with_rule.live(), union(with_rule.managers.values()) | owned_by(wanted)
    places = ignored(paths, nested(with_rule.leaves), known) + ignored(paths, wanted, known)
    with_rule.apply(GITCTL, prepare(manifest(wanted), now, rules=[rule(*paths)]))
    without.apply(GITCTL, wanted)

    def others(server: Server) -> dict[FieldPath, Any]:
        return {k: v for k, v in server.leaves.items() if not within(k, places) and not any(p[: len(k)] == k for p in places)}

    assert others(with_rule) == others(without)


@given(histories, bodies)
@settings(max_examples=30, deadline=None)
def test_bodies_are_never_changed_in_place(history: list[tuple[Owner, Json]], wanted: Json) -> None:
    now = ran(history).live()
    before = copy.deepcopy((wanted, now))
    prepare(manifest(wanted), now, rules=[rule("/m/x", "/list/*/cpu", "/atom/x")], generated=[rule("/a")])
    assert before == (wanted, now)
