"""A suspended app: nothing is applied until it is resumed, drift is still reported; in Git or live."""

from __future__ import annotations

from tests.fixtures.project import Project, config_map

from gitctl.errors import ErrorId


def deployed(project: Project, comment: str = "") -> None:
    """Version 1 runs, version 2 is committed."""
    project.write("web", config_map("settings", a="1"), config_map("other", x="1"))
    if comment:
        text = (project.repo.path / "gitctl.yaml").read_text()
        project.repo.write("gitctl.yaml", f"# {comment}\n{text}")
    project.commit("version 1")
    project.run("sync")
    project.write("web", config_map("settings", a="2"), config_map("other", x="1"))
    project.commit("version 2")


def value(project: Project) -> str:
    """What runs."""
    return str((project.live("configmap", "settings") or {})["data"]["a"])


def test_a_commit_suspends_until_a_commit_resumes(project: Project) -> None:
    deployed(project, comment="keep me")
    told = project.run("suspend", "web", "--reason", "incident 42", "--until", "2d", "-o", "json").json()
    assert (told["suspension"]["reason"], told["clusters"]) == ("incident 42", [])
    assert told["commit"] == project.repo.git("rev-parse", "HEAD")
    assert project.repo.git("show", "--name-only", "--format=", "HEAD") == "gitctl.yaml"
    assert "# keep me" in (project.repo.path / "gitctl.yaml").read_text()
    refused = project.run("sync", code=7).error(ErrorId.SUSPENDED)
    assert "web is suspended since" in refused.stderr
    assert "incident 42" in refused.stderr
    assert told["suspension"]["by"] in refused.stderr
    assert "gitctl resume web -e dev" in refused.stderr
    assert "suspended" in project.run("sync", "--dry-run", code=7).stdout
    # An older revision, which does not know of it, is no way around it.
    assert "incident 42" in project.run("sync", "--revision", "HEAD~1", code=7).stderr
    assert "incident 42" in project.run("rollback", "web", code=7).stderr
    project.run("diff", code=1)
    project.edit("configmap", "other", {"data": {"by": "hand"}})
    assert "data.by" in project.run("drift-check", code=1).stdout
    assert "incident 42" in project.run("drift-check", "--fix", code=7).stderr
    status = project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]
    assert (status["state"], status["suspended"]["place"]) == ("suspended", "git")
    assert "1 object not as applied" in status["message"]
    assert value(project) == "1"
    project.run("resume", "web")
    assert "incident 42" not in (project.repo.path / "gitctl.yaml").read_text()
    assert "not suspended" in project.run("resume", "web").stdout
    project.run("sync")
    assert value(project) == "2"


def test_live_suspends_at_once_and_git_knows_nothing(project: Project) -> None:
    deployed(project)
    head = project.repo.git("rev-parse", "HEAD")
    project.run("suspend", "web", "--live", "--reason", "freeze")
    assert project.repo.git("rev-parse", "HEAD") == head
    assert "freeze" in project.run("sync", code=7).stderr
    assert "resume web -e dev --live" in project.run("sync", "--dry-run", code=7).stdout
    told = project.run("resume", "web", "-o", "json").json()
    assert (told["commit"], told["clusters"]) == ("", [{"cluster": "main", "branch": "", "changed": True}])
    project.run("sync")
    assert value(project) == "2"
    project.configure({"web": {}}, source={"url": f"file://{project.repo.path}", "ref": "main"})
    project.commit("a remote is read")
    project.run("suspend", "web", code=7).error(ErrorId.PUSH_NEEDED)


def test_the_end_of_time_ends_it_and_whoever_depends_on_it_goes_on(project: Project) -> None:
    over = {"dev": {"reason": "last year", "until": "2025-01-01T00:00:00+01:00"}}
    project.configure({"web": {"suspend": over}, "site": {"depends_on": ["web"]}})
    project.write("site", config_map("site"))
    deployed(project)
    assert "the suspension until 2024-12-31T23:00:00Z: last year is over" in project.run("sync").stdout
    assert value(project) == "2"
    project.run("suspend", "web", "--live", "--until", "2d")
    project.write("site", config_map("site", b="1"))
    project.commit()
    refused = project.run("sync", code=7).stderr
    assert "site depends on" not in refused
    assert (project.live("configmap", "site") or {})["data"] == {"b": "1"}
    assert "not in the future" in project.run("suspend", "web", "--until", "2020-01-01T00:00:00Z", code=2).stderr
