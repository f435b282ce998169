"""Encrypted files in real diffs, merges and rebases: the drivers as git calls them, with the real sops."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures import warm
from tests.fixtures.commands import GitRepo, Runner, run
from tests.fixtures.secrets import AgeKey, new_key

from gitctl.errors import ErrorId
from gitctl.secrets.room import PREFIX, memory_folder

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  # who
  user: bob
  password: kanarienvogel
  port: "5432"
"""
FILE = "apps/db/secret.yaml"
VALUES = ("kanarienvogel", "alice", "nachtigall", "rotkehlchen", "zaunkoenig")


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git's drivers call `gitctl` by its name."""
    monkeypatch.setenv("PATH", str(warm.program(tmp_path / "bin").parent), prepend=":")


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo], gitctl: Runner, age_key: AgeKey, on_path: None) -> GitRepo:
    """A repository with one encrypted and one plain file, set up."""
    made = git_repo({FILE: SECRET, "apps/db/values.yaml": "replicas: 1\n"})
    gitctl("-q", "secret", "encrypt", FILE, cwd=made.path).expect()
    gitctl("-q", "secret", "git-setup", cwd=made.path).expect()
    made.commit("encrypted")
    return made


def put(repo: GitRepo, gitctl: Runner, script: str, file: str = FILE) -> None:
    """Edit the plaintext by a sed script, and commit."""
    gitctl("-q", "secret", "edit", file, cwd=repo.path, env={"EDITOR": f"sed -i '{script}'"}).expect()
    repo.commit("edit")


def plain(repo: GitRepo, gitctl: Runner, file: str = FILE) -> str:
    """The plaintext, verified by sops."""
    return gitctl("secret", "decrypt", file, cwd=repo.path).expect().stdout


def ciphertexts(repo: GitRepo, file: str = FILE) -> dict[str, str]:
    """The encrypted value of each key."""
    return dict(re.findall(r"^\s+(\w+): (ENC\[.*\])$", (repo.path / file).read_text(), re.MULTILINE))


def branches(repo: GitRepo, gitctl: Runner, ours: str, theirs: str, file: str = FILE) -> None:
    """`theirs` on a branch of that name, `ours` on main."""
    repo.git("checkout", "--quiet", "-b", "theirs")
    put(repo, gitctl, theirs, file)
    repo.git("checkout", "--quiet", "main")
    put(repo, gitctl, ours, file)


def merge(repo: GitRepo, *words: str) -> tuple[int, str]:
    """`git merge theirs`, or what else is asked for: exit code and all that was said."""
    done = run(("git", *(words or ("merge", "--quiet", "--no-edit", "theirs"))), cwd=repo.path)
    return done.code, done.stdout + done.stderr


# ── set-up ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_setup_names_files_and_is_idempotent(repo: GitRepo, gitctl: Runner) -> None:
    assert "\nsecret.yaml diff=gitctl merge=gitctl\n" in (repo.path / ".gitattributes").read_text()
    assert repo.git("check-attr", "merge", FILE).endswith(": gitctl")
    assert gitctl("secret", "git-setup", "-o", "json", cwd=repo.path).expect().json()["changed"] is False
    gitctl("secret", "git-setup", "--check", cwd=repo.path).expect(0)


def test_check_finds_a_new_file_of_a_name_that_is_plain_elsewhere(repo: GitRepo, gitctl: Runner) -> None:
    repo.write("apps/web/values.yaml", "password: kanarienvogel\n")
    gitctl("-q", "secret", "encrypt", "apps/web/values.yaml", cwd=repo.path).expect()
    repo.commit()
    found = gitctl("secret", "git-setup", "--check", cwd=repo.path).expect(1)
    assert ".gitattributes: /apps/web/values.yaml: missing" in found.stdout
    gitctl("-q", "secret", "git-setup", cwd=repo.path / "apps").expect()
    assert repo.git("check-attr", "merge", "apps/web/values.yaml").endswith(": gitctl")
    assert repo.git("check-attr", "merge", "apps/db/values.yaml").endswith(": unspecified")


