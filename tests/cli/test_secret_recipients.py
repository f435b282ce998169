"""Somebody joins, somebody leaves: rules and files of a whole repository, in one commit, with the real sops and git."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {password: kanarienvogel}\n"
FILES = ("apps/a/secret.yaml", "apps/b/secret.yaml", "prod/app.env")


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo], gitctl: Runner, age_key: AgeKey) -> GitRepo:
    """Three encrypted files that only our key opens."""
    made = git_repo({FILES[0]: SECRET, FILES[1]: SECRET, FILES[2]: "PASSWORD=kanarienvogel\n"})
    gitctl("-q", "secret", "encrypt", *FILES, cwd=made.path).expect()
    made.commit("encrypted")
    return made


def readable(gitctl: Runner, repo: GitRepo, key: AgeKey) -> list[str]:
    """The files that a key opens, alone."""
    env = {"SOPS_AGE_KEY_FILE": str(key.file), "XDG_CONFIG_HOME": str(key.file.parent)}
    return [file for file in FILES if gitctl("secret", "decrypt", file, cwd=repo.path, env=env).code == 0]


def test_joining_and_leaving(repo: GitRepo, gitctl: Runner, age_key: AgeKey, stranger: AgeKey) -> None:
    added = gitctl("secret", "recipients", "add", stranger.recipient, "--name", "Sam", "-o", "json", cwd=repo.path).expect().json()
    assert [one["file"] for one in added["files"]] == list(FILES)
    assert added["commit"] == repo.git("rev-parse", "HEAD")
    assert repo.git("log", "-1", "--format=%s") == "secrets: Sam can read"
    assert repo.git("status", "--short") == ""
    assert readable(gitctl, repo, stranger) == list(FILES)
    listed = gitctl("secret", "recipients", "list", cwd=repo.path / "apps").expect().stdout
    assert f"Sam {stranger.recipient} 3 .sops.yaml:" in re.sub(" +", " ", listed)
    before = (repo.path / FILES[0]).read_text()

    removed = gitctl("secret", "recipients", "remove", "sam", cwd=repo.path).expect()
    assert "to change: apps/a/secret.yaml: stringData.password\n" in removed.stdout
    assert "3 values known to Sam: change them" in removed.stderr
    assert readable(gitctl, repo, stranger) == []
    assert readable(gitctl, repo, age_key) == list(FILES)
    assert repo.git("rev-list", "--count", "HEAD") == "4"
    # A new data key: the one that Sam knew opens nothing written since.
    assert before.split("password: ")[1].split("\n")[0] not in (repo.path / FILES[0]).read_text()


def test_nothing_changes_when_one_file_cannot_be_opened_and_the_next_run_goes_on(
    repo: GitRepo, gitctl: Runner, age_key: AgeKey, stranger: AgeKey
) -> None:
    text = (repo.path / FILES[1]).read_text()
    repo.commit("tampered", {FILES[1]: text.replace("kind: Secret", "kind: Secrets")})
    head = repo.git("rev-parse", "HEAD")
    gitctl("secret", "recipients", "remove", stranger.recipient, cwd=repo.path).error(ErrorId.RECIPIENT_INVALID)
    gitctl("-q", "secret", "recipients", "add", stranger.recipient, "--no-commit", cwd=repo.path)
    repo.git("checkout", "--quiet", ".")
    away = age_key.file.rename(age_key.file.with_suffix(".away"))
    gitctl("secret", "recipients", "add", stranger.recipient, cwd=repo.path).error(ErrorId.NO_USABLE_KEY)
    assert repo.git("rev-parse", "HEAD") == head
    assert repo.git("status", "--short") == ""
    away.rename(age_key.file)
    repo.commit("whole", {FILES[1]: text})
    gitctl("secret", "recipients", "add", stranger.recipient, "--no-commit", cwd=repo.path).expect()
    repo.git("checkout", "--quiet", FILES[2])
    repo.git("commit", "--quiet", "-am", "half")
    again = gitctl("secret", "recipients", "add", stranger.recipient, "-o", "json", cwd=repo.path).expect().json()
    assert [one["file"] for one in again["files"]] == [FILES[2]]
    assert gitctl("secret", "recipients", "add", stranger.recipient, "-o", "json", cwd=repo.path).expect().json()["commit"] is None


def test_uncommitted_work_is_not_lost(repo: GitRepo, gitctl: Runner, stranger: AgeKey) -> None:
    mine = (repo.path / ".sops.yaml").read_text() + "# mine\n"
    repo.write(".sops.yaml", mine)
    gitctl("secret", "recipients", "add", stranger.recipient, cwd=repo.path).error(ErrorId.UNCOMMITTED_CHANGES)
    assert (repo.path / ".sops.yaml").read_text() == mine


def test_the_nearest_rules_are_changed_alone(repo: GitRepo, gitctl: Runner, age_key: AgeKey, stranger: AgeKey) -> None:
    repo.commit("own rules", {"prod/.sops.yaml": f"creation_rules:\n  - age: {age_key.recipient}\n"})
    gitctl("-q", "secret", "recipients", "add", stranger.recipient, cwd=repo.path / "prod").expect()
    assert readable(gitctl, repo, stranger) == [FILES[2]]


def test_a_file_without_a_rule_is_named(repo: GitRepo, gitctl: Runner) -> None:
    rules = (repo.path / ".sops.yaml").read_text()
    repo.write(".sops.yaml", rules.replace("  - age:", "  - path_regex: ^apps/\n    age:"))
    listed = gitctl("secret", "recipients", "list", cwd=repo.path).expect()
    assert "prod/app.env: no rule of a .sops.yaml matches it" in listed.stderr
    found = gitctl("secret", "rules", "--exit-code", "-o", "json", cwd=repo.path).expect(1).json()
    assert [one["files"] for one in found["items"]] == [2, 0]
    assert found["unruled"] == ["prod/app.env"]
    assert "the rule ^apps/ matches no encrypted file" in gitctl("secret", "rules", cwd=repo.path).expect().stderr
    repo.write(".sops.yaml", rules)
    gitctl("secret", "rules", "--exit-code", cwd=repo.path).expect(0)


def test_no_rules_and_no_repository(gitctl: Runner, git_repo: Callable[..., GitRepo], tmp_path: Path, stranger: AgeKey) -> None:
    bare = git_repo({"a": ""}, name="bare")
    gitctl("secret", "recipients", "add", stranger.recipient, cwd=bare.path).error(ErrorId.SOPS_RULE_MISSING)
    gitctl("secret", "recipients", "list", cwd=tmp_path).error(ErrorId.NOT_A_REPOSITORY)
