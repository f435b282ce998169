"""`gitctl config` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Runner

MakeRepo = Callable[..., GitRepo]

PROJECT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters:
  dev: {context: kind-dev, labels: {tier: test}}
  prod: {context: prod-eu}
environments:
  dev: {clusters: [dev], kubernetes: "1.37"}
  prod: {clusters: [prod], protect: true}
apps:
  web: {path: "apps/web/{env}", namespace: "web-{env}", depends_on: [db], wait: 90s}
  db: {path: apps/db, ignore: [{kind: StatefulSet, paths: [/spec/replicas]}]}
"""
FILES = {"gitctl.yaml": PROJECT, "apps/web/dev/a.yaml": "", "apps/web/prod/a.yaml": "", "apps/db/a.yaml": ""}


@pytest.fixture
def repo(git_repo: MakeRepo) -> GitRepo:
    return git_repo(FILES)


def test_schema_is_the_published_one(gitctl: Runner) -> None:
    published = Path(__file__).parents[2] / "docs" / "gitctl.schema.json"
    assert gitctl("config", "schema").expect(0).stdout == published.read_text()


def test_validate(gitctl: Runner, repo: GitRepo) -> None:
    done = gitctl("config", "validate", cwd=repo.path / "apps").expect(0)
    assert done.stdout == f"{repo.path}/gitctl.yaml is valid: 2 apps, 2 environments, 2 clusters\n"
    body = gitctl("config", "validate", "-o", "json", cwd=repo.path).expect(0).json()
    assert (body["kind"], body["valid"], body["apps"]) == ("ConfigValidation", True, 2)


def test_validate_shows_every_error_at_its_place(gitctl: Runner, repo: GitRepo) -> None:
    broken = (
        PROJECT.replace("depends_on: [db]", "depends_on: [bd]").replace("name: shop", "name: Shop").replace("context: prod-eu", "contxt: x")
    )
    repo.write("gitctl.yaml", broken)
    done = gitctl("config", "validate", cwd=repo.path).expect(3)
    place = f"{repo.path}/gitctl.yaml"
    assert done.stderr.splitlines() == [
        f"error: {place}:3:1 name: 'Shop' is not a name of at most 63 lower-case letters, digits and '-'",
        f"error: {place}:6:3 clusters.prod: the key 'context' is missing",
        "  hint: it is context of the kubeconfig",
        f"error: {place}:6:10 clusters.prod.contxt: unknown key 'contxt'",
        "  hint: did you mean 'context'?",
        f"error: {place}:11:70 apps.web.depends_on[0]: unknown app 'bd'",
        "  hint: did you mean 'db'?",
        "  see: gitctl explain config-value config-missing-key config-unknown-key config-reference",
    ]
    assert done.stdout == ""


def test_validate_finds_folders_that_are_not_there(gitctl: Runner, repo: GitRepo) -> None:
    (repo.path / "apps/web/prod").rename(repo.path / "apps/web/prd")
    done = gitctl("config", "validate", cwd=repo.path).expect(3)
    assert done.stderr.splitlines() == [
        f"error: {repo.path}/gitctl.yaml:11 apps.web.path: the path 'apps/web/prod' does not exist (environment 'prod')",
        "  hint: did you mean 'prd'?",
        "  see: gitctl explain folder-missing",
    ]


def test_no_project(gitctl: Runner, tmp_path: Path) -> None:
    done = gitctl("config", "validate", cwd=tmp_path).expect(3)
    assert done.stderr.startswith(f"error: no gitctl.yaml in {tmp_path} or a folder above it\n  hint: `gitctl bootstrap` writes one")


def test_show_one_environment(gitctl: Runner, repo: GitRepo) -> None:
    body = gitctl("config", "show", "-e", "dev", "-o", "json", cwd=repo.path).expect(0).json()
    (place,) = body["environments"]["dev"]["clusters"]
    assert place["cluster"] == {"name": "dev", "context": "kind-dev", "state_namespace": "gitctl-system", "labels": {"tier": "test"}}
    assert list(place["apps"]) == ["db", "web"]
    web = place["apps"]["web"]
    assert (web["owner"], web["path"], web["namespace"], web["wait"]) == ("shop/dev/web", "apps/web/dev", "web-dev", "1m30s")
    assert place["apps"]["db"]["ignore"] == [{"select": {"kind": "StatefulSet"}, "paths": ["/spec/replicas"]}]


def test_show_reads_the_commit_unless_told_otherwise(gitctl: Runner, repo: GitRepo) -> None:
    repo.write("gitctl.yaml", PROJECT.replace("90s", "2h"))

    def wait(*args: str) -> str:
        body = gitctl("config", "show", "-o", "json", *args, cwd=repo.path).expect(0).json()
        return str(body["environments"]["prod"]["clusters"][0]["apps"]["web"]["wait"])

    assert (wait(), wait("--worktree"), wait("--config", "gitctl.yaml")) == ("1m30s", "2h", "2h")
    repo.commit("longer")
    assert (wait(), wait("--revision", "HEAD~1")) == ("2h", "1m30s")


def test_show_is_yaml_for_people(gitctl: Runner, repo: GitRepo) -> None:
    text = gitctl("config", "show", "-e", "prod", cwd=repo.path).expect(0).stdout
    assert text.startswith("name: shop\n")
    assert "protect: true" in text
    as_yaml = gitctl("config", "show", "-e", "prod", "-o", "yaml", cwd=repo.path).expect(0).stdout
    assert as_yaml == f"apiVersion: gitctl.dev/v1\nkind: Config\n{text}"


def test_unknown_environment_and_revision(gitctl: Runner, repo: GitRepo) -> None:
    assert "hint: did you mean 'dev'?" in gitctl("config", "show", "-e", "dve", cwd=repo.path).expect(3).stderr
    assert "unknown revision 'mian'" in gitctl("config", "show", "--revision", "mian", cwd=repo.path).expect(4).stderr


def test_a_project_in_a_remote(gitctl: Runner, git_repo: MakeRepo, repo: GitRepo) -> None:
    here = git_repo(
        {"gitctl.yaml": PROJECT.replace("name: shop\n", f"name: shop\nsource: {{url: 'file://{repo.path}', ref: main}}\n")}, name="here"
    )
    repo.commit("renamed", {"gitctl.yaml": PROJECT.replace("name: shop", "name: store")})
    assert gitctl("config", "show", "-o", "json", cwd=here.path).expect(0).json()["name"] == "store"
    gitctl("config", "validate", cwd=here.path).expect(0)
    repo.path.rename(repo.path.with_name("away"))
    stale = gitctl("config", "show", "-o", "json", cwd=here.path).expect(0)
    assert json.loads(stale.stdout)["name"] == "store"
    assert "stale, fetched" in stale.stderr
