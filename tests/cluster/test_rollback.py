"""Rollback on the real API server: through Git, to what was healthy before, and nothing else touched."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.fixtures.project import Project, config_map, deployment

from gitctl.errors import ErrorId


def release(project: Project, value: str, *more: dict[str, Any], sync: bool = True) -> str:
    """Commit (and sync) version `value` of the app; the commit."""
    project.write("web", config_map("settings", a=value), config_map("other"), *more)
    sha = project.commit(f"release {value}")
    if sync:
        project.run("sync")
    return sha


def value(project: Project) -> str:
    """The version that runs."""
    return str((project.live("configmap", "settings") or {})["data"]["a"])


def records(project: Project) -> list[dict[str, Any]]:
    """The records of the app, newest first."""
    found: list[dict[str, Any]] = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"]
    return found


def test_a_commit_restores_files_and_never_rewrites_history(project: Project) -> None:
    first = release(project, "1")
    project.repo.write("apps/web/added.yaml", json.dumps(config_map("added")))
    second = release(project, "2")
    project.repo.write("notes.txt", "not committed")
    told = project.run("rollback", "web")
    assert "~ ConfigMap" in told.stdout
    assert "restore apps/web/all.yaml" in told.stderr
    assert "remove apps/web/added.yaml" in told.stderr
    assert project.repo.git("rev-parse", "HEAD~1") == second
    assert project.repo.git("log", "-1", "--format=%(trailers:key=gitctl-rollback-to,valueonly)").strip() == first
    assert not (project.repo.path / "apps/web/added.yaml").exists()
    assert project.repo.git("status", "--porcelain") == "?? notes.txt"
    assert (value(project), project.live("configmap", "added")) == ("1", None)
    newest = records(project)[0]
    assert (newest["verb"], newest["rollbackTo"], newest["revision"]) == ("rollback", 1, project.repo.git("rev-parse", "HEAD"))
    assert "in sync" in project.run("sync").stdout


def test_the_second_rollback_goes_further_back_and_never_to_the_bad_one(project: Project) -> None:
    for version in ("1", "2"):
        release(project, version)
    project.write("web", config_map("settings", a="3"), config_map("other"), deployment("web", simulate="never-ready"))
    project.commit("release 3 never gets healthy")
    project.run("sync", "--timeout", "1s", code=9)
    project.run("rollback", "web")
    assert (value(project), project.live("deployment", "web")) == ("2", None)
    project.run("rollback", "web")
    assert value(project) == "1"
    assert "no earlier record" in project.run("rollback", "web", code=7).error(ErrorId.NO_HEALTHY_RECORD).stderr


def test_to_names_a_record_or_a_revision(project: Project) -> None:
    shas = [release(project, version) for version in ("1", "2", "3")]
    project.run("rollback", "web", "--to", "1")
    assert value(project) == "1"
    project.run("rollback", "web", "--to", shas[1][:10])
    assert value(project) == "2"
    assert "no record 77" in project.run("rollback", "web", "--to", "77", code=3).stderr
    project.run("rollback", "web", "--to", "nowhere", code=4)
    assert value(project) == "2"


def test_base_folders_come_back_and_whoever_else_reads_them_is_named(project: Project) -> None:
    project.configure({"web": {}, "api": {}})
    for app in ("web", "api"):
        text = f"resources: [../../base]\nnamePrefix: {app}-\n"
        project.repo.write(f"apps/{app}/kustomization.yaml", text)
    project.repo.write("base/kustomization.yaml", "resources: [all.yaml]\n")
    for version in ("1", "2"):
        project.repo.write("base/all.yaml", json.dumps(config_map("settings", a=version)))
        project.commit(f"release {version}")
        project.run("sync")
    head = project.repo.git("rev-parse", "HEAD")
    told = project.run("rollback", "web", code=7).error(ErrorId.ROLLBACK_CHANGES_OTHERS)
    assert "api in dev" in told.stderr
    assert "--yes" in told.stderr
    assert project.repo.git("rev-parse", "HEAD") == head
    project.run("rollback", "web", "--yes")
    assert (project.live("configmap", "web-settings") or {})["data"] == {"a": "1"}
    assert (project.live("configmap", "api-settings") or {})["data"] == {"a": "2"}
    status = project.run("status", "-o", "json").json()["clusters"][0]["apps"]
    assert {s["app"]: s["state"] for s in status} == {"web": "in-sync", "api": "pending"}


def test_uncommitted_work_on_affected_files_is_never_lost(project: Project) -> None:
    release(project, "1")
    head = release(project, "2")
    project.write("web", config_map("settings", a="my work"))
    assert "uncommitted" in project.run("rollback", "web", code=7).stderr
    assert project.repo.git("rev-parse", "HEAD") == head
    assert "my work" in (project.repo.path / "apps/web/all.yaml").read_text()
    assert value(project) == "2"


def test_guards_apply_before_anything_is_committed(project: Project) -> None:
    release(project, "1")
    head = release(project, "2", *(config_map(f"m{i}") for i in range(8)))
    told = project.run("rollback", "web", code=7)
    assert "m7" in told.stderr
    assert (project.repo.git("rev-parse", "HEAD"), value(project)) == (head, "2")
    project.run("rollback", "web", "--prune-limit", "8")
    assert (project.live("configmap", "m7"), value(project)) == (None, "1")


def test_the_apps_own_settings_go_back_too_and_the_rest_of_gitctl_yaml_stays(project: Project) -> None:
    release(project, "1")
    config = project.repo.path / "gitctl.yaml"
    body = json.loads(config.read_text())
    body["apps"]["web"]["path"] = "apps/moved"
    body["apps"]["later"] = {"path": "apps/later"}
    config.write_text("# a comment that stays\n" + json.dumps(body, indent=2))
    project.write("moved", config_map("settings", a="2"), config_map("other"))
    project.write("later", config_map("later"))
    project.commit("moved")
    project.run("sync", "web")
    project.run("rollback", "web")
    assert value(project) == "1"
    text = config.read_text()
    assert text.startswith("# a comment that stays")
    assert '"apps/later"' in text
    assert '"apps/web"' in text
    project.run("config", "validate")


def test_a_record_that_cannot_be_reproduced_is_refused(project: Project) -> None:
    release(project, "1")
    project.write("web", config_map("settings", a="uncommitted"), config_map("other"))
    project.run("sync", "--worktree", "--allow-dirty")
    release(project, "3")
    assert "uncommitted files" in project.run("rollback", "web", "--to", "2", code=7).stderr
    assert value(project) == "3"


def test_another_helm_or_another_environment_is_not_what_ran(project: Project, tmp_path: Path) -> None:
    template = json.dumps(config_map("settings", a="{{ .Capabilities.KubeVersion.Version }}"))
    project.repo.write("apps/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n")
    project.repo.write("apps/web/templates/all.yaml", template)
    for version in ("1.36", "1.37"):
        project.configure({"web": {}}, environments={"dev": {"clusters": ["main"], "kubernetes": version}})
        project.commit(f"Kubernetes {version}")
        project.run("sync")
    assert "gitctl.yaml changed" in project.run("rollback", "web", code=7).error(ErrorId.ROLLBACK_CONFIG).stderr
    helm = tmp_path / "bin" / "helm"
    helm.parent.mkdir()
    helm.write_text(f'#!/bin/sh\n"{shutil.which("helm")}" "$@" | "{shutil.which("sed")}" s/v1.36/v1.36.0/\n')
    helm.chmod(0o755)
    # With a cache of its own, as on another machine.
    elsewhere = {"PATH": f"{helm.parent}{os.pathsep}{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    told = project.run("rollback", "web", "--no-commit", env=elsewhere, code=5).error(ErrorId.NOT_REPRODUCIBLE)
    assert "it was rendered with helm" in told.stderr
    assert value(project) == "v1.37"


def test_push_goes_to_the_upstream(project: Project) -> None:
    bare = project.repo.path.parent / "remote.git"
    release(project, "1")
    project.repo.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    project.repo.git("remote", "add", "origin", str(bare))
    project.repo.git("push", "--quiet", "--set-upstream", "origin", "main")
    release(project, "2")
    project.repo.git("push", "--quiet")
    project.run("rollback", "web", "--push")
    assert project.repo.git("ls-remote", "origin", "main").split()[0] == project.repo.git("rev-parse", "HEAD")
    assert value(project) == "1"
    project.run("rollback", "web", "--push", "--no-commit", code=2)


def test_on_a_remote_source_nothing_is_committed_that_nobody_would_see(project: Project) -> None:
    bare = project.repo.path.parent / "remote.git"
    project.repo.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    project.repo.git("remote", "add", "origin", str(bare))
    project.configure({"web": {}}, source={"url": f"file://{bare}", "ref": "main"})
    for version in ("1", "2"):
        release(project, version, sync=False)
        project.repo.git("push", "--quiet", "--set-upstream", "origin", "main")
        project.run("sync")
    refused = project.run("rollback", "web", code=7).error(ErrorId.ROLLBACK_NEEDS_PUSH)
    assert "--push" in refused.stderr
    assert value(project) == "2"
    project.run("rollback", "web", "--push")
    assert value(project) == "1"
    head = project.repo.git("ls-remote", "origin", "main").split()[0]
    assert head != project.repo.git("rev-parse", "HEAD")
    assert records(project)[0]["revision"] == head
    assert "in sync" in project.run("sync").stdout


def test_without_a_commit_the_app_is_held_until_git_agrees_or_it_is_released(project: Project) -> None:
    release(project, "1")
    head = release(project, "2")
    project.run("rollback", "web", "--no-commit")
    assert (value(project), project.repo.git("rev-parse", "HEAD")) == ("1", head)
    held = project.run("sync", code=7).error(ErrorId.HELD)
    assert "held at" in held.stderr
    assert "--release" in held.stderr
    assert "held at" in project.run("sync", "--dry-run", code=7).stdout
    assert value(project) == "1"
    status = project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]
    assert status["state"] == "held"
    assert project.run("drift-check").stdout == ""
    project.run("sync", "--release")
    assert value(project) == "2"


def test_secrets_that_change_are_named(project: Project) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"k": "first-value-1"}}
    release(project, "1", secret)
    release(project, "2", secret | {"stringData": {"k": "second-value-2"}})
    told = project.run("rollback", "web")
    assert f"Secret {project.name}/key changes" in told.stderr
    assert "value-" not in told.stdout + told.stderr
