"""How objects are spread over watches."""

from __future__ import annotations

from gitctl.model.manifest import ObjectRef
from gitctl.target.kubernetes.labelled import Wanted
from gitctl.target.kubernetes.resource import NAMESPACES, PODS
from gitctl.target.kubernetes.watch import groups, label_selector


def pod(namespace: str, name: str = "x") -> Wanted:
    """A pod to watch."""
    return Wanted(ObjectRef("", "Pod", namespace, name), PODS)


def test_a_few_namespaces_have_a_watch_each() -> None:
    found = groups([pod("a"), pod("a", "y"), pod("b"), Wanted(ObjectRef("", "Namespace", "", "a"), NAMESPACES)])
    assert [(g.resource.kind, g.namespace, len(g.refs)) for g in found] == [("Pod", "a", 2), ("Pod", "b", 1), ("Namespace", "", 1)]


def test_many_namespaces_share_one() -> None:
    (found,) = groups([pod(f"n{n}") for n in range(10)])
    assert (found.namespace, len(found.refs)) == ("", 10)


def test_a_watch_is_as_narrow_as_the_owners_are_known() -> None:
    assert label_selector({"shop/prod/web"}).startswith("gitctl.dev/app in (shop")
    assert label_selector({"shop/prod/web", ""}) == "gitctl.dev/app"
    assert label_selector(()) == "gitctl.dev/app"
