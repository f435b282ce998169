"""Sync on the real API server: order, state, records, guards, partial runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from tests.fixtures.project import Project, config_map, deployment

from gitctl.errors import ErrorId


def names(result_json: dict, key: str = "outcomes") -> list[str]:
    """Names of the objects in a SyncResult's outcomes."""
    return [o["object"]["name"] for o in result_json["clusters"][0]["apps"][0][key]]


def test_first_sync_applies_waits_and_records(project: Project) -> None:
    project.write("web", config_map("settings", a="1"), deployment("web"))
    sha = project.commit("the first")
    project.run("sync")
    live = project.live("configmap", "settings")
    assert live is not None
    assert live["data"] == {"a": "1"}
    assert live["metadata"]["annotations"]["gitctl.dev/owner"] == f"{project.name}/dev/web"
    assert {m["manager"] for m in live["metadata"]["managedFields"]} == {"gitctl"}
    record = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert (record["revision"], record["result"], record["health"], record["subject"]) == (sha, "succeeded", "healthy", "the first")


def test_a_second_sync_does_nothing_and_makes_no_record(project: Project) -> None:
    project.write("web", config_map("settings", a="1"))
    project.commit()
    project.run("sync")
    before = project.live("configmap", "settings")
    told = project.run("sync")
    assert "in sync" in told.stdout
    assert project.live("configmap", "settings") == before
    assert len(project.run("history", "web", "-o", "json").json()["clusters"][0]["records"]) == 1


def test_a_commit_that_changes_nothing_moves_the_acknowledged_revision(project: Project) -> None:
    project.write("web", config_map("settings", a="1"))
    project.commit()
    project.run("sync")
    project.repo.write("README.md", "unrelated")
    sha = project.commit()
    project.run("sync")
    status = project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]
    assert (status["revision"], status["state"]) == (sha, "in-sync")
    assert len(project.run("history", "web", "-o", "json").json()["clusters"][0]["records"]) == 1


def test_dry_run_shows_what_sync_does_and_writes_nothing(project: Project) -> None:
    project.write("web", config_map("settings", a="1"))
    project.commit()
    told = project.run("sync", "--dry-run", code=1)
    assert "+ ConfigMap" in told.stdout
    assert project.live("configmap", "settings") is None


def test_what_leaves_git_is_pruned_after_the_rest(project: Project) -> None:
    project.write("web", config_map("a"), config_map("b"), config_map("c"))
    project.commit()
    project.run("sync")
    project.write("web", config_map("a"), config_map("b"))
    project.commit()
    assert "- ConfigMap" in project.run("diff", code=1).stdout
    project.run("sync")
    assert project.live("configmap", "c") is None
    assert project.live("configmap", "a") is not None


def test_no_prune_leaves_the_object_and_remembers_it(project: Project) -> None:
    project.write("web", config_map("a"), config_map("b"), config_map("c"))
    project.commit()
    project.run("sync")
    project.write("web", config_map("a"), config_map("b"))
    project.commit()
    project.run("sync", "--no-prune")
    assert project.live("configmap", "c") is not None
    project.run("sync")
    assert project.live("configmap", "c") is None


def test_what_a_finalizer_holds_is_not_gone_in_time_and_stays_known(project: Project) -> None:
    held = config_map("c")
    held["metadata"]["finalizers"] = ["example.test/hold"]
    project.write("web", config_map("a"), config_map("b"), held)
    project.commit()
    project.run("sync")
    project.write("web", config_map("a"), config_map("b"))
    project.commit()
    assert "example.test/hold" in project.run("sync", "--timeout", "2s", code=9).error(ErrorId.NOT_GONE).stderr
    project.edit("configmap", "c", {"metadata": {"finalizers": None}}, manager="hold")
    project.run("sync")
    assert project.live("configmap", "c") is None
    assert project.run("status", "--exit-code").code == 0


def test_an_empty_render_never_prunes(project: Project) -> None:
    project.write("web", config_map("a"))
    project.commit()
    project.run("sync")
    project.write("web")
    project.commit()
    told = project.run("sync", "--prune-limit", "50", code=7).error(ErrorId.EMPTY_RENDER)
    assert "empty" in told.stderr
    assert project.live("configmap", "a") is not None


