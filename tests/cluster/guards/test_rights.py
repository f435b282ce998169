"""Least privilege: what is missing is told at once, before the first write, with the Role that would allow it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.fixtures.project import Project, config_map, deployment
from tests.servers.fault_proxy import FaultProxy

from gitctl.errors import ErrorId

RBAC = "rbac.authorization.k8s.io/v1"
REVIEWS = "selfsubject"


def everything(project: Project) -> Any:
    """What the app's namespace holds, and the project's state."""
    seen = json.loads(project.kubectl("-n", project.name, "get", "configmap,deployment,secret,role,rolebinding", "-o", "json").stdout)[
        "items"
    ]
    states = project.kubectl("-n", "gitctl-system", "get", "secret,lease", "-o", "json").stdout
    mine = [i for i in json.loads(states)["items"] if project.name in json.dumps(i["metadata"])]
    return sorted((i["kind"], i["metadata"]["name"], i["metadata"]["resourceVersion"]) for i in (*seen, *mine))


@pytest.fixture
def eve(project: Project) -> Iterator[str]:
    """Somebody who keeps states, looks at everything in the namespace, and may patch and create ConfigMaps there."""
    name = f"eve-{project.name[-6:]}"
    project.kubectl("create", "namespace", "gitctl-system", code=None)
    project.kubectl("create", "clusterrole", name, "--verb=*", "--resource=secrets,leases.coordination.k8s.io")
    project.kubectl("-n", "gitctl-system", "create", "rolebinding", name, f"--clusterrole={name}", f"--user={name}")
    project.kubectl("-n", project.name, "create", "role", "look", "--verb=get,list,watch", "--resource=*.*")
    project.kubectl("-n", project.name, "create", "rolebinding", "look", "--role=look", f"--user={name}")
    project.kubectl("-n", project.name, "create", "role", "write", "--verb=create,patch", "--resource=configmaps")
    project.kubectl("-n", project.name, "create", "rolebinding", "write", "--role=write", f"--user={name}")
    yield name
    project.kubectl("-n", "gitctl-system", "delete", "rolebinding", name, "--ignore-not-found")
    project.kubectl("delete", "clusterrole", name, "--ignore-not-found")


def role(name: str, *verbs: str, **more: Any) -> dict[str, Any]:
    """A Role for ConfigMaps."""
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": list(verbs)}]
    return {"apiVersion": RBAC, "kind": "Role", "metadata": {"name": name}, "rules": rules, **more}


def binding(name: str, kind: str, to: str) -> dict[str, Any]:
    """A RoleBinding of nobody."""
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": to}
    return {"apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": name}, "roleRef": ref, "subjects": []}


def test_all_that_is_missing_is_one_error_and_nothing_is_written(project: Project, eve: str) -> None:
    project.write("web", config_map("a"), config_map("b"), config_map("c"), config_map("d"))
    project.commit()
    project.run("sync")
    objects = [deployment("web"), role("r", "get", "delete"), binding("admins", "ClusterRole", "admin")]
    project.write("web", config_map("a", x="1"), config_map("b"), config_map("c"), *objects)
    project.commit()
    before = everything(project)
    told = project.run("sync", "--as", eve, code=6).error(ErrorId.FORBIDDEN).stderr
    where = f"in namespace {project.name}"
    for line in (
        f"user {eve} may not create deployments.apps {where} (apps/Deployment {project.name}/web)",
        f"user {eve} may not patch deployments.apps {where}",
        f"user {eve} may not delete configmaps {where} (ConfigMap {project.name}/d)",
        f"user {eve} may not create roles.rbac.authorization.k8s.io {where}",
        f"user {eve} may not escalate roles.rbac.authorization.k8s.io {where} (rbac.authorization.k8s.io/Role {project.name}/r)",
        f"user {eve} may not bind clusterroles.rbac.authorization.k8s.io {where}",
        "nothing was written",
    ):
        assert line in told
    assert "patch configmaps" not in told, "what is held is not asked for"
    assert everything(project) == before
    tried = project.run("sync", "--dry-run", "--as", eve, code=6).error(ErrorId.FORBIDDEN)
    assert f"user {eve} may not create deployments.apps {where}" in tried.stderr
    assert "apps/Deployment" in tried.stdout, "the plan is shown all the same"
    project.run("delete", "web", "--dry-run", "--prune-limit", "9", "--as", eve, code=6).error(ErrorId.FORBIDDEN)
    assert everything(project) == before
    # The Role that is printed is what is missing, no more and no less.
    text = textwrap.dedent(told.split("this would allow it:\n")[1].split("  hint:")[0])
    project.kubectl("apply", "--server-side", "-f", "-", stdin=text)
    (made,) = (doc for doc in yaml.safe_load_all(text) if doc)
    assert (made["kind"], made["metadata"]["namespace"]) == ("Role", project.name)
    project.kubectl("-n", project.name, "create", "rolebinding", "missing", f"--role={made['metadata']['name']}", f"--user={eve}")
    project.run("sync", "--as", eve, "--no-wait")
    assert project.live("configmap", "d") is None


def test_rights_in_the_state_namespace_are_asked_for_too(project: Project, eve: str) -> None:
    project.write("web", config_map("a"))
    project.commit()
    project.kubectl("create", "clusterrole", f"{eve}-r", "--verb=get,list", "--resource=secrets,leases.coordination.k8s.io")
    project.kubectl("-n", "gitctl-system", "delete", "rolebinding", eve)
    project.kubectl("-n", "gitctl-system", "create", "rolebinding", eve, f"--clusterrole={eve}-r", f"--user={eve}")
    try:
        told = project.run("sync", "--as", eve, code=6).error(ErrorId.FORBIDDEN).stderr
    finally:
        project.kubectl("delete", "clusterrole", f"{eve}-r")
    assert f"user {eve} may not create secrets in namespace gitctl-system (gitctl's own state)" in told
    assert f"user {eve} may not update leases.coordination.k8s.io in namespace gitctl-system" in told
    assert project.live("configmap", "a") is None


def test_it_is_asked_in_bulk_and_not_at_all_when_nothing_is_to_be_done(project: Project, fault_proxy: FaultProxy) -> None:
    project.write("web", *(config_map(f"m{n}") for n in range(30)))
    project.commit()
    project.run("sync", "--kubeconfig", fault_proxy.kubeconfig)
    first = [r for r in fault_proxy.requests if REVIEWS in r.path and "selfsubjectreviews" not in r.path]
    assert len(first) == 2, "the namespace, and that of the state"
    project.run("sync", "--kubeconfig", fault_proxy.kubeconfig)
    assert [r for r in fault_proxy.requests if REVIEWS in r.path and "selfsubjectreviews" not in r.path] == first


def test_an_administrator_of_a_namespace_binds_what_he_holds_and_no_more(project: Project, eve: str) -> None:
    """He may not read ClusterRoles, so only the server can tell."""
    project.kubectl("-n", project.name, "create", "rolebinding", "admin", "--clusterrole=admin", f"--user={eve}")
    project.write("web", binding("viewers", "ClusterRole", "view"), role("r", "get"))
    project.commit()
    project.run("sync", "--as", eve)
    project.write("web", binding("viewers", "ClusterRole", "view"), role("r", "get"), binding("all", "ClusterRole", "cluster-admin"))
    project.commit()
    before = everything(project)
    told = project.run("sync", "--as", eve, code=6).error(ErrorId.FORBIDDEN).stderr
    assert f"may not bind clusterroles.rbac.authorization.k8s.io in namespace {project.name}" in told
    assert "- cluster-admin" in told.split("resourceNames:")[1]
    assert everything(project) == before
