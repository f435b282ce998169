"""An app with an account of its own: its objects are its account's matter, the state is gitctl's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster.guards.making import named
from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab
from tests.fixtures.account import kubeconfig_of, token_of
from tests.fixtures.commands import Result, Runner
from tests.fixtures.project import Project, config_map
from tests.servers.fault_proxy import FaultProxy, Request, Status

from gitctl.errors import ErrorId
from gitctl.model.change import Proof
from gitctl.sandbox import ControlPlane

Run = Callable[..., Result]


@pytest.fixture
def runner(project: Project, control_plane: ControlPlane, tmp_path: Path) -> Iterator[Run]:
    """gitctl with an account that keeps the state and may act as the team's account, and nothing else. The team's may write ConfigMaps."""
    kubectl, space = project.kubectl, project.name
    kubectl("create", "namespace", "gitctl-system", code=None)
    for account in ("runner", "team"):
        kubectl("-n", space, "create", "serviceaccount", account)
    kubectl("-n", space, "create", "role", "team", "--verb=*", "--resource=configmaps")
    kubectl("-n", space, "create", "rolebinding", "team", "--role=team", f"--serviceaccount={space}:team")
    kubectl("-n", space, "create", "role", "act", "--verb=impersonate", "--resource=serviceaccounts", "--resource-name=team")
    kubectl("-n", space, "create", "rolebinding", "act", "--role=act", f"--serviceaccount={space}:runner")
    kubectl("-n", "gitctl-system", "create", "role", space, "--verb=*", "--resource=secrets,leases.coordination.k8s.io")
    kubectl("-n", "gitctl-system", "create", "rolebinding", space, f"--role={space}", f"--serviceaccount={space}:runner")
    file = kubeconfig_of(control_plane, token_of(kubectl, f"system:serviceaccount:{space}:runner"), tmp_path / "runner.json")
    project.configure({"web": {"team": "a"}}, teams={"a": {"service_account": f"{space}/team"}})
    yield lambda *args, code=0: project.run(*args, "--kubeconfig", file, code=code)
    kubectl("-n", "gitctl-system", "delete", "rolebinding,role", space)


def test_objects_are_the_teams_and_the_state_is_gitctls(project: Project, runner: Run) -> None:
    objects = [config_map(name, x="0") for name in ("a", "b", "c", "d")]
    project.write("web", *objects)
    project.commit()
    assert "4 created" in runner("sync").stdout
    project.write("web", *objects[:3])
    project.commit()
    assert "1 pruned" in runner("sync").stdout
    assert "in sync" in runner("sync").stdout
    project.edit("configmap", "a", {"data": {"x": "1"}})
    assert "1 fixed" in runner("drift-check", "--fix").stdout
    # The team's account has no right to more, whatever gitctl's own account or the rules say.
    project.write("web", *objects[:3], named("Service", "s", spec={"ports": [{"port": 80}]}))
    project.commit()
    told = runner("sync", code=6).error(ErrorId.FORBIDDEN).stderr
    account = f"system:serviceaccount:{project.name}:team"
    assert f"user {account} may not create services in namespace {project.name} (Service {project.name}/s)" in told
    # And none in the state namespace.
    can = project.kubectl("auth", "can-i", "get", "secrets", "-n", "gitctl-system", "--as", account, code=None)
    assert can.stdout.strip() == "no"


def test_an_atomic_sync_is_tried_and_taken_back_as_the_account(
    project: Project, runner: Run, control_plane: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path
) -> None:
    """The account needs the rights of the way back too, and is asked for them before the first write, in a dry run as well."""
    through = tmp_path / "through.json"
    through.write_text((tmp_path / "runner.json").read_text().replace(control_plane.server, fault_proxy.server))
    account, late = f"system:serviceaccount:{project.name}:team", config_map("z", late="yes")
    late["metadata"]["annotations"] = {"gitctl.dev/wave": "9"}
    project.write("web", config_map("a", x="0"))
    project.commit()
    runner("sync")
    project.write("web", config_map("a", x="1"), config_map("made"), late)
    project.commit()

    verbs = [{"op": "replace", "path": "/rules/0/verbs", "value": ["get", "list", "create", "patch"]}]
    role = ("-n", project.name, "patch", "role", "team", "--type=json", "-p")
    project.kubectl(*role, json.dumps(verbs))
    runner("sync", "--dry-run", code=1)
    for args in (("--dry-run",), ()):
        told = runner("sync", "--atomic", *args, code=6).error(ErrorId.FORBIDDEN).stderr
        assert f"user {account} may not delete configmaps in namespace {project.name} (ConfigMap {project.name}/made" in told
    project.kubectl(*role, json.dumps([verbs[0] | {"value": ["*"]}]))
    assert project.live("configmap", "made") is None

    fault_proxy.on(Status(400, reason="BadRequest"), method="PATCH", path="/configmaps/z$", query=r"^(?!.*dryRun)")
    told = project.run("sync", "--atomic", "--kubeconfig", through, code=8).error(ErrorId.RESTORED).stdout
    assert "taken back: 1 restored, 1 deleted again (record 3)" in told
    assert (project.live("configmap", "a") or {})["data"] == {"x": "0"}
    assert project.live("configmap", "made") is None
    who = {(r.headers.get("Impersonate-User", ""), "gitctl-system" in r.path) for r in fault_proxy.requests if writes(r)}
    assert who == {(account, False), ("", True)}
    tried = [r for r in fault_proxy.requests if r.method == "PATCH" and "dryRun" in r.query]
    assert {r.headers.get("Impersonate-User") for r in tried} == {account}
    history = runner("history", "web", "-o", "json").json()["clusters"][0]["records"]
    assert [(r["verb"], r["result"]) for r in history] == [("restore", "succeeded"), ("sync", "failed"), ("sync", "succeeded")]


def writes(request: Request) -> bool:
    """Does it change an object, or gitctl's own state?"""
    return request.method in ("PATCH", "PUT", "DELETE") and "dryRun" not in request.query


