"""Rules of teams: each with an object that is outside and the nearest one that is inside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.unit.plan.making import APP, Seen, entry, live, manifest, ref, rendered, state

from gitctl.errors import ErrorId, Refused, Where
from gitctl.model.app import App, BranchTarget, HelmChart, HelmOptions
from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.model.tenancy import RuleList, Subject, Tenancy
from gitctl.plan.adopt import NAMESPACE_RENDERER
from gitctl.plan.build import PlanOptions, build
from gitctl.plan.delete import delete_plan
from gitctl.plan.tenancy import kind_matches, object_breaches, place_breaches, refuse

TEAM = Where("gitctl.yaml", 9, 3, "teams.a")
RBAC = "rbac.authorization.k8s.io"
Lists = dict[str, list[str]]


def rules(allow: Lists | None = None, deny: Lists | None = None, *, team: str = "a") -> Tenancy:
    lists = [(True, allow or {}), (False, deny or {})]
    made = (
        RuleList(Subject(subject), side, tuple(patterns), Where("gitctl.yaml", 7, 5, subject))
        for side, of in lists
        for subject, patterns in of.items()
    )
    return Tenancy(team, TEAM, tuple(made))


def app(tenancy: Tenancy, **options: Any) -> App:
    return replace(APP, namespace="shop", tenancy=tenancy, **options)


def namespaced(of: ObjectRef) -> bool:
    return of.kind not in ("Namespace", "ClusterRole", "ClusterRoleBinding", "PriorityClass")


def binding(text: str, kind: str, name: str) -> Manifest:
    return manifest(f"{RBAC}/{text}", {"roleRef": {"kind": kind, "name": name}})


def problems(tenancy: Tenancy, *manifests: Manifest) -> list[str]:
    return [breach.problem for breach in object_breaches(app(tenancy), manifests, namespaced)]


@dataclass(frozen=True)
class Case:
    """`objects` under rules; `problem` is a part of the one breach, "" when there is none."""

    problem: str
    objects: list[str]
    allow: Lists = field(default_factory=dict)
    deny: Lists = field(default_factory=dict)
    team: str = "a"


CASES = {
    "a team's own namespace": Case("", ["ConfigMap shop/a"]),
    "kube-system": Case("the namespace kube-system is not the app's own", ["ConfigMap kube-system/a"]),
    "a namespace that is named": Case("", ["ConfigMap shop-a/a"], {"namespaces": ["shop-*"]}),
    "one that is not": Case("the namespace shop is not allowed", ["ConfigMap shop/a"], {"namespaces": ["shop-*"]}),
    "one that is denied": Case("the namespace shop-a is denied", ["ConfigMap shop-a/a"], {"namespaces": ["*"]}, {"namespaces": ["shop-?"]}),
    "an app of nobody": Case("", ["ConfigMap kube-system/a", "PriorityClass a"], team=""),
    "an app of nobody with a list": Case("the namespace x is not allowed", ["ConfigMap x/a"], {"namespaces": ["shop"]}, team=""),
    "no namespace": Case("the cluster-scoped kind PriorityClass.scheduling.k8s.io has to be", ["scheduling.k8s.io/PriorityClass a"]),
    "one that is allowed": Case("", ["scheduling.k8s.io/PriorityClass a"], {"cluster_kinds": ["PriorityClass"]}),
    "by its name": Case("", ["scheduling.k8s.io/PriorityClass a-x"], {"cluster_kinds": ["PriorityClass/a-*"]}),
    "by another name": Case(
        "PriorityClass.scheduling.k8s.io is not allowed", ["scheduling.k8s.io/PriorityClass b"], {"cluster_kinds": ["PriorityClass/a-*"]}
    ),
    "kinds of namespaces are no cluster kinds": Case("has to be", ["scheduling.k8s.io/PriorityClass a"], {"kinds": ["PriorityClass"]}),
    "a kind that is not listed": Case("the kind Secret is not allowed", ["Secret shop/a"], {"kinds": ["ConfigMap", "*.apps"]}),
    "a group that is listed": Case("", ["apps/Deployment shop/a"], {"kinds": ["ConfigMap", "*.apps"]}),
    "a kind of another group": Case("the kind Service.x.io is not allowed", ["x.io/Service shop/a"], {"kinds": ["Service.core"]}),
    "a kind that is denied": Case("the kind ResourceQuota is denied", ["ResourceQuota shop/a"], {}, {"kinds": ["ResourceQuota"]}),
    "denied in any scope": Case(
        "PriorityClass.scheduling.k8s.io is denied",
        ["scheduling.k8s.io/PriorityClass a"],
        {"cluster_kinds": ["*"]},
        {"kinds": ["PriorityClass"]},
    ),
    "a Role": Case("the kind Role.rbac.authorization.k8s.io has to be", [f"{RBAC}/Role shop/a"]),
    "all kinds are no roles": Case("the kind Role.rbac.authorization.k8s.io is not", [f"{RBAC}/Role shop/a"], {"kinds": ["*"]}),
    "all kinds, in more stars": Case("the kind Role.rbac.authorization.k8s.io is not", [f"{RBAC}/Role shop/a"], {"kinds": ["**/*"]}),
    "roles by name": Case("", [f"{RBAC}/Role shop/a"], {"kinds": ["*", "Role"]}),
    "roles by group": Case("", [f"{RBAC}/Role shop/a"], {"kinds": [f"*.{RBAC}"]}),
    "all cluster kinds are no roles": Case("ClusterRole", [f"{RBAC}/ClusterRole a"], {"cluster_kinds": ["*"]}),
    "a Namespace is in itself": Case("the namespace kube-system is not", ["Namespace kube-system"], {"cluster_kinds": ["Namespace"]}),
    "its own Namespace": Case("", ["Namespace shop"], {"cluster_kinds": ["Namespace"]}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_objects(case: Case) -> None:
    found = problems(rules(case.allow, case.deny, team=case.team), *map(manifest, case.objects))
    assert len(found) == bool(case.problem)
    assert case.problem in "".join(found)


BINDINGS: dict[str, tuple[Lists, Manifest, str]] = {
    "to a role of others": (
        {},
        binding("RoleBinding shop/b", "ClusterRole", "cluster-admin"),
        "a binding to the ClusterRole cluster-admin",
    ),
    "to a role that is allowed": ({"roles": ["view", "edit"]}, binding("RoleBinding shop/b", "ClusterRole", "view"), ""),
    "to one that is not": ({"roles": ["view"]}, binding("RoleBinding shop/b", "ClusterRole", "admin"), "ClusterRole admin is not allowed"),
    "to a role of the app": ({}, binding("RoleBinding shop/b", "Role", "own"), ""),
    "to a ClusterRole of that name": ({}, binding("RoleBinding shop/b", "ClusterRole", "own"), "a binding to the ClusterRole own"),
    "without a role": ({}, manifest(f"{RBAC}/RoleBinding shop/b"), "a binding to the  ,"),
}


@pytest.mark.parametrize(("allow", "bound", "problem"), BINDINGS.values(), ids=BINDINGS)
def test_bindings(allow: Lists, bound: Manifest, problem: str) -> None:
    found = problems(rules({"kinds": ["Role", "RoleBinding"], **allow}), manifest(f"{RBAC}/Role shop/own"), bound)
    assert len(found) == bool(problem)
    assert problem in "".join(found)


def test_the_namespace_that_gitctl_yaml_names_is_the_owners_and_not_the_teams() -> None:
    made = replace(manifest("Namespace shop"), origin=Origin("gitctl.yaml", renderer=NAMESPACE_RENDERER))
    assert problems(rules(), made) == []
    assert problems(rules(), manifest("Namespace shop")) != []


def test_a_team_has_nothing_where_gitctl_keeps_its_state() -> None:
    everywhere = {"namespaces": ["*"]}
    mine = [manifest("Secret gitctl-system/s")]
    found = object_breaches(app(rules(everywhere)), mine, namespaced, reserved="gitctl-system")
    assert [breach.problem for breach in found] == ["the namespace gitctl-system holds gitctl's own state"]
    assert object_breaches(app(rules(everywhere)), mine, namespaced, reserved="other") == ()
    assert object_breaches(app(rules(everywhere, team="")), mine, namespaced, reserved="gitctl-system") == ()


@pytest.mark.parametrize(
    ("tenancy", "options", "cluster", "problem"),
    [
        (rules({"clusters": ["dev"]}), {}, "dev", ""),
        (rules({"clusters": ["dev"]}), {}, "prod", "the cluster prod is not allowed"),
        (rules(deny={"clusters": ["p*"]}), {}, "prod", "the cluster prod is denied"),
        (rules({"clusters": ["dev"]}), {}, "", ""),
        (rules({"repositories": ["https://charts.example/*"]}), {"repo": "https://charts.example/a"}, "dev", ""),
        (
            rules({"repositories": ["https://charts.example/*"]}),
            {"repo": "oci://other/a"},
            "dev",
            "the repository oci://other/a is not allowed",
        ),
        (rules({"repositories": []}), {"target": "ssh://x/y"}, "dev", "the repository ssh://x/y is not allowed"),
        (rules({"clusters": []}), {"target": "ssh://x/y"}, "dev", ""),
    ],
)
def test_places(tenancy: Tenancy, options: dict[str, str], cluster: str, problem: str) -> None:
    helm = HelmOptions(chart=HelmChart(options["repo"], "a", "1.0.0", "d")) if "repo" in options else HelmOptions()
    target = BranchTarget("b", "f", options["target"]) if "target" in options else None
    found = place_breaches(app(tenancy, helm=helm, target=target), cluster)
    assert [breach.problem for breach in found] == [problem] * bool(problem)


def test_the_lists_of_team_and_app_hold_together() -> None:
    own = RuleList(Subject.NAMESPACES, True, ("shop-a",), Where("gitctl.yaml", 20, 5, "apps.web.allow.namespaces"))
    both = replace(rules({"namespaces": ["shop-*"]}), lists=(*rules({"namespaces": ["shop-*"]}).lists, own))
    assert problems(both, manifest("ConfigMap shop-a/x")) == []
    (breach,) = object_breaches(app(both), [manifest("ConfigMap shop-b/x")], namespaced)
    assert str(breach) == "ConfigMap shop-b/x: the namespace shop-b is not allowed (gitctl.yaml:20:5 apps.web.allow.namespaces)"


def test_a_refusal_names_every_object_and_rule() -> None:
    tenant = app(rules())
    with pytest.raises(Refused) as one:
        refuse(tenant, object_breaches(tenant, [manifest("ConfigMap kube-system/x")], namespaced))
    assert "the rules of team a forbid: ConfigMap kube-system/x: the namespace kube-system" in one.value.message
    assert (one.value.id, "gitctl.yaml:9:3 teams.a" in one.value.message) == (ErrorId.TEAM_RULES, True)
    with pytest.raises(Refused) as two:
        refuse(tenant, object_breaches(tenant, [manifest("ConfigMap b/x"), manifest("ConfigMap c/x")], namespaced))
    assert "2 objects" in two.value.message
    assert [d[:13] for d in two.value.details] == ["ConfigMap b/x", "ConfigMap c/x"]


def test_an_inventory_cannot_make_gitctl_delete_outside_of_the_rules() -> None:
    going = ("ConfigMap kube-system/x", "ConfigMap shop/y")
    seen = PlanOptions(observed=Seen({ref(t): live(t) for t in going}), namespaced=namespaced)
    tenant, known = app(rules()), state(*map(entry, going))
    kept = manifest("ConfigMap shop/z")
    plan = build(tenant, rendered(kept), [], known, options=seen)
    assert [(r.rule, r.refs, r.permitted_by_digest) for r in plan.refusals] == [(ErrorId.TEAM_RULES, (ref(going[0]),), False)]
    permitted = build(tenant, rendered(kept), [], known, options=replace(seen, plan_digest=plan.digest))
    assert [r.rule for r in permitted.refusals] == [ErrorId.TEAM_RULES]
    gone = delete_plan(tenant, known, plan.revision, orphan=False, lived_in={}, options=seen)
    assert [r.rule for r in gone.refusals] == [ErrorId.TEAM_RULES]
    assert build(app(Tenancy()), rendered(kept), [], known, options=seen).refusals == ()


def test_patterns_of_kinds() -> None:
    deployment, service = ref("apps/Deployment shop/web"), ref("Service shop/web")
    for pattern in ("*", "Deployment", "Deployment.apps", "*.apps", "Deploy*", "Deployment/web", "Deployment.apps/w*"):
        assert kind_matches(pattern, deployment), pattern
    for pattern in ("Service", "Deployment.core", "Deployment.app", "deployment", "Deployment/db", "*.core", "*.a"):
        assert not kind_matches(pattern, deployment), pattern
    assert kind_matches("Service.core", service)
    assert not kind_matches("Service.apps", service)
