"""Apps whose target is a branch, as a user works with them: no cluster, real Git."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.branch import BRANCH, BranchProject
from tests.fixtures.commands import GitRepo
from tests.fixtures.project import config_map, deployment
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId
from gitctl.secrets import pysops
from gitctl.secrets.pysops import Kind

# A git that counts its `update-ref`s and kills gitctl at one of them.
KILLER = """#!/bin/sh
case " $* " in *" update-ref "*)
  echo >> {count}
  if [ "$(wc -l < {count})" = {step} ]; then
    [ {when} = before ] || {real} "$@"
    kill -9 $PPID
    exit 1
  fi;;
esac
exec {real} "$@"
"""
WEB = "site/site-dev/deployment.apps_web.yaml"
SETTINGS = "site/site-dev/configmap_settings.yaml"


def only(body: Any) -> dict[str, Any]:
    """The one place of a result."""
    (place,) = body["clusters"]
    return dict(place)


def test_the_whole_way_without_a_cluster(branch_project: BranchProject) -> None:
    p = branch_project
    first = p.release("the site", config_map("settings", color="blue"), deployment("web"), config_map("old"))
    assert "3 to create" in p.run("diff", code=1).stdout
    told = p.run("sync")
    assert "3 created, healthy (record 1)" in told.stdout
    assert f"to {BRANCH}, not pushed" in told.stderr
    assert p.files() == ["site/site-dev/configmap_old.yaml", SETTINGS, WEB]
    assert (
        p.content(SETTINGS) == "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: site-dev\ndata:\n  color: blue"
    )
    trailers = p.repo.git("log", "-1", "--format=%(trailers:only,unfold)", BRANCH)
    digest = only(p.run("history", "site", "-o", "json").json())["records"][0]["renderDigest"]
    assert trailers.split("\n") == [
        "Gitctl-App: shop/dev/site",
        f"Gitctl-Source-Revision: {first}",
        f"Gitctl-Render-Digest: {digest}",
    ]
    p.release("bigger", config_map("settings", color="red"), deployment("web"))
    assert p.run("diff", "-o", "name", code=1).stdout.splitlines() == ["ConfigMap site-dev/settings", "ConfigMap site-dev/old"]
    body = p.run("sync", "-o", "json").json()
    place = only(body)
    assert (place["cluster"], place["branch"], len(place["apps"][0]["outcomes"])) == ("", BRANCH, 2)
    assert place["apps"][0]["commit"] == p.repo.git("rev-parse", BRANCH)
    assert p.commits() == [f"site: sync {p.repo.git('rev-parse', '--short=8', 'HEAD')} bigger", f"site: sync {first[:8]} the site"]
    assert p.files() == [SETTINGS, WEB]
    assert "in sync, 2 objects" in p.run("sync").stdout
    assert len(p.commits()) == 2
    status = only(p.run("status", "--exit-code", "-o", "json").json())["apps"][0]
    assert (status["state"], status["health"], status["lastSync"]["commit"]) == ("in-sync", "healthy", p.repo.git("rev-parse", BRANCH))
    health = p.run("health", "site", "--exit-code", "-o", "json").json()
    assert {(i["branch"], i["state"], i["message"]) for i in health["items"]} == {
        (BRANCH, "healthy", "committed; nothing runs in a branch")
    }


def test_hand_edits_are_drift_with_the_commit_to_blame_and_there_is_a_way_back(branch_project: BranchProject) -> None:
    p = branch_project
    p.release("the site", config_map("settings", color="blue"), deployment("web"))
    p.run("sync")
    assert p.run("drift-check").stdout == ""
    sha = p.by_hand(WEB, lambda text: text.replace("web:1", "web:evil"))
    gone = p.by_hand(SETTINGS, lambda _: None, "not needed")
    drift = only(p.run("drift-check", "-o", "json", code=1).json())["apps"][0]
    found = {o["object"]["name"]: o for o in drift["objects"]}
    (field,) = found["web"]["fields"]
    assert (field["path"], field["found"]) == ("spec.template.spec.containers[name=web].image", "example.test/web:evil")
    assert field["owner"]["manager"] == f"Ada Author <ada@example.com> in {sha[:8]} (quick fix)"
    assert field["owner"]["time"].endswith("Z")
    assert field["wantedBy"]["subject"] == "the site"
    assert (found["settings"]["verdict"], found["settings"]["reason"]) == (
        "missing",
        f"deleted by Ada Author <ada@example.com> in {gone[:8]} (not needed)",
    )
    assert "2 fixed" in p.run("drift-check", "--fix").stdout
    assert p.commits()[:2] == [f"site: fix {p.repo.git('rev-parse', '--short=8', 'HEAD')} the site", "not needed"]
    p.release("worse", config_map("settings", color="red"), deployment("web"))
    p.run("sync")
    p.run("rollback", "site")
    assert "color: blue" in p.content(SETTINGS)
    assert p.repo.git("log", "-1", "--format=%s") == "rollback site in dev to record 1"
    records = only(p.run("history", "site", "-o", "json").json())["records"]
    assert [(r["number"], r["verb"], r["rollbackTo"]) for r in records[:2]] == [(4, "rollback", 1), (3, "sync", None)]
    assert p.run("diff").stdout.endswith("2 unchanged\n")


def test_guards_are_the_same_as_for_a_cluster(branch_project: BranchProject) -> None:
    p = branch_project
    p.configure({"site": {}, "other": {"target": {"branch": "rendered/{env}", "folder": "site"}}})
    p.write(config_map("alien"), app="other")
    p.release("the site", *(config_map(f"c{n}") for n in range(4)))
    p.run("sync")
    p.by_hand("site/site-dev/configmap_there.yaml", lambda _: json.dumps(config_map("there", by="hand")))
    p.release("shrunk", config_map("c0"), config_map("there", by="git"), config_map("alien", mine="yes"))
    told = p.run("diff", "site", code=7).stdout
    assert "ConfigMap site-dev/alien belongs to shop/dev/other" in told
    assert "ConfigMap site-dev/there exists, and gitctl did not create it" in told
    assert "--plan-digest" in told
    before = p.repo.git("rev-parse", BRANCH)
    p.run("sync", "site", code=7)
    assert p.repo.git("rev-parse", BRANCH) == before
    p.release("without the alien", config_map("c0"), config_map("there", by="git"))
    digest = p.run("diff", "site", "--adopt", "-o", "json", code=7).json()["clusters"][0]["apps"][0]["digest"]
    p.run("sync", "site", "--adopt", "--plan-digest", digest)
    assert p.files() == [f"site/site-dev/configmap_{name}.yaml" for name in ("alien", "c0", "there")]
    assert "by: git" in p.content("site/site-dev/configmap_there.yaml")
    p.repo.git("worktree", "add", "--quiet", str(p.repo.path.parent / "held"), BRANCH)
    p.release("more", config_map("c0", x="2"))
    p.run("sync", "site", "--prune-limit", "9", code=7).error(ErrorId.BRANCH_CHECKED_OUT)


def test_the_rules_of_a_team_hold_for_a_branch_too(branch_project: BranchProject) -> None:
    """No cluster says which kinds have a namespace: the table of built-in kinds does."""
    p = branch_project
    p.configure({"site": {"team": "a"}}, teams={"a": {}})
    p.release("fine", config_map("settings"))
    p.run("sync")
    before = p.repo.git("rev-parse", BRANCH)
    node = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "x", "namespace": "site-dev"}, "value": 1}
    far = config_map("far") | {"metadata": {"name": "far", "namespace": "kube-system"}}
    p.release("outside", config_map("settings"), node, far)
    for verb in ("diff", "sync"):
        told = p.run(verb, code=7).error(ErrorId.TEAM_RULES).stderr
        assert "the cluster-scoped kind PriorityClass.scheduling.k8s.io has to be allowed" in told
        assert "the namespace kube-system is not the app's own" in told
    assert p.repo.git("rev-parse", BRANCH) == before


def test_pushes_are_shared_by_clones_and_a_race_has_one_winner(branch_project: BranchProject, tmp_path: Path) -> None:
    p = branch_project
    p.release("the site", config_map("settings", color="blue"))
    origin = GitRepo(tmp_path / "origin.git")
    p.repo.git("clone", "--quiet", "--bare", str(p.repo.path), str(origin.path))
    p.repo.git("remote", "add", "origin", str(origin.path))
    p.run("sync")
    assert origin.git("for-each-ref", "refs/gitctl", f"refs/heads/{BRANCH}") == ""
    assert f"pushed {BRANCH}" in p.run("sync", "--push").stderr
    assert origin.git("rev-parse", BRANCH) == p.repo.git("rev-parse", BRANCH)
    ci = BranchProject(GitRepo(tmp_path / "ci"), p.gitctl)
    p.repo.git("clone", "--quiet", "--depth=1", "--branch=main", f"file://{origin.path}", str(ci.repo.path))
    assert "1 unchanged" in ci.run("diff").stdout
    ci.release("red", config_map("settings", color="red"))
    assert f"to {BRANCH}, pushed" in ci.run("sync", "--push").stderr
    assert "color: red" in origin.git("show", f"{BRANCH}:{SETTINGS}")
    assert origin.git("for-each-ref", "refs/gitctl/lock") == ""
    assert only(p.run("history", "site", "-o", "json").json())["records"][0]["subject"] == "red"
    p.release("green", config_map("settings", color="green"))
    p.run("sync")
    ci.release("pink", config_map("settings", color="pink"))
    ci.run("sync", "--push")
    told = p.run("sync", "--push", code=4).error(ErrorId.BRANCH_DIVERGED).stderr
    assert f"git update-ref -d refs/heads/{BRANCH}" in told


def test_another_repository_takes_pushes_only(branch_project: BranchProject, git_repo: Callable[..., GitRepo]) -> None:
    p = branch_project
    other = git_repo({"README": "x"}, name="other")
    p.configure({"site": {"target": {"branch": "rendered/{env}", "folder": ".", "repo": "../other"}}})
    p.release("the site", config_map("settings"), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "site-dev"}})
    assert "2 to create" in p.run("diff", code=1).stdout
    p.run("sync", "--dry-run", code=7).error(ErrorId.BRANCH_NEEDS_PUSH)
    p.run("sync", "--push")
    assert other.git("ls-tree", "-r", "--name-only", BRANCH).split("\n") == [
        "_cluster/namespace_site-dev.yaml",
        "site-dev/configmap_settings.yaml",
    ]
    assert p.repo.git("for-each-ref", "refs/gitctl", f"refs/heads/{BRANCH}") == ""
    other.git("branch", "-m", BRANCH, "gone")
    assert p.run("drift-check", code=1).stdout.count("missing") == 2


def test_encrypted_manifests_stay_encrypted_and_no_key_is_needed(branch_project: BranchProject, stranger: AgeKey) -> None:
    p = branch_project
    text = json.dumps(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "site-dev"}, "stringData": {"p": "correct-horse"}}
    )
    sealed = pysops.encrypt(text.encode(), kind=Kind.YAML, recipients=(stranger.recipient,), encrypted_regex="^(data|stringData)$")
    p.repo.write("apps/site/db.yaml", sealed.decode())
    p.release("the site", config_map("settings"))
    p.run("sync")
    assert p.content("site/site-dev/secret_db.yaml") == sealed.decode().strip()
    assert "2 unchanged" in p.run("diff").stdout
    assert "ENC[" not in p.run("render").stdout
    p.repo.write("apps/site/db.yaml", sealed.decode().replace("namespace: site-dev", "labels: {}"))
    p.repo.commit("no namespace")
    assert "Secret site-dev/db (apps/site/db.yaml" in p.run("diff", code=7).stderr
    p.repo.write("apps/site/kustomization.yaml", "resources: [all.yaml, db.yaml]\n")
    p.repo.commit("kustomize")
    told = p.run("sync", code=7).error(ErrorId.BRANCH_SECRET)
    assert "Secret site-dev/db" in told.stderr
    assert "correct-horse" not in told.stdout + told.stderr
    assert len(p.commits()) == 1


def test_an_app_moves_with_its_folder_and_its_name(branch_project: BranchProject) -> None:
    p = branch_project
    p.release("the site", config_map("settings", color="blue"))
    p.run("sync")
    p.configure({"site": {"target": {"branch": "rendered/{env}", "folder": "web"}}})
    p.repo.commit("another folder")
    told = p.run("diff", code=1)
    assert "was last written to rendered/dev:site: the next sync moves it to rendered/dev:web" in told.stderr
    p.run("sync")
    assert p.files() == ["web/site-dev/configmap_settings.yaml"]
    assert only(p.run("history", "site", "-o", "json").json())["records"][0]["number"] == 2
    p.configure({"page": {"path": "apps/site", "renamed_from": ["site"], "target": {"branch": "rendered/{env}", "folder": "web"}}})
    p.repo.commit("another name")
    assert "1 unchanged" in p.run("diff").stdout
    p.run("sync")
    assert only(p.run("status", "-o", "json").json())["apps"][0]["state"] == "in-sync"
    assert len(p.repo.git("for-each-ref", "refs/gitctl/state").split("\n")) == 1


@pytest.mark.parametrize(("step", "when"), [(1, "after"), (2, "after"), (3, "before"), (3, "after"), (4, "before")])
def test_killed_at_any_write_the_next_run_converges(branch_project: BranchProject, tmp_path: Path, step: int, when: str) -> None:
    """The writes of a sync: lock, open record, commit with state, lock given back."""
    p = branch_project
    p.release("the site", config_map("settings", color="blue"), config_map("more"))
    killer = tmp_path / "bin" / "git"
    killer.parent.mkdir()
    killer.write_text(KILLER.format(real=shutil.which("git"), count=tmp_path / "count", step=step, when=when))
    killer.chmod(0o700)
    p.run("sync", code=-9, env={"PATH": f"{killer.parent}:{os.environ['PATH']}"})
    committed = step > 3 or (step, when) == (3, "after")
    assert len(p.commits()) == committed
    p.run("sync")
    assert len(p.commits()) == 1
    assert p.files() == ["site/site-dev/configmap_more.yaml", SETTINGS]
    left = p.repo.git("for-each-ref", "--format=%(refname)", "refs/gitctl/lock")
    # With nothing left to do no lock is taken, and so the dead holder's stays for the next one to take over.
    assert bool(left) == ((step, when) in ((3, "after"), (4, "before")))
    state = json.loads(p.repo.git("show", f"{p.repo.git('for-each-ref', '--format=%(refname)', 'refs/gitctl/state')}:state.json"))
    assert (state["state"]["records"][-1]["result"], state["seen"]) == ("succeeded", p.repo.git("rev-parse", BRANCH))


def test_a_commit_that_the_state_does_not_know_of_is_found_to_be_ours(branch_project: BranchProject) -> None:
    """A machine that went down between the two refs of one transaction."""
    p = branch_project
    p.release("the site", config_map("settings", color="blue"))
    p.run("sync")
    state = p.repo.git("for-each-ref", "--format=%(refname)", "refs/gitctl/state")
    p.repo.git("update-ref", state, f"{state}~1")
    p.release("red", config_map("settings", color="red"))
    assert "1 to update" in p.run("diff", code=1).stdout
    p.run("sync")
    assert [r["result"] for r in only(p.run("history", "site", "-o", "json").json())["records"]] == ["succeeded", "interrupted"]
    assert "color: red" in p.content(SETTINGS)


def test_apps_are_held_up_deleted_and_let_go_as_in_a_cluster(branch_project: BranchProject) -> None:
    p = branch_project
    p.configure({"site": {}, "page": {"depends_on": ["site"]}, "last": {}})
    for app in ("site", "page", "last"):
        p.write(config_map(f"{app}-settings"), app=app)
    p.repo.commit("three apps")
    p.run("sync", "page", code=7).error(ErrorId.DEPENDENCY_NOT_READY)
    p.run("sync")
    p.write(config_map("page-settings", color="red"), app="page")
    p.repo.commit("red")
    p.run("sync", "page")
    before = len(p.commits())
    p.run("delete", "page", "--yes", "--prune-limit", "9")
    assert len(p.commits()) == before + 1
    assert p.files() == ["last/site-dev/configmap_last-settings.yaml", "site/site-dev/configmap_site-settings.yaml"]
    assert p.repo.git("log", "-1", "--format=%(trailers:key=Gitctl-App,valueonly)", BRANCH).strip() == "shop/dev/page"
    p.run("delete", "last", "--orphan", "--yes")
    assert len(p.commits()) == before + 1
    p.run("sync", "last", code=7).error(ErrorId.NOT_OURS)
    p.run("sync", "last", "--adopt")
    assert "the state in branch rendered/dev" in p.run("suspend", "site", "--live", "--reason", "freeze").stdout
    p.write(config_map("site-settings", color="red"))
    p.repo.commit("red")
    p.run("sync", "site", code=7).error(ErrorId.SUSPENDED)
