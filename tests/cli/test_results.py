"""Results that need no cluster follow their published schemas (`Result.json` checks), in every form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.schemas import conforms
from tests.fixtures.secrets import AgeKey

from gitctl import documents

PROJECT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters: {main: {context: main}}
environments: {dev: {clusters: [main], kubernetes: "1.37"}, test: {}}
apps:
  web: {path: apps/web, namespace: shop, environments: [dev]}
  db: {path: apps/db, namespace: shop}
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: hunter2hunter2}\n"


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    """Two revisions of a project."""
    made = git_repo({"gitctl.yaml": PROJECT, "apps/web/a.yaml": SECRET, "apps/db/a.yaml": SECRET.replace("name: s", "name: t")})
    made.commit("second", {"apps/web/a.yaml": SECRET.replace("hunter2", "hunter3") + "type: Opaque\n"})
    return made


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("version",), 0),
        (("config", "show"), 0),
        (("config", "validate"), 0),
        (("diff", "-e", "dev", "--from", "HEAD~1", "--to", "HEAD"), 1),
        (("doctor",), None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_json_and_yaml_are_the_same_result(args: tuple[str, ...], code: int | None, gitctl: Runner, repo: GitRepo) -> None:
    as_json = gitctl(*args, "-o", "json", cwd=repo.path)
    assert code in (None, as_json.code), as_json.stderr
    (document,) = documents.load_all(gitctl(*args, "-o", "yaml", cwd=repo.path).stdout.encode(), where="stdout")
    assert untagged(conforms(document.value, document.value["kind"])) == untagged(as_json.json())


def untagged(result: object) -> object:
    """Without the tags of secret values, which no two runs share."""
    return json.loads(re.sub(r'(~|Tag": ")[0-9a-f]{8}', r"\1", json.dumps(result)))


def test_secret_commands(gitctl: Runner, repo: GitRepo, age_key: AgeKey) -> None:
    file = "apps/web/a.yaml"

    def kind(*args: str) -> str:
        return str(gitctl("secret", *args, "-o", "json", cwd=repo.path).expect(0).json()["kind"])

    assert gitctl("-o", "json", "secret", "keygen", "-o", "more.key", cwd=repo.path).json()["recipient"] != age_key.recipient
    assert kind("status", "apps") == "SecretStatus"
    assert kind("encrypt", file) == "SecretResult"
    assert kind("status", "apps") == "SecretStatus"
    assert kind("view", file) == "SecretView"
    assert kind("rotate", file) == "SecretResult"


def test_bootstrap_is_one_result(gitctl: Runner, repo: GitRepo) -> None:
    first = gitctl("bootstrap", "new", "--name", "new", "-o", "json", cwd=repo.path.parent).expect(0).json()
    again = gitctl("bootstrap", "new", "--name", "new", "-o", "json", cwd=repo.path.parent).expect(0).json()
    assert {f["state"] for f in first["files"]} == {"new"}
    assert ({f["state"] for f in again["files"]}, again["commit"], again["sync"]) == ({"same"}, None, None)


def test_names_are_one_a_line(gitctl: Runner, repo: GitRepo) -> None:
    named = gitctl("diff", "-e", "dev", "--from", "HEAD~1", "--to", "HEAD", "-o", "name", cwd=repo.path).expect(1)
    assert named.stdout == "Secret shop/s\n"
