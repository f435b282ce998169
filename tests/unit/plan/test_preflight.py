"""What a plan needs, and whether rules cover it, as the API server reckons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.making import APP, KINDS, RBAC, compared, live, manifest, ref, rendered, state

from gitctl.model.change import Action, Change, Plan, Proof, Wave
from gitctl.model.manifest import Manifest
from gitctl.model.rights import Need, Rule
from gitctl.plan.build import PlanOptions, build
from gitctl.plan.preflight import allowing, grants, object_needs, state_needs, ungiven, unmet

ALL = Rule(("*",), ("*",), ("*",))


def plan(*changes: Change) -> Plan:
    """A plan of these changes."""

    empty = build(APP, rendered(), [], state(), options=PlanOptions())
    prunes = tuple(c for c in changes if c.action in (Action.PRUNE, Action.ORPHAN, Action.RELEASE))
    return replace(empty, waves=(Wave("w", tuple(c for c in changes if c not in prunes)),), prunes=prunes)


def change(text: str, action: Action, content: dict[str, Any] | None = None, now: dict[str, Any] | None = None) -> Change:
    """A change of an object."""
    return Change(ref(text), action, comparison=compared(manifest(text, content), now))


def texts(needs: tuple[Need, ...]) -> set[str]:
    return {need.text.replace(" in namespace ", "@").replace(" in the whole cluster", "@*") for need in needs}


@pytest.mark.parametrize(
    ("text", "action", "wanted"),
    [
        ("ConfigMap shop/a", Action.CREATE, {"create configmaps@shop", "patch configmaps@shop"}),
        ("ConfigMap shop/a", Action.UPDATE, {"patch configmaps@shop"}),
        ("ConfigMap shop/a", Action.ADOPT, {"patch configmaps@shop"}),
        ("ConfigMap shop/a", Action.REPLACE, {"create configmaps@shop", "delete configmaps@shop", "patch configmaps@shop"}),
        ("ConfigMap shop/a", Action.PRUNE, {"delete configmaps@shop"}),
        ("ConfigMap shop/a", Action.RELEASE, {"patch configmaps@shop"}),
        ("ConfigMap shop/a", Action.ORPHAN, set()),
        ("apps/Deployment shop/a", Action.UPDATE, {"patch deployments.apps@shop"}),
        ("scheduling.k8s.io/PriorityClass a", Action.UPDATE, {"patch priorityclasses.scheduling.k8s.io@*"}),
        ("Namespace shop", Action.UPDATE, {"patch namespaces@shop"}),
        ("x.io/Widget shop/a", Action.UPDATE, set()),
    ],
)
def test_what_each_action_needs(text: str, action: Action, wanted: set[str]) -> None:
    assert texts(object_needs(plan(change(text, action)), KINDS)) == wanted


@pytest.mark.parametrize(
    ("text", "action", "more"),
    [
        ("ConfigMap shop/a", Action.CREATE, {"delete configmaps@shop"}),
        ("Namespace shop", Action.CREATE, set()),
        ("ConfigMap shop/a", Action.UPDATE, set()),
        ("ConfigMap shop/a", Action.PRUNE, {"create configmaps@shop", "patch configmaps@shop"}),
    ],
)
def test_what_the_way_back_needs(text: str, action: Action, more: set[str]) -> None:
    there = plan(change(text, action))
    assert texts(object_needs(there, KINDS, undo=True)) - texts(object_needs(there, KINDS)) == more


def test_an_object_that_goes_first_is_created_anew() -> None:
    going = live("ConfigMap shop/a", deletionTimestamp="2026-01-01T00:00:00Z")
    assert texts(object_needs(plan(change("ConfigMap shop/a", Action.UPDATE, now=going)), KINDS)) == {
        "create configmaps@shop",
        "patch configmaps@shop",
    }


def test_what_may_not_be_looked_at_is_needed_as_well() -> None:

    denied = replace(compared(manifest("ConfigMap shop/a")), denied=True, error="no")
    other = replace(compared(manifest("ConfigMap shop/b")), error="no")
    failing = replace(plan(), failures=(denied, other))
    assert {(n.verb, n.name) for n in object_needs(failing, KINDS)} == {("create", "a"), ("get", "a"), ("patch", "a")}


def test_a_namespace_that_the_plan_makes_and_binds_in_is_not_asked_about() -> None:
    binding = change(f"{RBAC}/RoleBinding new/b", Action.CREATE)
    config = change("ConfigMap new/a", Action.CREATE)
    made = change("Namespace new", Action.CREATE)
    assert texts(object_needs(plan(made, config), KINDS)) == {
        "create namespaces@new",
        "patch namespaces@new",
        "create configmaps@new",
        "patch configmaps@new",
    }
    assert object_needs(plan(made, config, binding), KINDS) == ()


def test_the_state() -> None:
    assert texts(state_needs("s", new=True)) == {
        "create secrets@s",
        *(f"{v} leases.coordination.k8s.io@s" for v in ("create", "get", "update")),
    }
    assert "update secrets@s" in texts(state_needs("s", new=False))


NEED = Need("shop", "apps", "deployments", "patch", "web")
RULES = {
    "the right": (Rule(("apps",), ("deployments",), ("patch",)), True),
    "all groups": (Rule(("*",), ("deployments",), ("patch",)), True),
    "all resources": (Rule(("apps",), ("*",), ("get", "patch")), True),
    "all verbs": (Rule(("apps",), ("deployments",), ("*",)), True),
    "by name": (Rule(("apps",), ("deployments",), ("patch",), ("db", "web")), True),
    "another name": (Rule(("apps",), ("deployments",), ("patch",), ("db",)), False),
    "another group": (Rule(("",), ("deployments",), ("patch",)), False),
    "another resource": (Rule(("apps",), ("deployments/scale", "replicasets"), ("patch",)), False),
    "another verb": (Rule(("apps",), ("deployments",), ("update",)), False),
    "nothing": (Rule((), (), ()), False),
}


@pytest.mark.parametrize(("rule", "met"), RULES.values(), ids=RULES)
def test_cover(rule: Rule, met: bool) -> None:
    assert (unmet([NEED], {"shop": (rule,)}) == ()) is met


def test_no_namespace_but_the_asked_one_counts_and_what_is_not_told_is_not_missing() -> None:
    assert unmet([NEED], {"shop": (), "other": (ALL,)}) == (NEED,)
    assert unmet([NEED], {"other": ()}) == ()


def role(text: str, *rules: dict[str, Any]) -> Change:
    return change(f"{RBAC}/{text}", Action.CREATE, {"rules": list(rules)})


READ = {"apiGroups": [""], "resources": ["configmaps", "pods/log"], "verbs": ["get", "list"]}
HELD = {
    "all": ([ALL], True),
    "in pieces": (
        [Rule(("",), ("configmaps",), ("get", "list")), Rule(("",), ("pods/log",), ("get",)), Rule(("",), ("*/log",), ("list",))],
        True,
    ),
    "a piece is missing": ([Rule(("",), ("configmaps",), ("get", "list")), Rule(("",), ("pods/log",), ("get",))], False),
    "escalate": ([Rule((RBAC,), ("roles",), ("escalate",), ("r",))], True),
    "escalate of another": ([Rule((RBAC,), ("roles",), ("escalate",), ("x",))], False),
    "only for names": ([Rule(("",), ("*",), ("*",), ("a",))], False),
}


@pytest.mark.parametrize(("held", "fine"), HELD.values(), ids=HELD)
def test_a_role_is_given_by_whoever_holds_it(held: list[Rule], fine: bool) -> None:
    given = grants(plan(role("Role shop/r", READ)), [])
    assert (ungiven(given, {"shop": held}) == ()) is fine
    assert [one.instead.text for one in given] == [f"escalate roles.{RBAC} in namespace shop"]


def test_paths_that_are_no_resources() -> None:
    given = grants(plan(role("ClusterRole r", {"nonResourceURLs": ["/metrics", "/healthz/ping"], "verbs": ["get"]})), [])
    assert ungiven(given, {"": [Rule((), (), ("get",), urls=("/metrics", "/healthz/*"))]}) == ()
    assert len(ungiven(given, {"": [Rule((), (), ("get",), urls=("/metrics",))]})) == 1
    assert len(ungiven(given, {"": [Rule(("*",), ("*",), ("get",))]})) == 1


def test_a_binding_needs_bind_on_a_role_of_others_and_only_the_server_knows_more() -> None:
    def bound(kind: str, name: str) -> Change:
        return change(f"{RBAC}/RoleBinding shop/b", Action.CREATE, {"roleRef": {"kind": kind, "name": name}, "subjects": []})

    (one,) = grants(plan(bound("ClusterRole", "admin")), [])
    assert (one.instead.verb, one.instead.resource, one.instead.name, one.known) == ("bind", "clusterroles", "admin", False)
    assert ungiven([one], {"shop": [Rule((RBAC,), ("clusterroles",), ("bind",), ("admin",))]}) == ()
    assert ungiven([one], {"shop": [Rule((RBAC,), ("clusterroles",), ("bind",), ("view",))]}) == (one,)
    own: Manifest = manifest(f"{RBAC}/Role shop/r")
    assert grants(plan(bound("Role", "r")), [own]) == ()
    assert len(grants(plan(bound("ClusterRole", "r")), [own])) == 1


def test_what_is_given_already_is_not_given_again() -> None:
    body = {"rules": [READ]}

    now = live(f"{RBAC}/Role shop/r", body)
    same = change(f"{RBAC}/Role shop/r", Action.UPDATE, body, now)
    assert same.comparison is not None
    local = replace(same, comparison=replace(same.comparison, proof=Proof.LOCAL))
    assert grants(plan(local), []) == ()
    more = change(f"{RBAC}/Role shop/r", Action.UPDATE, {"rules": [READ, READ]}, now)
    assert more.comparison is not None
    assert grants(plan(more), []) == (), "the server was asked by a dry run"
    assert len(grants(plan(replace(more, comparison=replace(more.comparison, proof=Proof.LOCAL))), [])) == 1


def test_the_roles_that_would_allow_it() -> None:
    needs = [
        Need("shop", "", "configmaps", "patch", "a"),
        Need("shop", "", "configmaps", "create", "b"),
        Need("shop", RBAC, "clusterroles", "bind", "view"),
        Need("", "scheduling.k8s.io", "priorityclasses", "patch", "p"),
    ]
    cluster, shop = allowing(needs, "gitctl-web")
    assert (cluster["kind"], cluster["metadata"]) == ("ClusterRole", {"name": "gitctl-web"})
    assert cluster["rules"] == [
        {"apiGroups": ["scheduling.k8s.io"], "resources": ["priorityclasses"], "resourceNames": ["p"], "verbs": ["patch"]}
    ]
    assert (shop["kind"], shop["metadata"]) == ("Role", {"name": "gitctl-web", "namespace": "shop"})
    assert shop["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "patch"]},
        {"apiGroups": [RBAC], "resources": ["clusterroles"], "resourceNames": ["view"], "verbs": ["bind"]},
    ]
