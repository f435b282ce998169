"""The hooks of .pre-commit-hooks.yaml, run by the real pre-commit on a real repository, without a network.

`language: python` would have pre-commit install gitctl into an environment of its own, which needs the network: here the very same
hooks are written into the repository's configuration as `language: system`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures import warm
from tests.fixtures.commands import GitRepo, Result, run
from tests.fixtures.secrets import AgeKey

from gitctl.documents import dump, load_all
from gitctl.secrets import pysops

MakeRepo = Callable[..., GitRepo]

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for hook in load_all(MANIFEST.read_bytes(), where="hooks")[0].value}
NO_NETWORK = {"PIP_NO_INDEX": "1", **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")}

PROJECT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
environments: {dev: {}, prod: {}}
apps:
  web: {path: "web/{env}"}
  other: {path: other}
"""
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: base\n"
FILES = {
    "gitctl.yaml": PROJECT,
    "base/kustomization.yaml": "resources: [a b.yaml]\n",
    "base/a b.yaml": OBJECT,
    "web/dev/kustomization.yaml": "resources: [../../base]\nnamePrefix: dev-\n",
    "web/prod/kustomization.yaml": "resources: [../../base]\nnamePrefix: prod-\n",
    "other/other.yaml": OBJECT,
    "notes.md": "notes\n",
}
BROKEN = OBJECT + " x: [\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: kanarienvogel\n"


def pre_commit(repo: GitRepo, *args: str) -> Result:
    return run((sys.executable, "-m", "pre_commit", *args), cwd=repo.path, env=NO_NETWORK)


def configuration(*ids: str) -> str:
    """.pre-commit-config.yaml with these of our hooks."""
    return dump({"repos": [{"repo": "local", "hooks": [{**HOOKS[id], "language": "system"} for id in ids]}]})


@pytest.fixture
def repo(git_repo: MakeRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A repository with our hooks for rendering and secrets, and `gitctl` on PATH."""
    monkeypatch.setenv("PATH", f"{warm.program(tmp_path / 'bin').parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    made: GitRepo = git_repo(FILES | {".pre-commit-config.yaml": configuration("gitctl-render", "gitctl-secrets")})
    return made


def test_the_manifest_is_valid_and_runs_what_gitctl_has(git_repo: MakeRepo) -> None:
    pre_commit(git_repo(), "validate-manifest", str(MANIFEST)).expect(0)
    assert list(HOOKS) == ["gitctl-validate", "gitctl-render", "gitctl-secrets"]
    assert {hook["language"] for hook in HOOKS.values()} == {"python"}


def test_a_commit_passes_or_is_stopped(repo: GitRepo) -> None:
    pre_commit(repo, "run", "--all-files").expect(0)
    repo.git("rm", "--quiet", "notes.md")
    repo.write("base/a b.yaml", OBJECT + "data: {x: '1'}\n")
    repo.git("add", "--all")
    repo.write("base/a b.yaml", "half done: [")  # not staged: pre-commit puts it aside
    done = pre_commit(repo, "run", "--verbose").expect(0)
    assert "Passed" in done.stdout
    assert "ConfigMap" not in done.stdout
    assert (repo.path / "base/a b.yaml").read_text() == "half done: ["

    repo.write("base/a b.yaml", BROKEN)
    repo.write("other/secret.yaml", SECRET)
    repo.git("add", "--all")
    done = pre_commit(repo, "run").expect(1)
    assert done.stdout.count("Failed") == 2
    assert done.stdout.count("error: base/a b.yaml:5:2: ") == 1  # once for both environments
    assert "other/secret.yaml:6:3: plain text in a Secret: Secret/db stringData.password (13 bytes)" in done.stdout
    assert "kanarienvogel" not in done.stdout


def test_nobody_needs_the_keys_of_all_environments(repo: GitRepo, stranger: AgeKey) -> None:
    text = SECRET.replace("stringData", "data: {port: c2VjcmV0}\nstringData")
    sealed = pysops.encrypt(text.encode(), kind=pysops.Kind.YAML, recipients=(stranger.recipient,), encrypted_regex="^(data|stringData)$")
    repo.write("base/secret.yaml", sealed.decode())
    repo.write("base/kustomization.yaml", "resources: ['a b.yaml', secret.yaml]\n")
    repo.git("add", "--all")
    pre_commit(repo, "run").expect(0)


def test_a_file_that_no_app_reads_renders_nothing(repo: GitRepo) -> None:
    repo.write("base/a b.yaml", OBJECT.replace("metadata", "metadatas"))
    repo.commit("broken")
    repo.write("notes.md", "more notes\n")
    repo.git("add", "notes.md")
    pre_commit(repo, "run").expect(0)
    repo.write("gitctl.yaml", PROJECT + "vars: {}\n")
    repo.git("add", "gitctl.yaml")
    assert "error: kustomize: " in pre_commit(repo, "run").expect(1).stdout


def test_validate_stops_a_wrong_manifest(repo: GitRepo) -> None:
    repo.write(".pre-commit-config.yaml", configuration("gitctl-validate"))
    repo.write("values.yaml", "replicas: some\n")
    repo.commit("values are no manifest")
    pre_commit(repo, "run", "--all-files").expect(0)
    wrong = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: some\n"
    repo.write("other/deployment.yaml", wrong)
    repo.git("add", "--all")
    done = pre_commit(repo, "run").expect(1)
    assert "other/deployment.yaml:6:3" in done.stdout
    assert "replicas" in done.stdout