def test_remove_leaves_what_is_not_ours(repo: GitRepo, gitctl: Runner) -> None:
    repo.write(".gitattributes", "*.png binary\n" + (repo.path / ".gitattributes").read_text() + "*.jpg binary\n")
    gitctl("secret", "git-setup", "--remove", cwd=repo.path).expect()
    assert (repo.path / ".gitattributes").read_text() == "*.png binary\n*.jpg binary\n"
    assert "gitctl" not in repo.git("config", "--local", "--list")
    gitctl("secret", "git-setup", "--check", cwd=repo.path).expect(1)


def test_outside_of_a_repository(gitctl: Runner, tmp_path: Path) -> None:
    gitctl("secret", "git-setup", cwd=tmp_path).error(ErrorId.NOT_A_REPOSITORY)


# ── diff ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_diff_tells_which_value_changed_and_never_to_what(repo: GitRepo, gitctl: Runner) -> None:
    put(repo, gitctl, "s/kanarienvogel/nachtigall/")
    shown = repo.git("diff", "HEAD~1")
    assert re.search(r"^-  +password: \*\*\* \(13 bytes\) ~[0-9a-f]{8}$", shown, re.MULTILINE), shown
    assert re.search(r"^\+  +password: \*\*\* \(10 bytes\) ~[0-9a-f]{8}$", shown, re.MULTILINE), shown
    assert not re.search(r"^[-+] +(user|port)", shown, re.MULTILINE), shown
    assert not any(value in shown for value in VALUES)


def test_tags_are_equal_for_equal_values_also_after_a_rotation(repo: GitRepo, gitctl: Runner) -> None:
    gitctl("-q", "secret", "rotate", FILE, cwd=repo.path).expect()
    assert not re.search(r"^[-+] ", repo.git("diff"), re.MULTILINE)
    assert "secret.yaml" in repo.git("status", "--short")


def test_a_diff_without_a_key_shows_what_was_edited(repo: GitRepo, gitctl: Runner, age_key: AgeKey) -> None:
    put(repo, gitctl, "s/kanarienvogel/nachtigall/")
    age_key.file.unlink()
    shown = repo.git("diff", "HEAD~1")
    assert re.search(r"^\+  +password: \*\*\* \(10 bytes stored\) ~[0-9a-f]{8}$", shown, re.MULTILINE), shown
    assert not re.search(r"^[-+] +(user|port)", shown, re.MULTILINE), shown


def test_a_diff_shows_who_can_read(repo: GitRepo, gitctl: Runner, stranger: AgeKey) -> None:
    rules = repo.path / ".sops.yaml"
    rules.write_text(re.sub(r"(age: )(age1\w+)", rf"\1\2,{stranger.recipient}", rules.read_text()))
    gitctl("-q", "secret", "rotate", "--recipients", FILE, cwd=repo.path).expect()
    assert f"+# readable for {stranger.recipient}" in repo.git("diff", FILE)


@pytest.mark.parametrize("text", ["sops: {mac: x}\na: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:x]\nsops: [\n", "\x00ENC[AES256_GCM,"])
def test_a_broken_file_never_stops_a_diff(repo: GitRepo, text: str) -> None:
    repo.write(FILE, text)
    assert merge(repo, "diff", FILE)[0] == 0


# ── merge ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_neighbouring_values_merge_and_what_did_not_change_keeps_its_ciphertext(repo: GitRepo, gitctl: Runner) -> None:
    before = ciphertexts(repo)
    branches(repo, gitctl, "s/kanarienvogel/nachtigall/", "s/bob/alice/")
    ours = ciphertexts(repo)
    assert merge(repo)[0] == 0
    text = plain(repo, gitctl)
    assert "user: alice" in text
    assert "password: nachtigall" in text
    assert "# who" in text
    after = ciphertexts(repo)
    assert after["port"] == before["port"]
    assert after["password"] == ours["password"]
    assert after["user"] != before["user"]


def test_a_key_that_they_added_and_one_that_they_took_away(repo: GitRepo, gitctl: Runner) -> None:
    branches(repo, gitctl, "s/kanarienvogel/nachtigall/", '/port:/d; s/user: bob/user: bob\\n    token: "0123"/')
    assert merge(repo)[0] == 0
    text = plain(repo, gitctl)
    assert 'token: "0123"' in text
    assert "port" not in text
    assert "ENC[" in ciphertexts(repo)["token"]


