"""`gitctl rbac` on the real API server with its real authorizer: each command as just the account that it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.account import kubeconfig_of, token_of
from tests.fixtures.commands import Result
from tests.fixtures.project import Project, config_map, deployment

from gitctl.sandbox import ControlPlane

RBAC = "rbac.authorization.k8s.io/v1"
Run = Callable[..., Result]


@pytest.fixture
def account(project: Project, control_plane: ControlPlane, tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    """`account("deployer")` makes the printed accounts and runs gitctl with the token of one of them."""
    made: list[str] = []

    def login(name: str) -> Run:
        if not made:
            made.append(project.run("rbac").stdout)
            project.kubectl("apply", "--server-side", "-f", "-", stdin=made[0])
        user = f"system:serviceaccount:gitctl-{project.name}-dev:{name}"
        file = kubeconfig_of(control_plane, token_of(project.kubectl, user), tmp_path / f"{name}.json")

        def run(*args: str, code: int = 0) -> Result:
            return project.run(*args, "--kubeconfig", file, code=code)

        return run

    yield login
    for text in made:
        kept = [d for d in text.split("---\n") if d.strip() and "gitctl-system" not in d and "name: gitctl-environment-reader" not in d]
        project.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin="---\n".join(kept))


def role(project: Project, kind: str, name: str, *resources: str, **more: Any) -> dict[str, Any]:
    """A Role or ClusterRole that reads resources of the core group."""
    rules = [{"apiGroups": [""], "resources": list(resources), "verbs": ["get"]}]
    return {"apiVersion": RBAC, "kind": kind, "metadata": {"name": name}, "rules": rules, **more}


def binding(kind: str, name: str, role_kind: str, role_name: str, subject: str) -> dict[str, Any]:
    """A binding of a role to an account of the project's namespace."""
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role_name}
    subjects = [{"kind": "ServiceAccount", "name": subject, "namespace": name.removesuffix("-b")}]
    return {"apiVersion": RBAC, "kind": kind, "metadata": {"name": name}, "roleRef": ref, "subjects": subjects}


def lasting(project: Project) -> list[dict[str, Any]]:
    """A Secret, something with a status, and a kind that the app defines itself."""
    group = f"{project.name}.example.test"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": spec,
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "hunter2hunter2"}}
    return [
        secret,
        deployment("web"),
        crd,
        {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 3}},
    ]


def everything(project: Project) -> list[dict[str, Any]]:
    """Objects of many sorts: these, without a namespace, and roles with their bindings."""
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": project.name}, "value": 7}
    return [
        config_map("settings", a="1"),
        *lasting(project),
        {**priority, "metadata": {"name": project.name, "annotations": {"example.test/a": "1"}}},
        role(project, "Role", "own", "configmaps"),
        role(project, "ClusterRole", f"{project.name}-wide", "nodes"),
        binding("RoleBinding", f"{project.name}-b", "Role", "own", "default"),
        {**binding("RoleBinding", f"{project.name}-b", "ClusterRole", "view", "default"), "metadata": {"name": "viewers"}},
        binding("ClusterRoleBinding", f"{project.name}-b", "ClusterRole", f"{project.name}-wide", "default"),
    ]


@pytest.fixture
def clean(project: Project) -> Iterator[None]:
    """What has no namespace goes after the test."""
    yield
    group = f"{project.name}.example.test"
    names = (
        f"crd/widgets.{group}",
        f"priorityclass/{project.name}",
        f"clusterrole/{project.name}-wide",
        f"clusterrolebinding/{project.name}-b",
    )
    project.kubectl("delete", "--ignore-not-found", "--wait=false", *names)


@pytest.mark.usefixtures("clean")
def test_each_account_can_do_its_commands_and_nothing_else(
    project: Project, account: Callable[[str], Run], new_namespace: Callable[[], str]
) -> None:
    project.write("web", *everything(project))
    project.commit()
    deployer, reader = account("deployer"), account("reader")
    # Before the first sync: the reader sees what would come; the deployer brings it, roles and what has no namespace too.
    assert "11 to create" in reader("diff", code=1).stdout
    assert "11 created, healthy (record 1)" in deployer("sync").stdout
    for verb in ("diff", "drift-check", "health"):
        reader(verb)
    assert "in-sync" in reader("status").stdout
    assert "succeeded" in reader("history", "web").stdout
    drift_is_found_by_the_reader_and_fixed_by_the_deployer(project, reader, deployer)
    # A release, what leaves Git with it, and the way back.
    project.write("web", config_map("settings", a="2"), *lasting(project), config_map("another"))
    project.commit("six leave")
    assert "6 to prune" in reader("diff", code=7).stdout
    assert "1 created, 1 updated, 6 pruned" in deployer("sync", "--prune-limit", "9").stdout
    assert "6 created, 1 updated, 1 pruned, 4 unchanged, healthy" in deployer("rollback", "web", "--yes").stdout
    deployer("diff")
    reader("diff")
    # Outside: another kind, another namespace, and writing as the reader.
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc"}, "spec": {"ports": [{"port": 80}]}}
    far = {**config_map("far"), "metadata": {"name": "far", "namespace": new_namespace()}}
    for body, what in (
        (service, f"services in namespace {project.name}"),
        (far, f"configmaps in namespace {far['metadata']['namespace']}"),
    ):
        project.write("web", *everything(project), body)
        project.commit("something new")
        for run, verb in ((deployer, "sync"), (reader, "diff")):
            told = run(verb, code=6)
            assert f"may not get {what}" in told.stdout + told.stderr, verb
    project.write("web", config_map("settings", a="3"))
    project.commit()
    told = reader("sync", "--no-prune", code=6).stderr
    for right in ("get leases.coordination.k8s.io in namespace gitctl-system", f"patch configmaps in namespace {project.name}"):
        assert f"may not {right}" in told


