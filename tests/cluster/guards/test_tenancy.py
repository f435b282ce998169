"""Attacks of a tenant: whatever his folder says, nothing outside of his team's rules is looked at, sent or written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.cluster.guards.making import named
from tests.fixtures.project import Project, config_map

from gitctl.errors import ErrorId

RBAC = "rbac.authorization.k8s.io/v1"
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
Objects = Callable[[str], list[dict[str, Any]]]


def elsewhere(namespace: str, name: str) -> dict[str, Any]:
    """A ConfigMap in a namespace that is not the team's."""
    return config_map(name) | {"metadata": {"name": name, "namespace": namespace}}


ATTACKS: dict[str, tuple[Objects, str]] = {
    "an object in kube-system": (lambda n: [elsewhere("kube-system", n)], "ConfigMap kube-system/"),
    "a ClusterRoleBinding": (
        lambda n: [named("ClusterRoleBinding", n, RBAC, roleRef=ROLE, subjects=[])],
        "the cluster-scoped kind ClusterRoleBinding.rbac.authorization.k8s.io has to be allowed",
    ),
    "one that claims the team's namespace": (
        lambda n: [named("ClusterRole", n, RBAC, rules=[], metadata={"namespace": n})],
        "the cluster-scoped kind ClusterRole.rbac.authorization.k8s.io has to be allowed",
    ),
    "a List in a List": (
        lambda n: [named("List", n, items=[{"apiVersion": "v1", "kind": "ConfigMapList", "items": [elsewhere("kube-public", n)]}])],
        "ConfigMap kube-public/",
    ),
    "a RoleBinding to cluster-admin": (
        lambda n: [named("RoleBinding", n, RBAC, roleRef=ROLE, subjects=[])],
        "a binding to the ClusterRole cluster-admin",
    ),
    "the Namespace kube-system": (lambda _: [named("Namespace", "kube-system")], "Namespace kube-system"),
}


@pytest.fixture
def tenant(project: Project) -> Iterator[Project]:
    """The project with one app of a team that may do anything in its namespace but roles, of which it may have bindings to some."""
    allow = {"namespaces": [project.name], "kinds": ["*", "RoleBinding"], "roles": ["view"]}
    project.configure({"web": {"team": "a"}}, teams={"a": {"allow": allow, "deny": {"kinds": ["ResourceQuota"]}}})
    project.write("web", config_map("a"), config_map("b"), config_map("c"))
    project.commit()
    yield project
    project.kubectl("-n", "kube-system", "delete", "configmap", project.name, "--ignore-not-found")


def test_what_is_inside_of_the_rules_goes_its_way(tenant: Project) -> None:
    view = ROLE | {"name": "view"}
    tenant.write("web", config_map("a"), config_map("b"), config_map("c"), named("RoleBinding", "look", RBAC, roleRef=view, subjects=[]))
    tenant.commit()
    assert "4 created" in tenant.run("sync").stdout
    tenant.write("web", config_map("a"), config_map("b"), config_map("c"))
    tenant.commit()
    assert "1 pruned" in tenant.run("sync").stdout


def test_attacks_are_refused_before_anything_is_written(tenant: Project) -> None:
    objects = [body for make, _ in ATTACKS.values() for body in make(tenant.name)]
    for number, body in enumerate((config_map("a"), *objects)):
        tenant.write("web", body, file=f"{number}.yaml")
    tenant.write("web")
    tenant.commit("attack")
    for verb in (("diff",), ("sync", "--yes"), ("validate",)):
        told = tenant.run(*verb, code=1 if verb == ("validate",) else 7)
        text = told.stdout + told.stderr
        assert [name for name, (_, problem) in ATTACKS.items() if problem not in text] == [], verb
    assert "gitctl.yaml:" in text
    tenant.run("sync", "--dry-run", code=7).error(ErrorId.TEAM_RULES)
    assert tenant.live("configmap", "a") is None, "nothing of the app was written"
    assert tenant.kubectl("-n", "kube-system", "get", "configmap", tenant.name, "--ignore-not-found").stdout == ""


def test_an_object_that_names_no_namespace_is_in_none_that_the_team_did_not_get(tenant: Project) -> None:
    tenant.configure({"web": {"team": "a", "namespace": ""}}, teams={"a": {}})
    tenant.commit()
    told = tenant.run("sync", code=7).error(ErrorId.TEAM_RULES)
    assert "the namespace default is not the app's own" in told.stderr