def test_a_rebase_merges_too(repo: GitRepo, gitctl: Runner) -> None:
    branches(repo, gitctl, "s/kanarienvogel/nachtigall/", "s/bob/alice/")
    repo.git("checkout", "--quiet", "theirs")
    code, said = merge(repo, "rebase", "--quiet", "main")
    assert code == 0, said
    assert "user: alice" in plain(repo, gitctl)
    assert "password: nachtigall" in plain(repo, gitctl)


def test_a_conflict_is_told_by_key_and_decided_by_key(repo: GitRepo, gitctl: Runner) -> None:
    branches(repo, gitctl, "s/kanarienvogel/nachtigall/", "s/kanarienvogel/rotkehlchen/; s/bob/alice/")
    code, said = merge(repo)
    assert code == 1
    assert f"{FILE}: in conflict: stringData.password (ours *** (10 bytes), theirs *** (11 bytes))" in said
    assert not any(value in said for value in VALUES)
    assert "user: alice" in plain(repo, gitctl)
    assert "password: nachtigall" in plain(repo, gitctl)
    listed = gitctl("secret", "conflicts", FILE, "-o", "json", cwd=repo.path).expect(1).json()
    assert [one["key"] for one in listed["conflicts"]] == ["stringData.password"]
    gitctl("secret", "conflicts", FILE, "--theirs", "stringData.user", cwd=repo.path).error(ErrorId.ARGUMENT_INVALID)
    both = ("--theirs", "all", "--ours", "stringData.password")
    gitctl("secret", "conflicts", FILE, *both, cwd=repo.path).error(ErrorId.FLAGS_CONFLICT)
    gitctl("secret", "conflicts", FILE, "--theirs", "stringData.password", cwd=repo.path).expect(0)
    assert "password: rotkehlchen" in plain(repo, gitctl)
    repo.git("add", FILE)
    gitctl("secret", "conflicts", FILE, cwd=repo.path).error(ErrorId.NOT_IN_CONFLICT)
    repo.git("commit", "--quiet", "--no-edit")


def test_without_a_key_nothing_is_merged_and_nothing_lost(repo: GitRepo, gitctl: Runner, age_key: AgeKey) -> None:
    branches(repo, gitctl, "s/kanarienvogel/nachtigall/", "s/bob/alice/")
    ours = (repo.path / FILE).read_bytes()
    away = age_key.file.rename(age_key.file.with_suffix(".away"))
    code, said = merge(repo)
    away.rename(age_key.file)
    assert code == 1
    assert "no usable key" in said
    assert (repo.path / FILE).read_bytes() == ours
    assert gitctl("secret", "conflicts", FILE, cwd=repo.path).expect(0)
    assert "user: alice" in plain(repo, gitctl)


def test_recipients_merge_as_a_set_and_who_was_taken_away_cannot_read_on(
    repo: GitRepo, gitctl: Runner, stranger: AgeKey, tmp_path: Path
) -> None:
    late = new_key(tmp_path / "late" / "keys.txt")
    rules = repo.path / ".sops.yaml"
    alone = rules.read_text()

    def readers(*more: str) -> None:
        rules.write_text(re.sub(r"(age: )(age1\w+)", lambda found: ",".join((found[0], *more)), alone))
        gitctl("-q", "secret", "rotate", "--recipients", FILE, cwd=repo.path).expect()
        repo.commit("readers")

    readers(stranger.recipient)
    repo.git("checkout", "--quiet", "-b", "theirs")
    rules.write_text(alone)
    gitctl("-q", "secret", "rotate", "--recipients", FILE, cwd=repo.path).expect()
    repo.git("commit", "--quiet", "-m", "gone", FILE)
    repo.git("checkout", "--quiet", "--force", "main")
    readers(stranger.recipient, late.recipient)
    put(repo, gitctl, "s/bob/alice/")
    assert merge(repo)[0] == 0
    for key, code in ((late, 0), (stranger, 3)):
        gitctl("secret", "decrypt", FILE, cwd=repo.path, env={"SOPS_AGE_KEY_FILE": str(key.file), "XDG_CONFIG_HOME": str(tmp_path)}).expect(
            code
        )


def test_plain_on_one_side_is_refused(repo: GitRepo, gitctl: Runner) -> None:
    repo.git("checkout", "--quiet", "-b", "theirs")
    gitctl("-q", "secret", "decrypt", "--dangerous-in-place", FILE, cwd=repo.path)
    repo.commit("plain")
    repo.git("checkout", "--quiet", "main")
    put(repo, gitctl, "s/bob/alice/")
    assert merge(repo)[0] == 1
    gitctl("secret", "conflicts", FILE, cwd=repo.path).error(ErrorId.SECRET_MERGE)


