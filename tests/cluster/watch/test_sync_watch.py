"""`sync --watch` on the real API server: what is changed by hand is put back, what is of no concern is left, Git goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster.watch.running import Watch, until, watching
from tests.fixtures.project import Project, config_map, deployment
from tests.servers.fault_proxy import FaultProxy, Reset

from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask
from gitctl.target.kubernetes.owner import object_name
from gitctl.workflow.agenda import FREE

LEASES = "/apis/coordination.k8s.io/v1/namespaces/gitctl-system/leases"


def data(project: Project, name: str = "settings") -> Any:
    """What a ConfigMap holds, None when it is not there."""
    live = project.live("configmap", name)
    return live and live["data"]


def given(project: Project, *objects: dict[str, Any]) -> None:
    """A commit with these objects in the app `web`."""
    project.write("web", *(objects or (config_map("settings", a="1"), config_map("other", b="1"))))
    project.commit()


def begun(watch: Watch) -> None:
    """The first round is done."""
    watch.logs("watching, Git is asked every")


def put_back(project: Project, watch: Watch, value: str) -> None:
    """Change something by hand, and wait until it is as before."""
    project.edit("configmap", "settings", {"data": {"a": value}})
    until(lambda: data(project) == {"a": "1"}, watch.told)


def test_hand_edits_and_deletes_are_put_back_and_a_new_commit_is_applied(project: Project, tmp_path: Path) -> None:
    given(project)
    beat = tmp_path / "beat"
    with watching(project, tmp_path, "sync", "--interval", "2s", "--heartbeat", beat) as watch:
        begun(watch)
        first = beat.stat().st_mtime_ns
        put_back(project, watch, "by hand")
        watch.logs("settings: changed by kubectl-edit")
        project.kubectl("-n", project.name, "delete", "configmap", "other", "--wait=false")
        until(lambda: data(project, "other") == {"b": "1"}, watch.told)
        watch.logs("other: gone")
        given(project, config_map("settings", a="2"), config_map("other", b="1"))
        until(lambda: data(project) == {"a": "2"}, watch.told)
        project.edit("configmap", "settings", {"data": {"more": "by hand"}})
        until(lambda: data(project) == {"a": "2"}, watch.told)
        assert beat.stat().st_mtime_ns > first
        watch.logs("round 5: done")
        # A commit that cannot be read is said; what was read last holds on.
        project.repo.write("gitctl.yaml", "kind: [")
        project.commit("broken")
        watch.logs("gitctl explain yaml-syntax")
        project.edit("configmap", "settings", {"data": {"a": "while Git is broken"}})
        until(lambda: data(project) == {"a": "2"}, watch.told)
        project.repo.git("revert", "--no-edit", "HEAD")
        watch.logs("round 6: done")
        assert watch.end() == 0, watch.told()
    records = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"]
    assert [r["result"] for r in records] == ["succeeded"] * 6


def test_what_is_of_no_concern_causes_no_round(project: Project, tmp_path: Path) -> None:
    """Statuses, fields of controllers, our own writes, and an object that carries our label without being ours."""
    body = deployment("web")
    del body["spec"]["replicas"]
    given(project, config_map("settings", a="1"), body)
    with watching(project, tmp_path, "sync", "--interval", "10m") as watch:
        begun(watch)
        put_back(project, watch, "the first")
        live = project.live("configmap", "settings") or {}
        stranger = config_map("stranger", a="1")
        stranger["metadata"]["labels"] = live["metadata"]["labels"]
        project.kubectl("-n", project.name, "create", "-f", "-", stdin=json.dumps(stranger))
        project.kubectl("-n", project.name, "scale", "deployment", "web", "--replicas=2")
        project.edit("deployment", "web", {"metadata": {"annotations": {"example.test/seen": "yes"}}}, manager="some-operator")
        until(lambda: (project.live("deployment", "web") or {})["status"].get("readyReplicas") == 2, watch.told)
        watch.logs("changed by kubectl-edit")
        before = watch.log.read_text().count(": changed by")
        put_back(project, watch, "the second")
        watch.logs(": changed by", times=before + 1)
        assert watch.log.read_text().count(": changed by") == 2, watch.told()
        assert "stranger" not in watch.told()
        assert data(project, "stranger") == {"a": "1"}
        watch.stop()


def test_a_suspended_app_is_left_alone_until_it_is_resumed(project: Project, tmp_path: Path) -> None:
    given(project)
    with watching(project, tmp_path, "sync", "--interval", "2s") as watch:
        begun(watch)
        project.run("suspend", "web", "--live", "--reason", "incident 42")
        project.edit("configmap", "settings", {"data": {"a": "by hand"}})
        watch.logs("web is suspended", "incident 42")
        assert data(project) == {"a": "by hand"}
        project.run("resume", "web", "--live")
        until(lambda: data(project) == {"a": "1"}, watch.told)
        watch.stop()


def test_many_small_deletions_stop_at_the_budget_of_the_day_and_the_rounds_go_on(
    project: Project, new_namespace: Callable[[], str], tmp_path: Path
) -> None:
    """Each commit takes away one of nine: no guard of a single run minds. The budget counts what is known in one state namespace."""
    cluster = {"context": project.context, "state_namespace": new_namespace()}
    project.configure({"web": {}}, limits={"prune_per_day": 2}, clusters={"main": cluster})
    names = [f"m{n}" for n in range(9)]

    def without(count: int, **values: str) -> None:
        given(project, *(config_map(name, **values) for name in names[count:]))

    without(0, a="1")
    with watching(project, tmp_path, "sync", "--interval", "1s") as watch:
        begun(watch)
        without(1, a="1")
        until(lambda: data(project, names[0]) is None, watch.told)
        without(2, a="1")
        until(lambda: data(project, names[1]) is None, watch.told)
        without(3, a="1")
        watch.logs("gitctl explain prune-budget", "exit code 7", times=2)
        assert data(project, names[2]) == {"a": "1"}
        without(2, a="2")
        until(lambda: data(project, names[2]) == {"a": "2"}, watch.told)
        watch.stop()


def test_an_object_that_two_fight_about_is_put_back_less_and_less_often(project: Project, tmp_path: Path) -> None:
    given(project)
    with watching(project, tmp_path, "sync", "--interval", "10m") as watch:
        begun(watch)
        number = 0
        while "settings is changed by other-controller again, after" not in watch.log.read_text():
            # However slow this machine is: it is held back for longer each time.
            project.edit("configmap", "settings", {"data": {"a": f"by hand {number}"}}, manager="other-controller")
            until(lambda: data(project) == {"a": "1"} or "again, after" in watch.log.read_text(), watch.told)
            number += 1
        assert number > FREE
        # It holds up no other object.
        project.kubectl("-n", project.name, "delete", "configmap", "other", "--wait=false")
        until(lambda: data(project, "other") == {"b": "1"}, watch.told)
        until(lambda: data(project) == {"a": "1"}, watch.told)
        watch.stop()


def test_it_ends_in_mid_round_with_its_lock_released_and_the_run_recorded(
    project: Project, control_plane: ControlPlane, tmp_path: Path
) -> None:
    given(project)
    lease = f"{LEASES}/{object_name(f'{project.name}/dev/web', 'gitctl')}"
    with watching(project, tmp_path, "sync", "--interval", "1s") as watch:
        begun(watch)
        given(project, deployment("web", simulate="never-ready"))
        watch.logs("waiting for 1 of 1")
        assert ask(control_plane, "GET", lease).code == 200
        assert watch.end() == 143
    assert ask(control_plane, "GET", lease).code == 404
    records = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"]
    assert {r["result"] for r in records} == {"succeeded", "interrupted"}


def test_a_server_that_is_away_is_said_once_and_what_happened_meanwhile_is_put_back(
    project: Project, fault_proxy: FaultProxy, tmp_path: Path
) -> None:
    given(project)
    with watching(project, tmp_path, "sync", "--interval", "10m", env={"KUBECONFIG": str(fault_proxy.kubeconfig)}) as watch:
        begun(watch)
        put_back(project, watch, "before")
        watch.logs("round 2: done")
        fault_proxy.on(Reset(), times=-1)
        fault_proxy.drop_all()
        watch.logs("the watch is interrupted")
        project.edit("configmap", "settings", {"data": {"a": "meanwhile"}})
        fault_proxy.clear()
        until(lambda: data(project) == {"a": "1"}, watch.told)
        watch.logs("the watch goes on")
        assert watch.log.read_text().count("the watch is interrupted") == 1, watch.told()
        watch.stop()


def test_what_makes_no_sense_is_refused_at_once(project: Project) -> None:
    assert "at least 1s" in project.run("sync", "--watch", "--interval", "0s", code=2).stderr
    assert "--dry-run is done once" in project.run("sync", "--watch", "--dry-run", code=2).stderr
    assert "for one run" in project.run("sync", "--watch", "--prune-limit", "3", code=2).stderr
    assert "for one run" in project.run("sync", "--watch", "--plan-digest", "x", code=2).stderr