def test_too_many_deletes_need_the_digest_of_exactly_this_plan(project: Project) -> None:
    project.write("web", *(config_map(f"m{i}") for i in range(8)))
    project.commit()
    project.run("sync")
    project.write("web", config_map("m0"))
    project.commit()
    refused = project.run("sync", code=7).error(ErrorId.PRUNE_COUNT)
    assert "m7" in refused.stderr
    digest = project.run("diff", "-o", "json", code=7).json()["clusters"][0]["apps"][0]["digest"]
    assert digest in refused.stderr
    project.run("sync", "--plan-digest", "0" * 64, code=7)
    assert project.live("configmap", "m7") is not None
    project.run("sync", "--plan-digest", digest)
    assert project.live("configmap", "m7") is None
    assert project.live("configmap", "m0") is not None


def test_the_digest_binds_a_plan_that_no_guard_refuses(project: Project) -> None:
    project.write("web", config_map("a", x="1"))
    project.commit()
    digest = project.run("diff", "-o", "json", code=1).json()["clusters"][0]["apps"][0]["digest"]
    project.write("web", config_map("a", x="1"), config_map("b"))
    project.commit()
    assert "not the permitted one" in project.run("sync", "--plan-digest", digest, code=7).error(ErrorId.PLAN_DIGEST).stderr
    assert project.live("configmap", "a") is None


def test_prune_limit_raises_the_count(project: Project) -> None:
    project.write("web", *(config_map(f"m{i}") for i in range(20)))
    project.commit()
    project.run("sync")
    project.write("web", *(config_map(f"m{i}") for i in range(13)))
    project.commit()
    project.run("sync", code=7)
    project.run("sync", "--prune-limit", "7")
    assert project.live("configmap", "m19") is None


def test_an_object_without_owner_is_refused_unless_adopted(project: Project) -> None:
    project.kubectl("-n", project.name, "create", "configmap", "settings", "--from-literal=a=0")
    project.write("web", config_map("settings", a="1"))
    project.commit()
    refused = project.run("sync", code=7).error(ErrorId.NOT_OURS)
    assert "ConfigMap" in refused.stderr
    assert "--adopt" in refused.stderr
    live = project.live("configmap", "settings")
    assert live is not None
    assert live["data"] == {"a": "0"}
    project.run("sync", "--adopt")
    live = project.live("configmap", "settings")
    assert live is not None
    assert live["data"] == {"a": "1"}


@pytest.mark.parametrize("how", [(), ("--server-side", "--field-manager=kluctl")], ids=["kubectl", "kluctl"])
def test_a_key_that_leaves_git_after_adoption_goes_away(how: tuple[str, ...], project: Project) -> None:
    body = config_map("settings", a="1", b="2")
    project.kubectl("-n", project.name, "apply", *how, "-f", "-", stdin=json.dumps(body))
    project.write("web", body)
    project.commit()
    project.run("sync", "--adopt")
    project.write("web", config_map("settings", a="1"))
    project.commit()
    project.run("sync")
    live = project.live("configmap", "settings")
    assert live is not None
    assert live["data"] == {"a": "1"}


def test_another_apps_object_is_always_refused(project: Project) -> None:
    project.configure({"web": {}, "other": {}})
    project.write("web", config_map("settings", a="1"))
    project.write("other", config_map("mine"))
    project.commit()
    project.run("sync")
    project.write("other", config_map("mine"), config_map("settings", a="2"))
    project.commit()
    refused = project.run("sync", "other", "--adopt", "--force-conflicts", code=7).error(ErrorId.FOREIGN_OWNER)
    assert f"{project.name}/dev/web" in refused.stderr
    live = project.live("configmap", "settings")
    assert live is not None
    assert live["data"] == {"a": "1"}


