"""Every result that takes a cluster follows its published schema (`Result.json` checks), whatever happened."""

from __future__ import annotations

from typing import Any

from tests.fixtures.commands import Runner
from tests.fixtures.project import Project, config_map, deployment

from gitctl import sandbox


def result(project: Project, *args: str, code: int = 0, kind: str) -> Any:
    """The result of a command, as JSON of that kind."""
    body = project.run(*args, "-o", "json", code=code).json()
    assert body["kind"] == kind
    return body


def app(body: Any) -> Any:
    """The one app of a result."""
    return body["clusters"][0]["apps"][0]


def test_results_of_a_release_and_its_troubles(project: Project) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "hunter2hunter2"}}
    project.write("web", config_map("a", x="1"), secret, deployment("web"))
    project.commit()
    assert app(result(project, "status", kind="Status"))["lastSync"] is None
    assert result(project, "history", "web", kind="History")["clusters"][0]["records"] == []
    assert app(result(project, "diff", code=1, kind="DiffResult"))["summary"]["create"] == 3
    dry = app(result(project, "sync", "--dry-run", code=1, kind="SyncResult"))
    assert (dry["dryRun"], dry["plan"]["summary"]["create"], dry["outcomes"], dry["record"]) == (True, 3, [], None)
    done = app(result(project, "sync", kind="SyncResult"))
    assert ([o["result"] for o in done["outcomes"]], done["record"]) == (["applied"] * 3, 1)
    project.edit("configmap", "a", {"data": {"x": "2", "y": "3"}})
    project.edit("secret", "s", {"data": {"a": "aHVudGVyMw=="}})
    drifted = app(result(project, "drift-check", code=1, kind="DriftResult"))
    assert {o["object"]["kind"] for o in drifted["objects"]} == {"ConfigMap", "Secret"}
    assert app(result(project, "status", "web", kind="Status"))["state"] == "drifted"
    assert app(result(project, "drift-check", "--fix", kind="DriftResult"))["fixes"][0]["outcomes"]
    project.write("web", config_map("a", x="4"), secret, deployment("web", simulate="never-ready"))
    project.commit()
    assert app(result(project, "sync", "--timeout", "2s", code=9, kind="SyncResult"))["error"]["exitCode"] == 9
    assert {i["state"] for i in result(project, "health", kind="HealthResult")["items"]} == {"healthy", "progressing"}
    assert app(result(project, "rollback", "web", "--yes", kind="RollbackResult"))["record"] == 4
    assert [r["verb"] for r in result(project, "history", "web", kind="History")["clusters"][0]["records"]] == [
        "rollback",
        "sync",
        "fix",
        "sync",
    ]


def test_results_with_failures_refusals_and_errors(project: Project) -> None:
    bad = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}, "spec": {"ports": [{"port": 99999}]}}
    project.configure({"web": {}, "broken": {}, "foreign": {}})
    project.write("web", config_map("a"), bad, deployment("web"))
    project.write("foreign", config_map("theirs", a="1"))
    project.repo.write("apps/broken/a.yaml", "kind: [")
    project.commit()
    project.kubectl("-n", project.name, "create", "configmap", "theirs")
    planned = {a["app"]: a for a in result(project, "diff", code=7, kind="DiffResult")["clusters"][0]["apps"]}
    assert planned["foreign"]["refusals"]
    assert planned["broken"]["error"]["exitCode"] == 3
    ran = {a["app"]: a for a in result(project, "sync", code=8, kind="SyncResult")["clusters"][0]["apps"]}
    assert {name: a["error"]["exitCode"] for name, a in ran.items()} == {"web": 8, "broken": 3, "foreign": 7}
    assert {o["result"] for o in ran["web"]["outcomes"]} == {"applied", "failed", "not-tried"}


def test_results_of_the_sandbox(gitctl: Runner, control_plane: sandbox.ControlPlane) -> None:
    env = {"GITCTL_STATE_DIR": str(control_plane.folder.parents[1])}
    one = gitctl("sandbox", "status", "--name", control_plane.name, "-o", "json", env=env).expect(0).json()
    every = gitctl("sandbox", "status", "--all", "-o", "json", env=env).expect(0).json()
    assert (one["kind"], one["state"]) == ("SandboxStatus", "running")
    assert one["name"] in [item["name"] for item in every["items"]]
