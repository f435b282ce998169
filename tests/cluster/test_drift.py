"""Drift-check on the real API server: live against what was last acknowledged, and its fix."""

from __future__ import annotations

import json
from typing import Any

from tests.fixtures.commands import Result
from tests.fixtures.project import Project, config_map, deployment

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  color: blue
  size: "3"
"""


def found(result: Result) -> dict[str, Any]:
    """The first app of a DriftResult."""
    app: dict[str, Any] = result.json()["clusters"][0]["apps"][0]
    return app


def synced(project: Project, *objects: dict[str, Any]) -> str:
    """Commit these objects and sync them; the commit."""
    project.write("web", *objects)
    sha = project.commit("the first")
    project.run("sync")
    return sha


def test_quiet_when_nothing_is_wrong(project: Project) -> None:
    synced(project, config_map("settings", a="1"))
    told = project.run("drift-check")
    assert (told.stdout, told.stderr) == ("", "")
    body = project.run("drift-check", "-o", "json").json()
    assert (body["kind"], body["clusters"][0]["apps"][0]["objects"]) == ("DriftResult", [])


def test_hand_edit_names_culprit_wanted_value_commit_and_author(project: Project) -> None:
    project.repo.write("apps/web/all.yaml", SETTINGS)
    first = project.commit("paint it blue")
    project.repo.write("apps/web/all.yaml", SETTINGS.replace('"3"', '"4"'))
    project.commit("bigger")
    project.run("sync")
    project.edit("configmap", "settings", {"data": {"color": "red"}})
    told = project.run("drift-check", code=1)
    lines = told.stdout.splitlines()
    assert "kubectl-edit" in told.stdout
    assert "no later than" in told.stdout
    assert f"{first[:8]} by Ada Author <ada@example.com> (paint it blue)" in told.stdout
    assert lines[-1].startswith("drift: 1 object in 1 app")
    one = found(project.run("drift-check", "-o", "json", code=1))["objects"][0]
    field = one["fields"][0]
    assert (one["verdict"], one["object"]["name"]) == ("drifted", "settings")
    assert (field["wanted"], field["found"], field["owner"]["manager"]) == ("blue", "red", "kubectl-edit")
    assert field["wantedBy"]["sha"] == first
    assert [f["path"] for f in one["fields"]] == ["data.color"]


def test_deleted_objects_are_missing_and_fix_creates_them(project: Project) -> None:
    synced(project, config_map("a", x="1"), config_map("b", x="1"))
    project.kubectl("-n", project.name, "delete", "configmap", "a")
    assert "missing ConfigMap" in project.run("drift-check", code=1).stdout
    told = project.run("drift-check", "--fix")
    assert "1 fixed" in told.stdout
    assert (project.live("configmap", "a") or {})["data"] == {"x": "1"}
    assert project.run("drift-check").stdout == ""
    record = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert (record["verb"], record["result"]) == ("fix", "succeeded")


def test_additions_by_people_are_drift_and_fix_removes_them(project: Project) -> None:
    synced(project, config_map("settings", a="1"), deployment("web"))
    project.edit("configmap", "settings", {"data": {"extra": "1"}})
    sidecar = {"spec": {"template": {"spec": {"containers": [{"name": "sidecar", "image": "example.test/sidecar:1"}]}}}}
    patch = ("patch", "deployment", "web", "--type=strategic", "--field-manager=kubectl-edit", "-p", json.dumps(sidecar))
    project.kubectl("-n", project.name, *patch)
    objects = found(project.run("drift-check", "-o", "json", code=1))["objects"]
    assert {o["object"]["kind"]: o["verdict"] for o in objects} == {"ConfigMap": "drifted", "Deployment": "drifted"}
    paths = [f["path"] for o in objects for f in o["fields"]]
    assert "data.extra" in paths
    assert any("sidecar" in p for p in paths)
    project.run("drift-check", "--fix")
    live = project.live("deployment", "web")
    assert live is not None
    assert [c["name"] for c in live["spec"]["template"]["spec"]["containers"]] == ["web"]
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}
    project.run("drift-check")


def test_what_controllers_and_one_shot_commands_set_is_no_drift(project: Project) -> None:
    body = deployment("web")
    del body["spec"]["replicas"], body["spec"]["template"]["metadata"]["annotations"]
    synced(project, body)
    project.kubectl("-n", project.name, "scale", "deployment", "web", "--replicas=2")
    project.kubectl("-n", project.name, "rollout", "restart", "deployment", "web")
    annotation = {"metadata": {"annotations": {"example.test/seen": "yes"}}}
    project.edit("deployment", "web", annotation, manager="some-operator")
    assert project.run("drift-check").stdout == ""
    assert (project.live("deployment", "web") or {})["spec"]["replicas"] == 2
    assert "in sync" in project.run("sync").stdout


def test_ignored_fields_are_no_drift(project: Project) -> None:
    project.configure({"web": {"ignore": [{"kind": "ConfigMap", "paths": ["/data/tuned"]}]}})
    synced(project, config_map("settings", a="1", tuned="2"))
    project.edit("configmap", "settings", {"data": {"tuned": "9"}})
    project.run("drift-check")
    project.edit("configmap", "settings", {"data": {"a": "9"}})
    objects = found(project.run("drift-check", "-o", "json", code=1))["objects"]
    assert [f["path"] for o in objects for f in o["fields"]] == ["data.a"]


def test_what_git_has_now_is_pending_and_never_drift_and_fix_goes_to_what_was_acknowledged(project: Project) -> None:
    first = synced(project, config_map("settings", a="1"), config_map("other"))
    project.write("web", config_map("settings", a="2", b="new"), config_map("third"))
    project.commit("the second, not synced")
    assert project.run("drift-check").stdout == ""
    status = project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]
    assert (status["state"], status["revision"]) == ("pending", first)
    project.edit("configmap", "settings", {"data": {"a": "by hand", "c": "more"}})
    project.kubectl("-n", project.name, "delete", "configmap", "other")
    one = next(o for o in found(project.run("drift-check", "-o", "json", code=1))["objects"] if o["object"]["name"] == "settings")
    assert {f["path"]: f["wanted"] for f in one["fields"]} == {"data.a": "1", "data.c": None}
    project.run("drift-check", "--fix")
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}
    assert project.live("configmap", "other") is not None
    assert project.live("configmap", "third") is None
    status = project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]
    assert (status["state"], status["revision"]) == ("pending", first)


def test_objects_never_applied_are_an_incomplete_sync(project: Project) -> None:
    bad = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}, "spec": {"ports": [{"port": 99999}]}}
    project.write("web", config_map("settings", a="1"), bad)
    project.commit()
    project.run("sync", code=8)
    objects = found(project.run("drift-check", "-o", "json", code=1))["objects"]
    assert [(o["object"]["kind"], o["verdict"]) for o in objects] == [("Service", "incomplete")]
    project.edit("configmap", "settings", {"data": {"a": "2"}})
    told = project.run("drift-check", "--fix", code=1)
    assert "incomplete Service" in told.stdout
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}


def test_a_wanted_value_that_cannot_be_rendered_again_is_exit_5_and_no_drift(project: Project) -> None:
    synced(project, config_map("settings", a="1"))
    project.write("web", config_map("settings", a="2"))
    project.run("sync", "--worktree", "--allow-dirty")
    project.write("web", config_map("settings", a="3"))
    project.edit("configmap", "settings", {"data": {"a": "by hand"}})
    told = project.run("drift-check", code=5)
    assert "wanted value not available" in told.stdout
    assert "drifted" not in told.stdout
    assert "drift: 0 objects" in told.stdout.splitlines()[-1]
    assert found(project.run("drift-check", "-o", "json", code=5))["objects"][0]["verdict"] == "unavailable"
    project.run("drift-check", "--fix", code=5)
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "by hand"}
    assert project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]["state"] == "unknown"


def test_shallow_clone_lacks_the_recorded_commit_until_it_fetches(project: Project) -> None:
    synced(project, config_map("settings", a="1"))
    project.write("web", config_map("settings", a="2"))
    project.commit()
    project.edit("configmap", "settings", {"data": {"a": "by hand"}})
    clone = project.repo.path.parent / "shallow"
    project.repo.git("clone", "--quiet", "--depth=1", f"file://{project.repo.path}", str(clone))
    told = project.gitctl("drift-check", "-e", "dev", cwd=clone).expect(5)
    assert "wanted value not available" in told.stdout
    assert "--fetch" in told.stdout + told.stderr
    fetched = project.gitctl("drift-check", "-e", "dev", "--fetch", "-o", "json", cwd=clone).expect(1)
    assert found(fetched)["objects"][0]["fields"][0]["wanted"] == "1"


def test_cluster_wide_objects_are_fixed_too(project: Project) -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": project.name},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    synced(project, role, config_map("settings"))
    try:
        project.edit("clusterrole", project.name, {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]}]})
        project.run("drift-check", code=1)
        project.run("drift-check", "--fix")
        assert (project.live("clusterrole", project.name) or {})["rules"][0]["verbs"] == ["get"]
    finally:
        project.kubectl("delete", "clusterrole", project.name, "--wait=false")


def test_fix_asks_where_the_environment_is_protected(project: Project) -> None:
    project.configure({"web": {}}, environments={"dev": {"clusters": ["main"], "protect": True}})
    project.write("web", config_map("settings", a="1"))
    project.commit()
    project.run("sync", "--yes")
    project.edit("configmap", "settings", {"data": {"a": "2"}})
    assert "--yes" in project.run("drift-check", "--fix", code=7).stderr
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "2"}
    project.run("drift-check", "--fix", "--yes")
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}


def test_a_finished_job_that_its_ttl_removed_is_done(project: Project) -> None:
    pod = {"restartPolicy": "Never", "containers": [{"name": "job", "image": "example.test/job:1"}]}
    template = {"metadata": {"annotations": {"gitctl.dev/simulate": "finish"}}, "spec": pod}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {"template": template}}
    synced(project, job, config_map("settings"))
    project.kubectl("-n", project.name, "delete", "job", "once", "--cascade=background")
    assert project.run("drift-check").stdout == ""
    assert "in sync" in project.run("sync").stdout
    assert project.live("job", "once") is None
    project.run("status", "web", "--exit-code")


KUSTOMIZATION = "resources: [settings.yaml]\npatches:\n- path: color.yaml\n"
COLOR = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  color: {color}\n"


def test_the_commit_behind_a_kustomized_value_is_the_line_that_has_it_else_the_newest_of_the_app(project: Project) -> None:
    project.repo.write("apps/web/kustomization.yaml", KUSTOMIZATION)
    project.repo.write("apps/web/settings.yaml", SETTINGS)
    project.commit("the base")
    project.repo.write("apps/web/color.yaml", COLOR.format(color="crimson"))
    patched = project.commit("the overlay is crimson")
    project.repo.write("apps/web/color.yaml", COLOR.format(color="crimson") + '  size: "3"\n')
    newest = project.commit("the size stands in two files")
    project.repo.write("README.md", "not read by the render")
    project.commit("words")
    project.run("sync")
    project.edit("configmap", "settings", {"data": {"color": "green", "size": "9"}})
    fields = found(project.run("drift-check", "-o", "json", code=1))["objects"][0]["fields"]
    assert {f["path"]: f["wantedBy"]["sha"] for f in fields} == {"data.color": patched, "data.size": newest}


def test_several_apps_are_summed_up_in_one_line_and_one_broken_app_hides_no_other(project: Project) -> None:
    project.configure({"web": {}, "api": {}})
    project.write("web", config_map("settings", a="1"))
    project.write("api", config_map("api-settings", a="1"))
    project.commit()
    project.run("sync")
    project.edit("configmap", "settings", {"data": {"a": "2"}})
    told = project.run("drift-check", code=1)
    assert told.stdout.splitlines()[-1] == "drift: 1 object in 1 app of 2"
    assert project.run("drift-check", "api").stdout == ""


def test_a_kind_that_is_gone_hides_no_drift_of_others(project: Project) -> None:
    group = f"{project.name}.example.com"
    names = {"kind": "Widget", "plural": "widgets"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": versions},
    }
    project.kubectl("create", "-f", "-", stdin=json.dumps(crd))
    try:
        synced(project, config_map("settings", a="1"), {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}})
    finally:
        project.kubectl("delete", "crd", f"widgets.{group}")
    project.edit("configmap", "settings", {"data": {"a": "2"}})
    objects = found(project.run("drift-check", "-o", "json", code=1))["objects"]
    assert {(o["object"]["kind"], o["verdict"]) for o in objects} == {("ConfigMap", "drifted"), ("Widget", "missing")}
