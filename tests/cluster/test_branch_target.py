"""An app that goes to a branch beside one that goes to a cluster, in one environment."""

from __future__ import annotations

from tests.fixtures.project import Project, config_map


def test_one_environment_two_kinds_of_target(project: Project) -> None:
    target = {"branch": "rendered/{env}", "folder": "site"}
    project.configure({"web": {}, "site": {"target": target}, "page": {"target": target, "depends_on": ["site"]}})
    for app in ("web", "site", "page"):
        project.write(app, config_map(f"{app}-settings", color="blue"))
    project.commit("three apps")
    places = project.run("sync", "-o", "json").json()["clusters"]
    assert [(p["cluster"], p["branch"], [a["app"] for a in p["apps"]]) for p in places] == [
        ("main", "", ["web"]),
        ("", "rendered/dev", ["site", "page"]),
    ]
    assert project.live("configmap", "web-settings") is not None
    assert project.live("configmap", "site-settings") is None
    assert len(project.repo.git("log", "--format=%H", "rendered/dev").split()) == 2
    project.edit("configmap", "web-settings", {"data": {"color": "red"}})
    drift = project.run("drift-check", "-o", "json", code=1).json()["clusters"]
    assert [len(p["apps"][0]["objects"]) for p in drift] == [1, 0]
    status = project.run("status", "-o", "json").json()["clusters"]
    assert [(a["app"], a["state"]) for p in status for a in p["apps"]] == [("web", "drifted"), ("site", "in-sync"), ("page", "in-sync")]
    assert "branch rendered/dev" in project.run("status").stdout
    assert project.run("rollback", "site", code=7).stderr.startswith("error: ")