def test_only_one_object_is_synced_and_nothing_is_pruned(project: Project) -> None:
    project.write("web", config_map("a"), config_map("b"), config_map("c"))
    first = project.commit()
    project.run("sync")
    project.write("web", config_map("a", x="1"), config_map("b", x="1"))
    project.commit()
    project.run("sync", "--only", "ConfigMap/zoo", code=3).error(ErrorId.OBJECT_UNKNOWN)
    project.run("sync", "--only", "ConfigMap/a")
    assert (project.live("configmap", "a") or {})["data"] == {"x": "1"}
    assert "data" not in (project.live("configmap", "b") or {})
    assert project.live("configmap", "c") is not None
    status = project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]
    assert (status["revision"], status["state"]) == (first, "pending")


def test_selector_chooses_by_label(project: Project) -> None:
    red = config_map("red")
    red["metadata"]["labels"] = {"color": "red"}
    project.write("web", red, config_map("plain"))
    project.commit()
    project.run("sync", "-l", "color=red")
    assert project.live("configmap", "red") is not None
    assert project.live("configmap", "plain") is None


def test_a_rejected_object_ends_its_wave_and_later_waves_do_not_start(project: Project) -> None:
    bad = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}, "spec": {"ports": [{"port": 99999}]}}
    project.write("web", config_map("settings"), bad, deployment("web"))
    project.commit()
    told = project.run("sync", code=8).error(ErrorId.APPLY_FAILED)
    assert "Service" in told.stderr
    assert "99999" in told.stderr
    assert project.live("configmap", "settings") is not None
    assert project.live("deployment", "web") is None
    record = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert record["result"] == "partial"
    assert record["counts"]["notTried"] == 1
    assert project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]["state"] == "incomplete"


def test_definition_and_custom_object_in_one_run(project: Project) -> None:
    group = f"{project.name}.example.test"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 3}}
    project.write("web", widget, crd)
    project.commit()
    assert "Widget" in project.run("diff", code=1).stdout
    project.run("sync")
    assert (project.live(f"widgets.{group}", "one") or {})["spec"] == {"size": 3}
    project.run("diff")
    project.kubectl("delete", "crd", f"widgets.{group}")


def test_a_kind_that_nobody_knows_is_bad_input(project: Project) -> None:
    project.write("web", {"apiVersion": "example.test/v1", "kind": "Gadget", "metadata": {"name": "a"}})
    project.commit()
    told = project.run("sync", code=3).error(ErrorId.KIND_UNKNOWN)
    assert "Gadget" in told.stderr
    assert "gadgets.example.test" in told.stderr


def test_namespace_is_made_and_used(project: Project) -> None:
    own = f"{project.name}-made"
    project.configure({"web": {"namespace": own, "create_namespace": True}})
    project.write("web", config_map("settings"))
    project.commit()
    project.run("diff", code=1)
    project.run("sync")
    assert project.kubectl("get", "namespace", own).code == 0
    project.run("diff")
    project.kubectl("delete", "namespace", own, "--wait=false")


def test_dirty_work_tree_is_ignored_or_needs_consent(project: Project) -> None:
    project.write("web", config_map("settings", a="1"))
    project.commit()
    project.write("web", config_map("settings", a="2"))
    project.run("sync")
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}
    project.run("sync", "--worktree", code=7).error(ErrorId.UNCOMMITTED_CHANGES)
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "1"}
    told = project.run("sync", "--worktree", "--allow-dirty")
    assert "dirty" in told.stdout
    assert (project.live("configmap", "settings") or {})["data"] == {"a": "2"}


def test_dependencies_must_be_healthy(project: Project) -> None:
    project.configure({"web": {"depends_on": ["base"]}, "base": {}})
    project.write("web", config_map("settings"))
    project.write("base", deployment("base", simulate="never-ready"))
    project.commit()
    assert "never synced" in project.run("sync", "web", code=7).error(ErrorId.DEPENDENCY_NOT_READY).stderr
    project.run("sync", "base", "--timeout", "2s", code=9)
    assert "not healthy" in project.run("sync", "web", code=7).stderr
    project.write("base", deployment("base"))
    project.commit()
    project.run("sync", "web", "--with-deps")
    assert project.live("configmap", "settings") is not None


