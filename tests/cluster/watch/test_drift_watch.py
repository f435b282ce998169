"""`drift-check --watch` on the real API server: each drift when it appears and when it is gone, whatever happens to the connection."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from tests.cluster.watch.running import Watch, running, until, watching
from tests.fixtures.project import Project, config_map, deployment
from tests.fixtures.schemas import conforms


def synced(project: Project, *objects: dict[str, Any]) -> str:
    """The app as it was applied."""
    project.write("web", *(objects or (config_map("settings", a="1"), config_map("other", b="1"))))
    sha = project.commit("the wanted one")
    project.run("sync")
    return sha


def edit(project: Project, value: str, *, manager: str = "kubectl-edit") -> None:
    """Change the settings."""
    project.edit("configmap", "settings", {"data": {"a": value}}, manager=manager)


def events(watch: Watch) -> list[dict[str, Any]]:
    """What was printed as JSON, each as its published schema says."""
    return [conforms(json.loads(line), "DriftEvent") for line in watch.out.read_text().splitlines()]


def test_each_drift_is_told_when_it_appears_and_when_it_is_gone(project: Project, tmp_path: Path) -> None:
    sha = synced(project)
    with watching(project, tmp_path, "drift-check") as watch:
        watch.logs("watching 2 objects of 1 app")
        edit(project, "by hand")
        watch.prints(f'drifted ConfigMap {project.name}/settings: data.a: found "by hand" by kubectl-edit, no later than ')
        assert f'wanted "1" ({sha[:8]} by ' in watch.out.read_text()
        edit(project, "other", manager="kubectl-patch")
        watch.prints('settings, other than before: data.a: found "other" by kubectl-patch')
        project.kubectl("-n", project.name, "delete", "configmap", "other")
        watch.prints(f"missing ConfigMap {project.name}/other (deleted)")
        project.run("drift-check", "--fix")
        watch.prints(f"in sync again ConfigMap {project.name}/settings, after", f"in sync again ConfigMap {project.name}/other, after")
        assert watch.end(signal.SIGINT) == 130
    assert len(watch.out.read_text().splitlines()) == 5


def test_events_are_json_lines_and_the_time_for_ci_ends_with_1_when_drift_was_seen(project: Project, tmp_path: Path) -> None:
    synced(project)
    edit(project, "before")
    assert "drifted" in project.run("drift-check", "--watch", "--for", "1s", code=1).stdout
    with watching(project, tmp_path, "drift-check", "-o", "json") as watch:
        watch.prints('"appeared"')
        edit(project, "1")
        watch.prints('"gone"')
        assert watch.end() == 143
    first, last = events(watch)
    assert [(e["event"], e["drift"]["object"]["name"], e["drift"]["verdict"]) for e in (first, last)] == [
        ("appeared", "settings", "drifted"),
        ("gone", "settings", "drifted"),
    ]
    assert (first["app"], first["environment"], first["cluster"]) == ("web", "dev", "main")
    assert [(f["path"], f["found"], f["wanted"], f["owner"]["manager"]) for f in first["drift"]["fields"]] == [
        ("data.a", "before", "1", "kubectl-edit")
    ]
    assert last["seconds"] >= 0
    assert project.run("drift-check", "--watch", "--for", "1s").stdout == ""


def test_a_sync_under_way_is_no_drift_and_what_people_change_meanwhile_is(project: Project, tmp_path: Path) -> None:
    synced(project)
    with watching(project, tmp_path, "drift-check") as watch:
        watch.logs("watching 2 objects")
        slow = deployment("web", simulate="never-ready")
        project.write("web", config_map("settings", a="2"), config_map("third"), slow)
        project.commit("a release that takes its time")
        told = tmp_path / "sync"
        told.mkdir()
        with running(project, told, "sync", "-e", "dev") as sync:
            until(lambda: project.live("deployment", "web"), sync.told)
            project.edit("configmap", "settings", {"data": {"more": "by hand"}})
            watch.prints("settings: data.more: found")
            assert {line.split(": ")[2] for line in watch.out.read_text().splitlines()} == {"data.more"}, watch.told()
            assert sync.end(signal.SIGTERM) == 143
        assert watch.end() == 143


def test_what_makes_no_sense_is_refused_at_once(project: Project) -> None:
    assert "sync --watch" in project.run("drift-check", "--watch", "--fix", code=2).stderr
    assert "single look" in project.run("drift-check", "--watch", "--foreign", code=2).stderr
    assert "are for --watch" in project.run("drift-check", "--for", "1m", code=2).stderr
    assert "are for --watch" in project.run("drift-check", "--interval", "1m", code=2).stderr
    assert "too short" in project.run("drift-check", "--watch", "--interval", "1s", code=2).stderr
    assert "--watch prints no -o yaml" in project.run("drift-check", "--watch", "-o", "yaml", code=2).stderr