def test_accounts_are_printed_so_that_gitctls_own_has_no_right_to_the_teams_objects(project: Project) -> None:
    project.configure({"web": {"team": "a"}, "own": {}}, teams={"a": {"service_account": f"{project.name}/team"}})
    project.write("web", config_map("a"))
    project.write("own", named("Service", "s", spec={"ports": [{"port": 80}]}))
    project.commit()
    objects = [doc for doc in yaml.safe_load_all(project.run("rbac").stdout) if doc]
    here = {o["metadata"]["name"]: o["rules"] for o in objects if o["kind"] == "Role" and o["metadata"]["namespace"] == project.name}
    rights = {name: {(v, r) for rule in rules for v in rule["verbs"] for r in rule["resources"]} for name, rules in here.items()}
    deployer, team = rights[f"gitctl.{project.name}.dev.deployer"], rights[f"gitctl.{project.name}.dev.as.{project.name}.team"]
    assert {("impersonate", "serviceaccounts"), ("patch", "services")} <= deployer
    assert ("patch", "configmaps") not in deployer
    assert ("patch", "configmaps") in team
    assert ("patch", "services") not in team
    acts = [rule for rule in here[f"gitctl.{project.name}.dev.deployer"] if "impersonate" in rule["verbs"]]
    assert [rule["resourceNames"] for rule in acts] == [["team"]]
    assert ("ServiceAccount", "team") in [(o["kind"], o["metadata"]["name"]) for o in objects]


def test_whoever_may_not_act_as_the_account_writes_nothing_and_looks_with_his_own_rights(project: Project, runner: Run) -> None:
    project.write("web", config_map("a"))
    project.commit()
    project.kubectl("-n", project.name, "delete", "rolebinding", "act")
    project.kubectl("-n", project.name, "create", "role", "look", "--verb=get,list", "--resource=configmaps")
    project.kubectl("-n", project.name, "create", "rolebinding", "look", "--role=look", f"--serviceaccount={project.name}:runner")
    assert "1 to create" in runner("diff", code=1).stdout
    told = runner("sync", code=6).error(ErrorId.FORBIDDEN).stderr
    assert f"may not act as system:serviceaccount:{project.name}:team" in told
    assert f"impersonate serviceaccounts in namespace {project.name} (name team)" in told
    assert project.live("configmap", "a") is None


def test_what_one_account_proved_proves_nothing_to_another(
    control_plane: ControlPlane, namespace: str, kubectl: Runner, tmp_path: Path
) -> None:
    """Policies may judge by the user, so a certificate holds for the identity that it was made with: the impersonated one."""
    kind = Kind(control_plane)
    try:
        kind.validating("true", operations=("CREATE", "UPDATE"))
        kubectl("-n", namespace, "create", "role", "things", "--verb=*", f"--resource=things.{kind.group}")
        for account in ("one", "two"):
            kubectl("-n", namespace, "create", "serviceaccount", account)
            kubectl("-n", namespace, "create", "rolebinding", account, "--role=things", f"--serviceaccount={namespace}:{account}")
        lab = Lab(control_plane, namespace, "project/dev/app", tmp_path)
        lab.warm(kind.thing(), account=f"{namespace}/one")
        assert lab.proofs(kind.thing(), account=f"{namespace}/one") == [Proof.CERTIFICATE]
        assert lab.proofs(kind.thing(), account=f"{namespace}/two") == [Proof.SERVER]
        assert lab.proofs(kind.thing()) == [Proof.SERVER]
    finally:
        kind.clean()
        kind.drop()
