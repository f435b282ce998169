"""Bad input that takes a cluster: refused with a name for what is wrong, and nothing else touched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.project import Project, config_map, deployment

from gitctl import sandbox
from gitctl.errors import ErrorId

CANARY = "Kanarie7c4n4ry"


def everything(project: Project) -> dict[str, str]:
    """Names and versions of what is in the namespace, and of gitctl's own objects for this project."""
    kinds = "configmaps,secrets,services,deployments,leases"
    listed = json.loads(project.kubectl("-n", project.name, "get", kinds, "-o", "json").stdout)["items"]
    own = json.loads(project.kubectl("-n", "gitctl-system", "get", "secrets,leases", "-o", "json", code=None).stdout or '{"items": []}')[
        "items"
    ]
    mine = [o for o in own if project.name in json.dumps(o["metadata"])]
    return {f"{o['kind']}/{o['metadata']['name']}": o["metadata"]["resourceVersion"] for o in [*listed, *mine]}


def without_state(found: dict[str, str]) -> dict[str, str]:
    """What is in the namespace of the app."""
    return {name: version for name, version in found.items() if not name.startswith(("Secret/", "Lease/"))}


def config_maps(project: Project) -> dict[str, str]:
    """The ConfigMaps: nothing but gitctl writes these."""
    return {name: version for name, version in everything(project).items() if name.startswith("ConfigMap/")}


@pytest.fixture
def synced(project: Project) -> Project:
    """An app that runs: a ConfigMap and a Service."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}},
    }
    project.write("web", config_map("settings", a="1"), service)
    project.commit()
    project.run("sync")
    return project


def another_kubeconfig(project: Project, **changes: Mapping[str, Any]) -> Path:
    """The cluster's kubeconfig with another `user` or another `cluster`."""
    config = json.loads(project.kubectl("config", "view", "--raw", "-o", "json").stdout)
    for what, value in changes.items():
        config[f"{what}s"] = [{"name": one["name"], what: value} for one in config[f"{what}s"]]
    file = project.repo.path.parent / "another-kubeconfig"
    file.write_text(json.dumps(config))
    return file


def test_a_wrong_token_is_not_shown(synced: Project, control_plane: sandbox.ControlPlane) -> None:
    other = another_kubeconfig(synced, user={"token": CANARY})
    before = everything(synced)
    told = synced.run("sync", "--kubeconfig", other, "-vvv", code=6).error(ErrorId.NOT_AUTHENTICATED)
    assert CANARY not in told.stdout + told.stderr
    assert control_plane.context in told.stderr
    assert control_plane.server in told.stderr
    assert "  hint: " in told.stderr
    assert everything(synced) == before


def test_a_cluster_that_is_down(project: Project, control_plane: sandbox.ControlPlane) -> None:
    project.write("web", config_map("settings"))
    project.commit()
    other = another_kubeconfig(project, cluster={"server": "https://127.0.0.1:1"})
    told = project.run("sync", "--kubeconfig", other, code=6).error(ErrorId.CLUSTER_UNREACHABLE)
    assert f"context {control_plane.context} (https://127.0.0.1:1) cannot be reached: nothing answers at that address" in told.stderr


@pytest.fixture
def eve(synced: Project) -> Iterator[str]:
    """A user who may read the namespace, and do all in the state namespace."""
    kubectl, space = synced.kubectl, synced.name
    kubectl("-n", space, "create", "role", "reader", "--verb=get,list,watch", "--resource=configmaps,services,deployments.apps,secrets")
    kubectl("-n", space, "create", "rolebinding", "reader", "--role=reader", "--user=eve")
    kubectl("-n", "gitctl-system", "create", "role", space, "--verb=*", "--resource=secrets,leases.coordination.k8s.io")
    kubectl("-n", "gitctl-system", "create", "rolebinding", space, f"--role={space}", "--user=eve")
    yield "eve"
    kubectl("-n", "gitctl-system", "delete", "rolebinding,role", space)


def test_no_right_to_the_state_is_told_before_anything_is_done(synced: Project, control_plane: sandbox.ControlPlane) -> None:
    before = everything(synced)
    told = synced.run("sync", "--as", "mallory", code=6).error(ErrorId.FORBIDDEN).stderr
    assert f"user mallory may not read the state of {synced.name}/dev/web (get secrets in namespace gitctl-system): " in told
    assert f"context {control_plane.context} ({control_plane.server})" in told
    assert "hint: ask for this right, or use another account (--as, --context)" in told
    assert everything(synced) == before


