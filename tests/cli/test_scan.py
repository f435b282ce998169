"""`gitctl secret scan` as a user and as a Git hook run it, in real repositories."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.fixtures import warm
from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId

MakeRepo = Callable[..., GitRepo]

SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: kanarienvogel\n"
FOUND = ":6:3: plain text in a Secret: Secret/db stringData.password (13 bytes)\n"


def test_tracked_files_named_files_and_what_is_accepted(gitctl: Runner, git_repo: MakeRepo) -> None:
    repo = git_repo({"a/secret.yaml": SECRET, "b/fine.yaml": "kind: ConfigMap\n", "broken.yaml": "kind: Secret\n x: [\n"})
    repo.write("untracked.yaml", SECRET)
    (repo.path / "link.yaml").symlink_to("a/secret.yaml")
    (repo.path / "large.yaml").write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    repo.git("add", "link.yaml", "large.yaml")
    done = gitctl("secret", "scan", cwd=repo.path).expect(1)
    assert done.stdout == f"a/secret.yaml{FOUND}"
    assert "kanarienvogel" not in done.stdout + done.stderr
    assert "warning: large.yaml was not looked at: larger than 8 MiB" in done.stderr
    assert "warning: broken.yaml was not looked at: not readable: " in done.stderr
    assert "3 files, 1 finding" in done.stderr
    assert "note: 1 file that Git does not track not looked at" in done.stderr
    assert gitctl("secret", "scan", cwd=repo.path / "b").expect(1).stdout == f"../a/secret.yaml{FOUND}"
    gitctl("secret", "scan", "b", "-q", cwd=repo.path).expect(0)
    gitctl("secret", "scan", "--exclude", "a/*", cwd=repo.path).expect(0)
    assert gitctl("secret", "scan", "untracked.yaml", "b", "-o", "name", cwd=repo.path).expect(1).stdout == "untracked.yaml\n"
    told = gitctl("secret", "scan", "a", "-o", "github", "-q", cwd=repo.path).expect(1).stdout
    assert told.startswith(
        "::error file=a/secret.yaml,line=6,col=3,title=gitctl%3A plaintext-secret::Secret/db stringData.password: plain text in a Secret (13 bytes)"
    )
    log = json.loads(gitctl("secret", "scan", "-o", "sarif", cwd=repo.path).expect(1).stdout)
    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"]) == ("plaintext-secret", 6)
    cases = gitctl("secret", "scan", "-o", "junit", cwd=repo.path).expect(1).stdout
    assert 'failures="1"' in cases
    assert "kanarienvogel" not in told + json.dumps(log) + cases
    assert "nowhere.yaml: no such file" in gitctl("secret", "scan", "nowhere.yaml", cwd=repo.path).error(ErrorId.FILE_MISSING).stderr
    repo.write("a/secret.yaml", SECRET.replace("stringData", "  annotations: {gitctl.dev/allow-plaintext: a test}\nstringData"))
    body = gitctl("secret", "scan", "-o", "json", cwd=repo.path).expect(0).json()
    (accepted,) = body["accepted"]
    assert (body["findings"], accepted["reason"], accepted["key"], accepted["bytes"]) == ([], "a test", "stringData.password", 13)


def test_outside_of_git_folders_can_be_looked_at(gitctl: Runner, tmp_path: Path) -> None:
    (tmp_path / "x" / ".git").mkdir(parents=True)
    (tmp_path / "x" / "a.yaml").write_text(SECRET)
    assert gitctl("secret", "scan", "x").expect(1).stdout == f"x/a.yaml{FOUND}"
    assert "name files or folders" in gitctl("secret", "scan").error(ErrorId.NOT_A_REPOSITORY).stderr
    gitctl("secret", "scan", "--staged").expect(4)
    gitctl("secret", "scan", "--staged", "x").error(ErrorId.FLAGS_CONFLICT)


def test_staged_is_what_the_index_has_and_nothing_else(gitctl: Runner, git_repo: MakeRepo, age_key: AgeKey) -> None:
    repo = git_repo()
    repo.write("first.yaml", SECRET)
    repo.git("add", "first.yaml")
    repo.write("first.yaml", "kind: ConfigMap\n")  # the work tree is not what would be committed
    assert gitctl("secret", "scan", "--staged", cwd=repo.path).expect(1).stdout == f"first.yaml{FOUND}"
    repo.commit(
        "with an old secret", {"old.yaml": SECRET, "gone.yaml": SECRET, "web/kustomization.yaml": "secretGenerator: [{envs: [db.env]}]\n"}
    )
    gitctl("secret", "scan", "--staged", cwd=repo.path).expect(0)
    repo.git("mv", "old.yaml", "sub dir ü.yaml")
    repo.git("rm", "--quiet", "gone.yaml")
    repo.write("web/db.env", "USER=bob\n")
    repo.write("key.txt", age_key.file.read_text())
    (repo.path / "blob.bin").write_bytes(b"\0" + age_key.file.read_bytes())
    (repo.path / "link").symlink_to("key.txt")
    submodule = git_repo({"s.yaml": SECRET}, name="inner")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(submodule.path), "inner")
    repo.git("add", "--all")
    for file in ("web/db.env", "key.txt"):
        (repo.path / file).unlink()
    body = gitctl("secret", "scan", "--staged", "-o", "json", cwd=repo.path / "inner" / "..").expect(1).json()
    assert [(f["file"], f["kind"], f["key"]) for f in body["findings"]] == [
        ("blob.bin", "age-key", ""),
        ("key.txt", "age-key", ""),
        ("sub dir ü.yaml", "kubernetes-secret", "stringData.password"),
        ("web/db.env", "kustomize-secret", "USER"),
    ]


def test_a_git_hook_sees_what_commit_all_commits(git_repo: MakeRepo, tmp_path: Path) -> None:
    repo = git_repo({"a.yaml": "kind: ConfigMap\n", "b.yaml": "kind: ConfigMap\n"})
    hook = repo.path / ".git/hooks/pre-commit"
    program = warm.program(tmp_path / "bin")
    hook.write_text(f'#!/bin/sh\nexec "{program}" secret scan --staged -q\n')
    hook.chmod(0o755)
    environment = dict(os.environ)

    def commit(*args: str) -> subprocess.CompletedProcess[str]:
        argv = ["git", "commit", "--quiet", "--message", "x", *args]
        return subprocess.run(argv, cwd=repo.path, env=environment, capture_output=True, text=True, check=False)

    repo.write("a.yaml", SECRET)
    assert f"a.yaml{FOUND}" in commit("--all").stdout + commit("--all").stderr
    assert commit("a.yaml").returncode == 1
    repo.write("b.yaml", "kind: ConfigMap\n# changed\n")
    assert commit("b.yaml").returncode == 0
    assert repo.git("status", "--porcelain") == "M a.yaml"
    # Asked about another repository, the index of this commit is not meant; one that lies by itself is.
    other = git_repo({"x.yaml": "kind: ConfigMap\n"}, name="other")
    hook.write_text(f'#!/bin/sh\nexec "{program}" -C "{other.path}" secret scan --staged -q\n')
    assert commit("--all").returncode == 0
    hook.write_text(f'#!/bin/sh\nexec "{program}" secret scan --staged -q\n')
    repo.write("a.yaml", SECRET + "# again\n")
    environment["GIT_INDEX_FILE"] = str(tmp_path / "index")
    (tmp_path / "index").write_bytes((repo.path / ".git/index").read_bytes())
    assert f"a.yaml{FOUND}" in commit("--all").stderr


def test_this_repository_has_no_secret_without_a_reason(gitctl: Runner) -> None:
    root = Path(__file__).parents[2]
    if (root / ".git").exists():
        attacks = ("--exclude", "tests/advisories/*", "--exclude", "tests/fuzz/corpus/*")
        assert "0 findings, " in gitctl("secret", "scan", *attacks, cwd=root).expect(0).stderr