def test_a_hook_is_no_way_out(tenant: Project) -> None:
    hook = elsewhere("kube-system", tenant.name)
    hook["metadata"]["annotations"] = {"helm.sh/hook": "pre-install"}
    tenant.repo.write("apps/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    tenant.repo.write("apps/web/templates/hook.yaml", json.dumps(hook))
    tenant.commit()
    tenant.run("sync", code=5).error(ErrorId.CHART_HOOKS)
    del hook["metadata"]["annotations"]["helm.sh/hook"]
    tenant.repo.write("apps/web/templates/hook.yaml", json.dumps(hook))
    tenant.commit()
    tenant.run("sync", code=7).error(ErrorId.TEAM_RULES)


def test_an_inventory_that_names_what_is_not_the_teams_deletes_nothing(tenant: Project) -> None:
    """Who may write the state could also forge our marks: the object carries them all, and the rules hold all the same."""
    tenant.configure({"web": {}})
    tenant.write("web", config_map("a"), config_map("b"), config_map("c"), elsewhere("kube-system", tenant.name))
    tenant.commit()
    tenant.run("sync")
    tenant.configure({"web": {"team": "a"}}, teams={"a": {}})
    tenant.write("web", config_map("a"), config_map("b"), config_map("c"))
    tenant.commit("the team gets rules")
    told = tenant.run("diff", code=7)
    assert f"do not let it delete 1 object: ConfigMap kube-system/{tenant.name}" in told.stdout + told.stderr
    digest = tenant.run("diff", "-o", "json", code=7).json()["clusters"][0]["apps"][0]["digest"]
    for consent in (("--prune-limit", "99"), ("--plan-digest", digest)):
        tenant.run("sync", "--yes", *consent, code=7).error(ErrorId.TEAM_RULES)
        tenant.run("delete", "web", "--yes", *consent, code=7).error(ErrorId.TEAM_RULES)
    assert tenant.kubectl("-n", "kube-system", "get", "configmap", tenant.name, "-o", "name").stdout
    assert tenant.live("configmap", "a") is not None


def test_the_rules_of_the_branch_bind_older_commits(tenant: Project) -> None:
    tenant.configure({"web": {}})
    tenant.write("web", elsewhere("kube-system", tenant.name))
    old = tenant.commit("before there were teams")
    tenant.configure({"web": {"team": "a"}}, teams={"a": {}})
    tenant.write("web", config_map("a"))
    tenant.commit("teams")
    tenant.run("sync", "--revision", old, code=7).error(ErrorId.TEAM_RULES)
    tenant.run("sync")
    tenant.configure({"shop": {"team": "a", "path": "apps/web", "renamed_from": ["web"]}}, teams={"a": {}})
    tenant.commit("another name")
    tenant.run("sync", "--revision", old, code=7).error(ErrorId.TEAM_RULES)


def test_clusters_and_repositories(tenant: Project) -> None:
    teams = {"a": {"deny": {"clusters": ["m*"]}}}
    tenant.configure({"web": {"team": "a"}, "db": {}}, teams=teams)
    tenant.write("db", config_map("tables"))
    tenant.commit()
    told = tenant.run("sync", "-o", "json", code=7)
    assert "the cluster main is denied" in told.stdout
    assert tenant.live("configmap", "tables") is not None, "the other app goes its way"
    assert tenant.live("configmap", "a") is None


def test_the_rules_that_hold_are_shown(tenant: Project) -> None:
    told = tenant.run("config", "show", "-o", "json").json()["environments"]["dev"]["clusters"][0]["apps"]["web"]["rules"]
    assert told["team"] == "a"
    assert [(one["subject"], one["allow"], one["patterns"]) for one in told["lists"]] == [
        ("namespaces", True, [tenant.name]),
        ("kinds", True, ["*", "RoleBinding"]),
        ("roles", True, ["view"]),
        ("kinds", False, ["ResourceQuota"]),
    ]
    assert told["lists"][0]["where"].endswith("teams.a.allow.namespaces")
    assert told["defaults"] == ["no kinds without a namespace", "no references to stores"]
