"""A rollback without a commit holds the app: what ends the hold, and what does not."""

from __future__ import annotations

import json

from tests.fixtures.project import Project, config_map


def rolled_back(project: Project) -> None:
    """Version 2 was synced, then version 1 again without a commit."""
    for version in ("1", "2"):
        project.write("web", config_map("settings", a=version), config_map("other", a=version))
        project.commit(f"version {version}")
        project.run("sync")
    project.run("rollback", "web", "--no-commit")


def value(project: Project) -> str:
    """What runs."""
    live = project.live("configmap", "settings")
    assert live is not None
    return str(live["data"]["a"])


def test_a_fix_does_not_end_a_hold_and_git_does(project: Project) -> None:
    rolled_back(project)
    project.run("sync", code=7)
    project.kubectl("-n", project.name, "delete", "configmap", "other")
    assert "1 fixed" in project.run("drift-check", "--fix").stdout
    assert "held" in project.run("sync", code=7).stderr
    assert value(project) == "1"
    project.write("web", config_map("settings", a="1"), config_map("other", a="1"))
    project.commit("Git agrees")
    project.run("sync")
    project.write("web", config_map("settings", a="3"), config_map("other", a="3"))
    project.commit("version 3")
    project.run("sync")
    assert value(project) == "3"


def test_a_rollback_with_a_commit_ends_a_hold(project: Project) -> None:
    rolled_back(project)
    project.write("web", config_map("settings", a="3"), config_map("other", a="3"))
    project.commit("version 3")
    project.run("rollback", "web", "--to", "2", "--yes")
    assert value(project) == "2"
    project.run("sync")
    assert "hold" not in json.dumps(project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]["state"])
