"""Delete on the real API server: under the guards, in reverse, seen gone; or let go; and nothing is left behind."""

from __future__ import annotations

import json
from typing import Any

from tests.fixtures.project import Project, config_map, deployment

from gitctl.errors import ErrorId


def states(project: Project) -> list[str]:
    """Owner ids of the project about which something is stored."""
    listed = json.loads(project.kubectl("-n", "gitctl-system", "get", "secrets", "-o", "json").stdout)["items"]
    owners = {item["metadata"].get("annotations", {}).get("gitctl.dev/owner", "") for item in listed}
    return sorted(o for o in owners if o.startswith(f"{project.name}/") and not o.endswith("/"))


def app(result: Any) -> Any:
    """The one app of a result."""
    return result["clusters"][0]["apps"][0]


def test_an_app_goes_in_reverse_and_nothing_is_left(project: Project) -> None:
    project.configure({"web": {}, "site": {"depends_on": ["web"]}})
    project.write("web", config_map("settings"), deployment("web"), config_map("kept"))
    project.write("site", config_map("site"))
    project.commit()
    project.run("sync")
    project.edit("configmap", "kept", {"metadata": {"annotations": {"gitctl.dev/prune": "disabled"}}})
    assert "site depends on web" in project.run("delete", "web", "--yes", code=7).error(ErrorId.STILL_NEEDED).stderr
    assert "add --yes" in project.run("delete", "site", code=7).stderr
    told = project.run("delete", "web", "site", "--dry-run", "-o", "json", code=1).json()
    assert [a["app"] for a in told["clusters"][0]["apps"]] == ["site", "web"]
    changes = [(c["object"]["kind"], c["action"]) for c in told["clusters"][0]["apps"][1]["plan"]["changes"]]
    assert changes == [("Deployment", "prune"), ("ConfigMap", "prune"), ("ConfigMap", "release")]
    assert project.live("deployment", "web") is not None
    result = project.run("delete", "web", "site", "--yes", "-o", "json").json()
    assert [a["stateRemoved"] for a in result["clusters"][0]["apps"]] == [True, True]
    assert [project.live(k, n) for k, n in (("deployment", "web"), ("configmap", "settings"), ("configmap", "site"))] == [None] * 3
    kept = project.live("configmap", "kept") or {}
    assert "gitctl.dev" not in json.dumps([kept["metadata"].get("labels"), kept["metadata"]["annotations"].get("gitctl.dev/owner")])
    assert states(project) == []
    assert "0 unchanged" in project.run("delete", "web", "--dry-run").stdout


def test_the_guards_hold_and_what_left_the_config_is_found(project: Project) -> None:
    project.configure({"web": {}, "old": {}})
    project.write("web", config_map("web"))
    project.write("old", *(config_map(f"m{i}") for i in range(3)))
    project.commit()
    project.run("sync")
    project.configure({"web": {}}, limits={"prune_count": 2})
    project.commit("old is no app any more")
    left = project.run("status", "-o", "json").json()["clusters"][0]["apps"][-1]
    message = "not in gitctl.yaml any more; 3 objects left: `gitctl delete old -e dev`"
    assert (left["app"], left["leftConfig"], left["message"]) == ("old", True, message)
    assert "did you mean 'web'" in project.run("delete", "wbe", code=3).stderr
    refused = project.run("delete", "old", "--yes", code=7).stderr
    assert "3 objects would be deleted, more than the limit of 2" in refused
    digest = app(project.run("delete", left["owner"], "--dry-run", "-o", "json", code=7).json())["plan"]["digest"]
    assert digest in refused
    project.run("delete", "old", "--yes", "--plan-digest", digest)
    assert project.live("configmap", "m2") is None
    assert states(project) == [f"{project.name}/dev/web"]
    # Deletions of an app whose state is gone still count.
    project.configure({"web": {}}, limits={"prune_per_day": 3})
    project.commit()
    assert "in the last 24 hours, more than the budget of 3" in project.run("delete", "web", "--yes", code=7).stderr


def test_orphans_stay_and_anybody_may_adopt_them(project: Project) -> None:
    project.write("web", config_map("settings", a="1", b="2"))
    project.commit()
    project.run("sync")
    before = project.live("configmap", "settings") or {}
    project.run("delete", "web", "--orphan", "--yes")
    after = project.live("configmap", "settings") or {}
    assert (after["data"], after["metadata"]["uid"]) == (before["data"], before["metadata"]["uid"])
    assert not any(after["metadata"].get(key) for key in ("labels", "annotations", "managedFields"))
    assert states(project) == []
    assert "--adopt" in project.run("sync", code=7).stderr


def test_finalizers_hold_it_and_a_second_run_ends_it(project: Project) -> None:
    held = config_map("held")
    held["metadata"]["finalizers"] = ["example.test/hold"]
    project.write("web", held, config_map("free"))
    project.commit()
    project.run("sync")
    told = project.run("delete", "web", "--yes", "--timeout", "1s", code=9)
    assert "example.test/hold" in told.stderr
    assert project.live("configmap", "free") is None
    record = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]
    assert (record["verb"], record["result"]) == ("delete", "partial")
    project.edit("configmap", "held", {"metadata": {"finalizers": None}}, manager="hold")
    project.run("delete", "web", "--yes")
    assert (project.live("configmap", "held"), states(project)) == (None, [])


def test_a_namespace_in_which_others_live_stays(project: Project) -> None:
    own = f"{project.name}-own"
    project.configure({"web": {"namespace": own, "create_namespace": True}, "guest": {"namespace": own, "depends_on": ["web"]}})
    project.write("web", config_map("settings"))
    project.write("guest", config_map("guest"))
    project.commit()
    project.run("sync")
    assert "protected" not in project.run("delete", "web", "--yes", code=7).stderr
    project.configure({"web": {"namespace": own, "create_namespace": True}, "guest": {"namespace": own}})
    project.commit()
    project.run("delete", "web", "--yes")
    assert (
        project.kubectl("-n", own, "get", "configmaps", "guest", "settings", "--ignore-not-found", "-o", "name").stdout
        == "configmap/guest\n"
    )
    namespace = project.kubectl("get", "namespace", own, "-o", "json").stdout
    assert "gitctl.dev/owner" not in namespace
    project.kubectl("delete", "namespace", own, "--wait=false")


def test_an_environment_that_left_the_config_is_found_in_an_older_commit(project: Project) -> None:
    both = {name: {"clusters": ["main"]} for name in ("dev", "old")}
    project.configure({"web": {}}, environments=both)
    project.write("web", config_map("settings"))
    project.commit()
    project.gitctl("sync", "-e", "old", cwd=project.repo.path).expect()
    project.configure({"web": {}})
    project.commit()
    assert "gitctl delete web -e old --revision REV" in project.run("status").stdout
    project.gitctl("delete", "web", "-e", "old", "--revision", "HEAD~1", "--yes", cwd=project.repo.path).expect()
    assert (project.live("configmap", "settings"), states(project)) == (None, [])


def test_a_folder_is_deleted_by_its_name_alone(project: Project) -> None:
    project.repo.write("plain/all.yaml", json.dumps(config_map("plain")))
    place = ("--context", project.context, "-n", project.name)
    project.gitctl("sync", "./plain", "--app", "demo", *place, cwd=project.repo.path).expect()
    (project.repo.path / "plain/all.yaml").unlink()
    (project.repo.path / "plain").rmdir()
    project.gitctl("delete", "--app", "demo", *place, "--yes", cwd=project.repo.path).expect()
    assert project.live("configmap", "plain") is None
