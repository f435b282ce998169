"""What is kept of an object, which collections are watched, and what is news: without a server."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import Bell
from gitctl.protocols import Stir
from gitctl.target.kubernetes.follow.board import Board
from gitctl.target.kubernetes.follow.glance import NOTHING, glance
from gitctl.target.kubernetes.follow.place import Place, places, unwatched
from gitctl.target.kubernetes.labelled import Wanted
from gitctl.target.kubernetes.proof.seal import Seal
from gitctl.target.kubernetes.resource import NAMESPACES, SECRETS, Resource

SEAL = Seal(b"k" * 32)
MAPS = Resource("", "v1", "ConfigMap", "configmaps", namespaced=True, verbs=frozenset({"get", "list", "watch"}))


def entry(manager: str, fields: Json, *, operation: str = "Update", time: str = "2026-01-01T00:00:00Z", **more: str) -> Json:
    """An entry of managedFields."""
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "time": time, "fieldsV1": fields, **more}


OURS = entry("gitctl", {"f:data": {"f:a": {}}}, operation="Apply")
PERSON = entry("kubectl-edit", {"f:data": {"f:c": {}}}, time="2026-01-02T00:00:00Z")


def live(*managers: Json, **data: str) -> Json:
    """A ConfigMap; `a` is ours."""
    metadata = {"name": "x", "namespace": "n", "uid": "u", "resourceVersion": "1", "managedFields": [OURS, *managers]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1", **data}}


def changed(body: Json, *path: str, value: Any) -> Json:
    """A copy with another value at a path."""
    body = copy.deepcopy(body)
    inner = body
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = value
    return body


@pytest.mark.parametrize(
    "after",
    [
        changed(live(), "status", value={"ready": 1}),
        changed(live(), "metadata", "resourceVersion", value="2"),
        changed(live(), "metadata", "annotations", value={"by": "a controller"}),
        live(entry("some-operator", {"f:data": {"f:b": {}}}), b="theirs"),
        live(entry("kubectl-edit", {"f:status": {"f:x": {}}}, subresource="status")),
    ],
    ids=["status", "version", "annotation", "a controller's field", "a person's status"],
)
def test_what_is_of_no_concern_leaves_the_mark(after: Json) -> None:
    assert glance(after, SEAL).mark == glance(live(), SEAL).mark


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (live(), live(a="2")),
        (live(), changed(live(), "metadata", "uid", value="v")),
        (live(), changed(live(), "metadata", "deletionTimestamp", value="2026-01-01T00:00:00Z")),
        (live(), changed(live(), "metadata", "managedFields", value=[])),
        (live(), live(PERSON, c="1")),
        (live(PERSON, c="1"), live(PERSON, c="2")),
        (live(), None),
    ],
    ids=["value", "another object", "deletion", "ownership", "a person adds", "a person changes that again", "gone"],
)
def test_what_is_ours_or_a_persons_changes_the_mark(before: Json, after: Json | None) -> None:
    assert glance(after, SEAL).mark != glance(before, SEAL).mark


def test_where_nothing_is_ours_all_but_status_counts() -> None:
    nobodys = changed(live(), "metadata", "managedFields", value=[])
    assert glance(changed(nobodys, "status", value={"ready": 1}), SEAL).mark == glance(nobodys, SEAL).mark
    assert glance(changed(nobodys, "spec", value={"x": 1}), SEAL).mark != glance(nobodys, SEAL).mark


def test_an_empty_map_of_ours_that_the_server_dropped_hides_no_value_and_brings_no_news() -> None:
    ours = entry("gitctl", {"f:data": {"f:a": {}}, "f:spec": {"f:annotations": {}}}, operation="Apply")
    before = changed(live(), "metadata", "managedFields", value=[ours])
    assert glance(changed(before, "data", "theirs", value="1"), SEAL).mark == glance(before, SEAL).mark
    assert glance(changed(before, "data", "a", value="2"), SEAL).mark != glance(before, SEAL).mark


def test_a_value_of_a_secret_counts() -> None:
    before = changed(changed(live(), "kind", value="Secret"), "data", "a", value="b25l")
    assert glance(changed(before, "data", "a", value="dHdv"), SEAL).mark != glance(before, SEAL).mark


def test_the_author_is_the_newest_who_is_not_us_and_wrote_no_status() -> None:
    status = entry("kube-controller-manager", {"f:status": {}}, time="2026-01-09T00:00:00Z", subresource="status")
    scale = entry("kubectl", {"f:spec": {}}, time="2026-01-03T00:00:00Z", subresource="scale")
    assert glance(live(PERSON, status), SEAL).by == "kubectl-edit"
    assert glance(live(PERSON, scale), SEAL).by == "kubectl through /scale"
    assert glance(live(status), SEAL).by == ""


def wanted(resource: Resource, *pairs: tuple[str, str]) -> list[Wanted]:
    """Objects by namespace and name."""
    return [Wanted(ObjectRef(resource.group, resource.kind, namespace, name), resource) for namespace, name in pairs]


def test_a_few_namespaces_are_watched_one_by_one_many_as_one_and_in_parts_where_that_is_refused() -> None:
    few, many = wanted(MAPS, ("a", "x"), ("b", "x"), ("b", "y")), wanted(MAPS, *((n, "x") for n in "abcd"))
    assert places(few, ()) == (Place(MAPS, "a"), Place(MAPS, "b"))
    assert places(many, ()) == (Place(MAPS),)
    assert places(many, {Place(MAPS)}) == tuple(Place(MAPS, n) for n in "abcd")
    assert places(few, {Place(MAPS, "b")}) == (Place(MAPS, "a"), Place(MAPS, "b", "x"), Place(MAPS, "b", "y"))
    refused = {Place(MAPS, "b"), Place(MAPS, "b", "x")}
    assert unwatched(few, places(few, refused)) == (few[1],)


def test_cluster_wide_kinds_are_one_watch_or_one_for_each_name() -> None:
    two = wanted(NAMESPACES, ("", "x"), ("", "y"))
    assert places(two, ()) == (Place(NAMESPACES),)
    assert places(two, {Place(NAMESPACES)}) == (Place(NAMESPACES, "", "x"), Place(NAMESPACES, "", "y"))


def test_too_many_names_and_kinds_without_watch_are_looked_at_now_and_then() -> None:
    many = wanted(SECRETS, *(("n", str(i)) for i in range(20)))
    assert places(many, {Place(SECRETS, "n")}) == ()
    silent = Resource("", "v1", "Binding", "bindings", namespaced=True, verbs=frozenset({"get", "list"}))
    assert unwatched(wanted(silent, ("n", "x")), places(wanted(silent, ("n", "x")), ())) == tuple(wanted(silent, ("n", "x")))


A, B = (ObjectRef("", "ConfigMap", "n", name) for name in "ab")


def board() -> Board:
    """Two objects of one owner are followed and were seen."""
    found = Board(SEAL, lambda: None)
    found.follow({A: "o", B: "o"})
    found.listed(Place(MAPS, "n"), {A: found.glance(live()), B: found.glance(live())})
    assert {stir.ref: stir.first for stir in found.take()} == {A: True, B: True}
    return found


def test_a_list_says_what_is_gone_and_an_object_of_nobody_is_no_news() -> None:
    found = board()
    found.saw(ObjectRef("", "ConfigMap", "n", "stranger"), found.glance(live()))
    found.listed(Place(MAPS, "n"), {A: found.glance(live())})
    assert found.take() == (Stir("o", B, gone=True),)
    assert found.take() == ()


def test_what_is_by_now_as_expected_is_no_news_and_what_came_later_is() -> None:
    found = board()
    found.saw(A, found.glance(live(a="by hand")))
    found.saw(A, found.glance(live(a="3")))
    found.expect(A, live(a="3"))
    assert found.take() == ()
    found.saw(A, found.glance(live(PERSON, a="4", c="1")))
    assert found.take() == (Stir("o", A, "kubectl-edit"),)


def test_what_is_not_followed_any_more_is_forgotten() -> None:
    found = board()
    found.saw(A, NOTHING)
    found.follow({B: "o"})
    assert found.take() == ()
    found.follow({A: "o", B: "o"})
    found.listed(Place(MAPS, "n"), {A: found.glance(live()), B: found.glance(live())})
    assert found.take() == (Stir("o", A, first=True),)


def test_a_bell_keeps_one_ring() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.wait(30)
    bell.wait(0.01)