def test_a_changed_selection_is_refused(repo: GitRepo, gitctl: Runner) -> None:
    """By the rules of the other side the new key would be plain text."""
    repo.git("checkout", "--quiet", "-b", "theirs")
    gitctl("-q", "secret", "decrypt", "--dangerous-in-place", FILE, cwd=repo.path).expect()
    rules = repo.path / ".sops.yaml"
    rules.write_text(rules.read_text().replace("^(data|stringData)$", "^(password|secret)$"))
    gitctl("-q", "secret", "encrypt", FILE, cwd=repo.path).expect()
    repo.git("commit", "--quiet", "-m", "selection", FILE)
    repo.git("checkout", "--quiet", "--force", "main")
    put(repo, gitctl, "s/bob/alice/")
    assert merge(repo)[0] == 1
    gitctl("secret", "conflicts", FILE, cwd=repo.path).error(ErrorId.SECRET_MERGE)


KINDS = {
    "app.json": ('{"user": "bob", "password": "kanarienvogel"}\n', "s/bob/alice/", "s/kanarienvogel/nachtigall/"),
    "app.env": ("USER_NAME=bob\nPASSWORD=kanarienvogel\n", "s/bob/alice/", "s/kanarienvogel/nachtigall/"),
    "two.yaml": ("a:\n  user: bob\n---\nb:\n  password: kanarienvogel\n", "s/bob/alice/", "s/kanarienvogel/nachtigall/"),
}


@pytest.mark.parametrize("name", KINDS)
def test_other_kinds(repo: GitRepo, gitctl: Runner, name: str) -> None:
    text, ours, theirs = KINDS[name]
    repo.write(name, text)
    gitctl("-q", "secret", "encrypt", name, cwd=repo.path).expect()
    gitctl("-q", "secret", "git-setup", cwd=repo.path).expect()
    repo.commit()
    branches(repo, gitctl, ours, theirs, name)
    assert merge(repo)[0] == 0
    merged = plain(repo, gitctl, name)
    assert "alice" in merged
    assert "nachtigall" in merged


def test_a_file_without_structure_conflicts_as_a_whole(repo: GitRepo, gitctl: Runner) -> None:
    repo.write("key.bin", "kanarienvogel\n")
    gitctl("-q", "secret", "encrypt", "key.bin", cwd=repo.path).expect()
    gitctl("-q", "secret", "git-setup", cwd=repo.path).expect()
    repo.commit()
    branches(repo, gitctl, "s/vogel/rabe/", "s/vogel/eule/", "key.bin")
    code, said = merge(repo)
    assert code == 1
    assert "key.bin: in conflict: the top" in said
    gitctl("secret", "conflicts", "key.bin", "--theirs", "all", cwd=repo.path).expect(0)
    assert plain(repo, gitctl, "key.bin") == "kanarieneule\n"


def test_plain_files_of_a_pattern_are_merged_as_git_does(repo: GitRepo, gitctl: Runner) -> None:
    gitctl("-q", "secret", "git-setup", "--pattern", "*.yaml", cwd=repo.path).expect()
    repo.commit()
    repo.git("checkout", "--quiet", "-b", "theirs")
    repo.commit("theirs", {"apps/db/values.yaml": "replicas: 2\n"})
    repo.git("checkout", "--quiet", "main")
    repo.commit("ours", {"apps/db/values.yaml": "replicas: 3\n"})
    assert merge(repo)[0] == 1
    assert "<<<<<<< ours\nreplicas: 3\n=======\nreplicas: 2\n" in (repo.path / "apps/db/values.yaml").read_text()


def test_no_plaintext_stays_anywhere(repo: GitRepo, gitctl: Runner, runtime_folder: Path) -> None:
    branches(repo, gitctl, "s/kanarienvogel/nachtigall/", "s/kanarienvogel/rotkehlchen/")
    merge(repo)
    parent = memory_folder()
    assert parent is not None
    assert list(parent.glob(f"{PREFIX}*")) == []
    for file in repo.path.rglob("*"):
        if file.is_file():
            assert not any(value.encode() in file.read_bytes() for value in VALUES), file