def drift_is_found_by_the_reader_and_fixed_by_the_deployer(project: Project, reader: Run, deployer: Run) -> None:
    """Values, a secret, something added, and what has no namespace, each with its culprit, without the right to a dry run."""
    project.edit("configmap", "settings", {"data": {"a": "by hand", "added": "1"}})
    project.edit("secret", "key", {"data": {"a": "b3RoZXI="}})
    annotated = ("patch", "priorityclass", project.name, "--field-manager=kubectl-edit", "--type=merge", "-p")
    project.kubectl(*annotated, '{"metadata":{"annotations":{"example.test/a":"2"}}}')
    found = reader("drift-check", "-o", "json", code=1).json()["clusters"][0]["apps"][0]["objects"]
    fields = {(o["object"]["kind"], f["path"]): f["owner"]["manager"] for o in found for f in o["fields"]}
    assert fields == {
        ("ConfigMap", "data.a"): "kubectl-edit",
        ("ConfigMap", "data.added"): "kubectl-edit",
        ("PriorityClass", 'metadata.annotations["example.test/a"]'): "kubectl-edit",
        ("Secret", "data.a"): "kubectl-edit",
    }
    assert "3 fixed" in deployer("drift-check", "--fix").stdout
    quiet = reader("drift-check")
    assert (quiet.stdout, "compared on this side only: not confirmed by the server" in quiet.stderr) == ("", True)


def test_one_app_and_forms_of_the_result(project: Project, new_namespace: Callable[[], str]) -> None:
    other = new_namespace()
    clusters = {"main": {"context": project.context}, "other": {"context": "elsewhere", "state_namespace": "team-a"}}
    environments = {"dev": {"clusters": ["main"]}, "both": {"clusters": ["main", "other"]}}
    project.configure(
        {"web": {"namespace": "not-there-yet", "create_namespace": True}, "db": {"namespace": other}},
        clusters=clusters,
        environments=environments,
    )
    project.write("web", config_map("settings"))
    project.write("db", config_map("tables"))
    project.commit()
    body = project.run("rbac", "web", "--read-only", "-o", "json").json()
    assert (body["kind"], body["apps"], body["stateNamespace"]) == ("RbacResult", ["web"], "gitctl-system")
    assert [a["user"] for a in body["accounts"]] == [f"system:serviceaccount:gitctl-{project.name}-dev:web-reader"]
    names = project.run("rbac", "web", "--read-only", "-o", "name").stdout.splitlines()
    # The app's namespace is made first, because roles go into it; the deployer would only use it.
    assert names[:4] == [
        "Namespace gitctl-system",
        "Namespace not-there-yet",
        f"Namespace gitctl-{project.name}-dev",
        "ClusterRole gitctl-environment-reader",
    ]
    assert [n for n in names if "deployer" in n or other in n] == []
    told = project.gitctl("rbac", "-e", "both", cwd=project.repo.path).expect(2).stderr
    assert f"name one with --context: {project.context}, elsewhere" in told
    assert (
        "apps of a gitctl.yaml"
        in project.gitctl("rbac", "./apps/web", "--context", project.context, cwd=project.repo.path).expect(2).stderr
    )


def test_bootstrap_gives_rights_with_consent_only_and_says_what_an_administrator_has_to_do(project: Project) -> None:
    env = f"e{project.name[-6:]}"
    flags = ("bootstrap", "shop", "-e", env, "--context", project.context, "-q")
    where = project.repo.path.parent
    try:
        first = project.gitctl(*flags, "-o", "json", cwd=where).expect().json()
        assert first["leftToDo"] == [f"kubectl apply --server-side -f cluster/{env}"]
        assert {a["app"] for c in first["sync"]["clusters"] for a in c["apps"]} <= {"web", "environment-reader"}
        assert project.kubectl("get", "namespace", f"gitctl-shop-{env}", "--ignore-not-found").stdout == ""
        # Somebody who may do all in his namespaces, and nothing with roles.
        for namespace in ("gitctl-system", f"web-{env}"):
            project.kubectl("create", "rolebinding", env, "-n", namespace, "--clusterrole=admin", f"--user={env}")
        project.kubectl("create", "clusterrole", env, "--verb=*", "--resource=leases,namespaces")
        project.kubectl("create", "clusterrolebinding", env, f"--clusterrole={env}", f"--user={env}")
        told = project.gitctl(*flags, "--yes", "--as", env, cwd=where).expect(6)
        assert f"user {env} may not get clusterroles" in told.stderr
        assert f"kubectl apply --server-side -f cluster/{env}" in told.stdout
        project.kubectl("apply", "--server-side", "-f", str(where / "shop" / "cluster" / env))
        again = project.gitctl(*flags, "--yes", "-o", "json", cwd=where).expect().json()
        assert (again["leftToDo"], again["commit"], {f["state"] for f in again["files"]}) == ([], None, {"same"})
    finally:
        project.kubectl("delete", "namespace", f"gitctl-shop-{env}", f"web-{env}", "--wait=false", "--ignore-not-found")
        project.kubectl("-n", "gitctl-system", "delete", "rolebinding", env, "--ignore-not-found")
        names = (
            f"clusterrole/{env}",
            f"clusterrolebinding/{env}",
            *(f"clusterrolebinding/gitctl.shop.{env}.{a}.environment" for a in ("reader", "deployer")),
        )
        project.kubectl("delete", *names, "--ignore-not-found")
