"""What happens to apps and their objects in a long life: they move, their namespace or their state is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fixtures.project import Project, config_map
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId


def uid(project: Project, name: str = "moving") -> str:
    """The identity of an object."""
    return str((project.live("configmap", name) or {})["metadata"]["uid"])


def owner(project: Project, name: str = "moving") -> str:
    """Whose it is."""
    return str((project.live("configmap", name) or {})["metadata"]["annotations"]["gitctl.dev/owner"]).rpartition("/")[2]


def inventory(project: Project, app: str) -> list[str]:
    """The objects that an app's state lists."""
    found = project.run("status", app, "-o", "json").json()["clusters"][0]["apps"][0]
    return sorted(o["object"]["name"] for o in found["objects"])


def settled(project: Project) -> None:
    """`a` has `moving` and two others, `b` its own."""
    project.configure({"a": {}, "b": {}})
    project.write("a", config_map("a1"), config_map("a2"), config_map("moving", x="1", gone="1"))
    project.write("b", config_map("b1"))
    project.commit()
    project.run("sync")


def moved(project: Project) -> None:
    """Git has `moving` in `b` now, with one key less."""
    project.write("a", config_map("a1"), config_map("a2"))
    project.write("b", config_map("b1"), config_map("moving", x="1"))
    project.commit("moved")


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a"), ("",)], ids=["giver first", "taker first", "together"])
def test_an_object_moves_between_apps_and_is_never_deleted(
    project: Project, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
    settled(project)
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    before = uid(project)
    if order == ("b", "a"):
        project.write("b", config_map("b1"), config_map("moving", x="1"))
        project.commit("both have it")
        refused = project.run("sync", "b", code=7).stderr
        assert f"belongs to {project.name}/dev/a: a still has it in Git" in refused
        assert "take it out of a or of b" in refused
    moved(project)
    said = "".join(project.run("sync", *filter(None, [app])).stdout for app in order)
    assert f"moves here from {project.name}/dev/a" in said
    assert ("b has it in Git now and takes it over at its next sync" in said) is (order != ("b", "a"))
    live = project.live("configmap", "moving") or {}
    assert (uid(project), owner(project), live["data"]) == (before, "b", {"x": "1"})
    assert (inventory(project, "a"), inventory(project, "b")) == (["a1", "a2"], ["b1", "moving"])
    project.run("drift-check")
    if order == ("",):
        # An older revision, in which `a` has it and `b` has not, does not take it back.
        assert "newer than" in project.run("sync", "a", "--revision", "HEAD~1", code=7).stderr
        assert owner(project) == "b"


def test_an_app_that_left_the_config_gives_its_objects_away(project: Project) -> None:
    settled(project)
    before = uid(project)
    project.configure({"b": {}})
    project.write("b", *(config_map(name) for name in ("a1", "a2", "b1", "moving")))
    project.commit("b has all of it")
    project.run("sync")
    assert (uid(project), owner(project), owner(project, "a1")) == (before, "b", "b")
    assert [s["app"] for s in project.run("status", "-o", "json").json()["clusters"][0]["apps"]] == ["b"]


def test_what_another_app_may_want_is_not_pruned(project: Project, age_key: AgeKey) -> None:
    settled(project)
    project.configure({"a": {}, "b": {}, "locked": {}})
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "locked"}, "stringData": {"token": "plaintext-1"}}
    project.write("locked", secret, file="secret.yaml")
    project.gitctl("secret", "encrypt", "apps/locked/secret.yaml", cwd=project.repo.path).expect()
    project.write("a", config_map("a1"), config_map("a2"))
    project.repo.write("apps/b/broken.yaml", "kind: [")
    project.commit("b is broken; nobody here has the key of locked, whose files are new")
    age_key.file.rename(age_key.file.with_suffix(".away"))
    said = project.run("sync", "a").stdout
    assert "moving is left: b may want it, but cannot be rendered" in said
    (project.repo.path / "apps/b/broken.yaml").unlink()
    project.commit("b is mended")
    assert "moving is left: locked may want it, but cannot be rendered" in project.run("sync", "a").stdout
    age_key.file.with_suffix(".away").rename(age_key.file)
    project.run("sync", "locked")
    age_key.file.unlink()
    # Still no key, but its files are those of its last sync: it cannot want anything new.
    project.run("sync", "a")
    assert project.live("configmap", "moving") is None


def test_a_lost_state_is_put_together_again_and_nothing_is_pruned_by_it(project: Project) -> None:
    settled(project)
    project.write("a", config_map("a1"), config_map("a2", x="2"))
    project.commit("moving left Git")
    listed = json.loads(project.kubectl("-n", "gitctl-system", "get", "secrets", "-o", "json").stdout)["items"]
    mine = [s["metadata"] for s in listed if s["metadata"].get("annotations", {}).get("gitctl.dev/owner") == f"{project.name}/dev/a"]
    project.kubectl("-n", "gitctl-system", "delete", "secret", *(m["name"] for m in mine))
    told = project.run("drift-check", code=1)
    assert f"a (dev → main): its state is lost: 2 objects with the owner id {project.name}/dev/a" in told.stdout
    assert project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]["state"] == "lost"
    refused = project.run("delete", "a", "--yes", code=7).error(ErrorId.STATE_LOST).stderr
    assert "nothing is stored about a" in refused
    said = project.run("sync", "a").stdout
    assert "the state was lost: put together again from 3 objects" in said
    assert "1 object is no longer in Git, left in the cluster: the state was lost" in said
    assert project.live("configmap", "moving") is not None
    project.run("sync", "a")
    assert project.live("configmap", "moving") is None
    assert inventory(project, "a") == ["a1", "a2"]


def test_a_namespace_that_was_deleted_by_hand_comes_back(project: Project) -> None:
    own = f"{project.name}-own"
    project.configure({"web": {"namespace": own, "create_namespace": True}})
    held: dict[str, Any] = config_map("held")
    held["metadata"]["finalizers"] = ["example.test/hold"]
    project.write("web", config_map("settings", a="1"), held)
    project.commit()
    project.run("sync")
    before = json.loads(project.kubectl("get", "namespace", own, "-o", "json").stdout)["metadata"]["uid"]
    project.kubectl("delete", "namespace", own, "--wait=false")
    project.kubectl("-n", own, "wait", "--for=delete", "configmap/settings", "--timeout=60s")
    found = project.run("drift-check", "-o", "json", code=1).json()["clusters"][0]["apps"][0]["objects"]
    verdicts = {o["object"]["name"]: o["verdict"] for o in found}
    assert verdicts == {own: "deleting", "held": "deleting", "settings": "missing"}
    project.kubectl("-n", own, "patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    project.run("sync")
    after = json.loads(project.kubectl("get", "namespace", own, "-o", "json").stdout)["metadata"]["uid"]
    assert after != before
    assert project.run("status", "--exit-code").code == 0
    project.kubectl("-n", own, "patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    project.kubectl("delete", "namespace", own, "--wait=false")