def test_a_forbidden_write_is_named_and_changes_nothing(synced: Project, control_plane: sandbox.ControlPlane, eve: str) -> None:
    synced.write("web", config_map("settings", a="2"), config_map("more"))
    synced.commit()
    before = everything(synced)
    synced.run("diff", "--as", eve, "--no-prune", code=1)
    assert everything(synced) == before
    told = synced.run("sync", "--no-prune", "--as", eve, code=6).error(ErrorId.FORBIDDEN).stderr
    where = f"in namespace {synced.name}"
    assert f"user eve may not patch configmaps {where} (ConfigMap {synced.name}/more, ConfigMap {synced.name}/settings)" in told
    assert f"user eve may not create configmaps {where} (ConfigMap {synced.name}/more)" in told
    assert "`gitctl rbac` prints an account with all the rights" in told
    assert everything(synced) == before, "its own state included"


def test_an_immutable_field_is_refused_and_nothing_is_written(synced: Project) -> None:
    synced.write("web", config_map("settings", a="1"), deployment("web"))
    synced.commit()
    synced.run("sync", "--prune-limit", "1", "--no-wait")
    changed = deployment("web")
    changed["spec"]["selector"]["matchLabels"] = changed["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    synced.write("web", config_map("settings", a="2"), changed)
    synced.commit()
    before = config_maps(synced)
    told = synced.run("sync", code=7).error(ErrorId.IMMUTABLE).stderr
    assert "Deployment" in told
    assert "spec.selector" in told
    assert "--replace Deployment/web" in told
    assert config_maps(synced) == before


def test_a_field_of_somebody_else_is_a_conflict_and_others_go_on(synced: Project) -> None:
    taken = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"theirs": "1"}}
    synced.kubectl("-n", synced.name, "apply", "--server-side", "--field-manager=their-controller", "-f", "-", stdin=json.dumps(taken))
    synced.write("web", config_map("settings", a="2", theirs="2"), config_map("more"))
    synced.commit()
    told = synced.run("sync", "--no-prune", code=8).error(ErrorId.FIELD_CONFLICT).stderr
    assert "ConfigMap" in told
    assert "their-controller" in told
    assert "data.theirs" in told
    assert "--force-conflicts" in told
    assert (synced.live("configmap", "settings") or {})["data"] == {"a": "1", "theirs": "1"}
    assert synced.live("configmap", "more") is not None
    record = synced.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert (record["result"], record["counts"]["failed"]) == ("partial", 1)


POLICY = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["services"]}]
        },
        "validations": [{"expression": "object.metadata.name != 'bad'", "message": "bad names are not for services here"}],
    },
}


@pytest.fixture
def policy(project: Project) -> Iterator[str]:
    """An admission policy for this namespace, in force."""
    name = f"{project.name}-names"
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": project.name}}},
        },
    }
    objects = {"apiVersion": "v1", "kind": "List", "items": [POLICY | {"metadata": {"name": name}}, binding]}
    project.kubectl("apply", "-f", "-", stdin=json.dumps(objects))
    _wait_until_denied(project)
    yield name
    project.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def _wait_until_denied(project: Project) -> None:
    """The API server reads policies now and then."""
    probe = ("-n", project.name, "create", "service", "clusterip", "bad", "--tcp=80", "--dry-run=server")
    for _ in range(100):
        if project.kubectl(*probe, code=None).code:
            return
    raise AssertionError("the policy is not in force")


def test_what_admission_refuses_ends_its_wave_and_later_waves_do_not_start(project: Project, policy: str) -> None:
    ports = {"ports": [{"port": 80}], "selector": {"app": "web"}}
    services = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": ports} for name in ("bad", "good")]
    project.write("web", *services, deployment("web"))
    project.commit()
    told = project.run("sync", code=8).error(ErrorId.APPLY_FAILED)
    assert f"Service {project.name}/bad" in told.stderr
    assert "bad names are not for services here" in told.stderr
    assert policy in told.stderr
    assert project.live("service", "good") is not None
    assert project.live("deployment", "web") is None
    record = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert (record["result"], record["counts"]["failed"], record["counts"]["notTried"]) == ("partial", 1, 1)


def test_not_healthy_in_time_tells_the_condition_and_events(project: Project) -> None:
    project.write("web", deployment("web", simulate="fail", deadline=600), config_map("a"))
    project.commit()
    told = project.run("sync", "--timeout", "6s", code=9)
    assert f"Deployment {project.name}/web: " in told.stderr
    assert "event: " in told.stderr
    assert "hint: mend it in Git and sync, or `gitctl rollback`" in told.stderr
    (app,) = project.run("sync", "--timeout", "2s", "-o", "json", code=9).json()["clusters"][0]["apps"]
    assert (app["error"]["id"], app["error"]["exitCode"]) == (ErrorId.NOT_HEALTHY, 9)