def test_never_healthy_is_exit_9_and_nothing_is_pruned(project: Project) -> None:
    project.write("web", deployment("web"), config_map("a"), config_map("b"))
    project.commit()
    project.run("sync")
    project.write("web", deployment("web", simulate="never-ready"), config_map("a"))
    project.commit()
    told = project.run("sync", "--timeout", "3s", code=9).error(ErrorId.NOT_HEALTHY)
    assert "Deployment" in told.stderr
    assert project.live("configmap", "b") is not None
    record = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert (record["result"], record["health"]) == ("unhealthy", "progressing")
    assert "Deployment" in project.run("sync", "--no-prune", "--timeout", "1s", code=9).stderr, "the second try is no success either"


def test_json_names_every_object(project: Project) -> None:
    project.write("web", config_map("a"), config_map("b"))
    project.commit()
    body = project.run("sync", "-o", "json").json()
    assert body["kind"] == "SyncResult"
    assert sorted(names(body)) == ["a", "b"]


def test_protected_environment_needs_yes(project: Project) -> None:
    project.configure({"web": {}}, environments={"dev": {"clusters": ["main"], "protect": True}})
    project.write("web", config_map("a"))
    project.commit()
    assert "--yes" in project.run("sync", code=7).error(ErrorId.CONSENT_NEEDED).stderr
    assert project.live("configmap", "a") is None
    project.run("sync", "--yes")


def test_wrong_cluster_uid_is_refused_before_anything(project: Project) -> None:
    project.configure({"web": {}}, clusters={"main": {"context": project.context, "uid": "00000000-0000-0000-0000-000000000000"}})
    project.write("web", config_map("a"))
    project.commit()
    project.run("sync", code=7).error(ErrorId.WRONG_CLUSTER)
    assert project.live("configmap", "a") is None


def test_a_folder_without_a_project(project: Project) -> None:
    project.repo.write("manifests/a.yaml", json.dumps(config_map("a", x="1")))
    here = {"cwd": project.repo.path}
    project.gitctl("sync", "./manifests", "-n", project.name, **here).expect(2)
    project.gitctl("diff", "./manifests", "-n", project.name, **here).expect(1)
    project.gitctl("sync", "./manifests", "--app", "demo", "-n", project.name, **here).expect()
    project.gitctl("diff", "./manifests", "--app", "demo", "-n", project.name, **here).expect()
    assert "--app demo" in project.gitctl("diff", "./manifests", "-n", project.name, **here).expect(7).stdout
    project.edit("configmap", "a", {"data": {"x": "2"}})
    assert "kubectl-edit" in project.gitctl("drift-check", "./manifests", "--app", "demo", "-n", project.name, **here).expect(1).stdout


def test_the_first_sync_that_finds_a_render_well_records_it_as_a_way_back(project: Project) -> None:
    project.write("web", config_map("settings", a="1"))
    project.commit()
    project.run("sync", "--no-wait")
    project.run("sync")
    project.run("sync")
    records = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"]
    assert sorted((r["number"], r["health"]) for r in records) == [(1, ""), (2, "healthy")]
    project.write("web", config_map("settings", a="2"))
    project.commit()
    project.run("sync")
    project.run("rollback", "web", "--yes")
    live = project.live("configmap", "settings")
    assert live is not None
    assert live["data"] == {"a": "1"}


def test_a_job_that_finished_unwatched_is_not_run_again_when_its_ttl_removes_it(project: Project) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "example.test/a"}]}}
    spec = {"ttlSecondsAfterFinished": 8, "template": template}
    project.write("web", {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"}, "spec": spec})
    project.commit()
    project.run("sync", "--no-wait")
    wait_until(lambda: (project.live("job", "migrate") or {}).get("status", {}).get("succeeded") == 1)
    project.run("sync")
    wait_until(lambda: project.live("job", "migrate") is None)
    assert "in sync" in project.run("sync").stdout
    assert project.live("job", "migrate") is None


def wait_until(holds: Callable[[], bool]) -> None:
    """Look again and again, for half a minute at most."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.3)
