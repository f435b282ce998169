"""Sources and clusters of a run on the real API server: stale caches, several clusters, apps that need each other, a pod's credentials."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.fixtures.commands import GitRepo, run
from tests.fixtures.project import Project, config_map

from gitctl.errors import ErrorId
from gitctl.sandbox import ControlPlane


def test_a_named_revision_is_synced_and_recorded(project: Project) -> None:
    project.write("web", config_map("settings", a="1"))
    first = project.commit()
    project.repo.git("tag", "v1")
    project.write("web", config_map("settings", a="2"))
    project.commit()
    project.write("web", config_map("settings", a="uncommitted"))
    told = project.run("diff", code=1)
    assert "note: 1 uncommitted change not looked at; --worktree reads them" in told.stderr
    assert "uncommitted" not in project.run("diff", "-q", code=1).stderr
    assert "uncommitted" not in project.run("sync", "--revision", "v1").stderr
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}
    record = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert (record["revision"], record["revisionName"]) == (first, "v1")
    assert "uncommitted" in project.run("diff", "--worktree", code=1).stdout


def test_a_remote_that_is_away_stops_sync_but_not_diff_and_nothing_is_pruned(project: Project) -> None:
    bare = project.repo.path.parent / "remote.git"
    project.repo.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    project.repo.git("remote", "add", "origin", str(bare))
    project.configure({"web": {}}, source={"url": f"file://{bare}", "ref": "main"})
    project.write("web", config_map("a", x="1"), config_map("b"), config_map("c"))
    project.commit()
    project.repo.git("push", "--quiet", "--set-upstream", "origin", "main")
    project.run("sync")
    project.write("web", config_map("a", x="2"), config_map("b"))
    project.commit()
    project.repo.git("push", "--quiet")
    project.run("diff", code=1)
    bare.rename(bare.with_name("away"))
    assert "stale, fetched" in project.run("diff", code=1).stderr
    assert "stale, fetched" in project.run("drift-check").stderr
    refused = project.run("sync", code=4).error(ErrorId.REMOTE_STALE)
    assert "--allow-stale" in refused.stderr
    assert (project.live("configmap", "a") or {})["data"] == {"x": "1"}
    project.run("sync", "--allow-stale")
    assert (project.live("configmap", "a") or {})["data"] == {"x": "2"}
    assert project.live("configmap", "c") is not None
    bare.with_name("away").rename(bare)
    project.run("sync")
    assert project.live("configmap", "c") is None


def test_each_cluster_of_an_environment_has_a_result_and_the_worst_exit_code_is_said(
    project: Project, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = tmp_path / "dead"
    server = kubeconfig.read_text().partition("server: ")[2].partition("\n")[0].strip('"')
    dead.write_text(kubeconfig.read_text().replace(server, "https://127.0.0.1:1").replace(project.context, "dead"))
    monkeypatch.setenv("KUBECONFIG", f"{kubeconfig}{os.pathsep}{dead}")
    clusters = {
        "main": {"context": project.context},
        "again": {"context": project.context, "state_namespace": f"{project.name}-state"},
        "dead": {"context": "dead"},
    }
    project.configure({"web": {}}, clusters=clusters, environments={"dev": {"clusters": ["main", "dead", "again"]}})
    project.write("web", config_map("settings", a="1"))
    project.commit()
    body = project.run("sync", "-o", "json", code=6).json()
    found = {c["cluster"]: c["apps"][0] for c in body["clusters"]}
    assert list(found) == ["main", "dead", "again"]
    assert [found["main"]["record"], found["again"]["record"]] == [1, 1]
    assert found["dead"]["error"]["exitCode"] == 6
    assert "127.0.0.1:1" in found["dead"]["error"]["message"]
    states = project.run("status", "-o", "json", code=6).json()["clusters"]
    assert {c["cluster"]: c["apps"][0]["state"] for c in states} == {"main": "in-sync", "dead": "unknown", "again": "in-sync"}
    assert [c["cluster"] for c in project.run("history", "web", "-o", "json", code=6).json()["clusters"]] == ["main", "again"]
    project.kubectl("delete", "namespace", f"{project.name}-state", "--wait=false")


def test_apps_that_make_namespace_and_kind_for_each_other_are_planned_and_synced_together(project: Project) -> None:
    group, made = f"{project.name}.example.test", f"{project.name}-made"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    project.configure({"kinds": {}, "spaces": {}, "web": {"namespace": made, "depends_on": ["kinds", "spaces"]}})
    project.write("kinds", crd)
    project.write("spaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made}})
    project.write("web", {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 3}})
    project.commit()
    try:
        assert "Widget" in project.run("diff", code=1).stdout
        project.run("sync")
        assert project.kubectl("-n", made, "get", f"widgets.{group}", "one").code == 0
        project.run("diff")
    finally:
        project.kubectl("delete", "crd", f"widgets.{group}", "--ignore-not-found")
        project.kubectl("delete", "namespace", made, "--wait=false", "--ignore-not-found")


POD = """\
import sys
from kubernetes.config import incluster_config
incluster_config.SERVICE_TOKEN_FILENAME, incluster_config.SERVICE_CERT_FILENAME = sys.argv[1:3]
from gitctl.cli.app import run
sys.exit(run(sys.argv[3:]))
"""


def test_in_a_pod_its_own_service_account_is_used(project: Project, control_plane: ControlPlane, tmp_path: Path) -> None:
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "token").write_text(control_plane.token)
    (account / "namespace").write_text(project.name)
    (account / "ca.crt").write_bytes((control_plane.files.pki / "ca.crt").read_bytes())
    server = urlsplit(control_plane.server)
    env = {"KUBECONFIG": "", "KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}
    project.write("web", config_map("settings", a="1"))
    project.commit()
    files = (str(account / "token"), str(account / "ca.crt"))
    pod = (sys.executable, "-c", POD, *files, "sync", "-e", "dev")
    run(pod, cwd=project.repo.path, env=env).expect(7).error(ErrorId.WRONG_CLUSTER)
    assert project.live("configmap", "settings") is None, "the pod's own cluster may be another one"
    done = run((*pod, "--context", "in-cluster"), cwd=project.repo.path, env=env).expect()
    assert control_plane.token not in done.stdout + done.stderr
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}


def test_a_renamed_app_takes_its_objects_and_its_history_along(project: Project) -> None:
    project.configure({"old": {}})
    project.write("old", config_map("a", x="1"), config_map("b"), config_map("c"))
    first = project.commit("before")
    project.run("sync")
    project.configure({"new": {"path": "apps/old", "renamed_from": ["old"]}})
    project.write("old", config_map("a", x="1"), config_map("b"))
    project.commit("renamed, one removed")
    assert project.run("drift-check").stdout == ""
    assert project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]["state"] == "pending"
    project.edit("configmap", "a", {"data": {"x": "2"}})
    project.run("drift-check", "--fix")
    assert (project.live("configmap", "a") or {})["data"] == {"x": "1"}
    project.run("sync")
    owners = {n: (project.live("configmap", n) or {})["metadata"]["annotations"]["gitctl.dev/owner"] for n in ("a", "b")}
    assert set(owners.values()) == {f"{project.name}/dev/new"}
    assert project.live("configmap", "c") is None
    assert [r["revision"] for r in project.run("history", "new", "-o", "json").json()["clusters"][0]["records"]][-1] == first
    project.configure({"new": {"path": "apps/old"}})
    project.commit("the old name is forgotten")
    statuses = project.run("status", "-o", "json").json()["clusters"][0]["apps"]
    assert [(s["app"], s["state"]) for s in statuses] == [("new", "in-sync")]


def test_a_clone_elsewhere_reads_the_same_state(project: Project) -> None:
    project.write("web", config_map("settings", a="1"))
    project.commit()
    project.run("sync")
    clone = GitRepo(project.repo.path.parent / "clone")
    project.repo.git("clone", "--quiet", str(project.repo.path), str(clone.path))
    clone.commit("elsewhere", {"apps/web/all.yaml": json.dumps(config_map("settings", a="2"))})
    project.gitctl("sync", "-e", "dev", cwd=clone.path).expect()
    told = project.run("drift-check", code=5)
    assert "--fetch" in told.stdout
