"""`gitctl secret` as a user runs it, with the real sops, in folders without a gitctl.yaml."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  user: bob
  password: kanarienvogel
"""


@pytest.fixture
def sealed(tmp_path: Path, age_key: AgeKey, gitctl: Runner) -> Path:
    """`db.yaml`, encrypted by the command itself."""
    file = tmp_path / "db.yaml"
    file.write_text(SECRET)
    gitctl("-q", "secret", "encrypt", "db.yaml").expect()
    return file


# ── keygen ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keygen_prints_the_public_key_alone_and_appends(gitctl: Runner, tmp_path: Path) -> None:
    first = gitctl("secret", "keygen", "-o", "keys.txt").expect()
    assert first.stdout.startswith("age1")
    assert first.stdout.count("\n") == 1
    assert "made keys.txt" in first.stderr
    second = gitctl("secret", "keygen", "-o", "keys.txt").expect()
    assert "added to keys.txt" in second.stderr
    text = (tmp_path / "keys.txt").read_text()
    assert first.stdout.strip() in text
    assert second.stdout.strip() in text
    assert "AGE-SECRET-KEY" not in first.stdout + first.stderr + second.stdout + second.stderr


def test_keygen_without_a_file_makes_the_key_that_sops_finds(gitctl: Runner, isolated: Path) -> None:
    made = gitctl("-o", "json", "secret", "keygen").expect().json()
    assert made["kind"] == "SecretKey"
    assert made["file"] == str(isolated / "config/sops/age/keys.txt")
    assert made["recipient"] in Path(made["file"]).read_text()


def test_keygen_in_a_repository_warns(gitctl: Runner, git_repo: type[GitRepo]) -> None:
    assert "never commit it" in gitctl("secret", "keygen", "-o", "keys.txt", cwd=git_repo({}).path).expect().stderr


# ── encrypt, decrypt, view ────────────────────────────────────────────────────────────────────────────────────────────


def test_encrypt_makes_the_rules_at_the_root_of_the_repository(gitctl: Runner, git_repo: type[GitRepo], age_key: AgeKey) -> None:
    repo = git_repo({"apps/db.yaml": SECRET})
    done = gitctl("secret", "encrypt", "db.yaml", cwd=repo.path / "apps").expect()
    assert done.stdout == "encrypted db.yaml\n"
    assert "made ../.sops.yaml: commit it" in done.stderr
    assert age_key.recipient in (repo.path / ".sops.yaml").read_text()
    text = (repo.path / "apps" / "db.yaml").read_text()
    assert "kind: Secret" in text
    assert "kanarienvogel" not in text


def test_encrypt_with_c_and_json(gitctl: Runner, tmp_path: Path, age_key: AgeKey) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "db.yaml").write_text(SECRET)
    done = gitctl("secret", "encrypt", "-C", "deep", "db.yaml", "-o", "json").expect().json()
    assert done["files"] == ["deep/db.yaml"]
    assert done["action"] == "encrypted"
    assert (tmp_path / "deep" / ".sops.yaml").is_file()


def test_encrypt_without_a_key_says_how_to_make_one(gitctl: Runner, tmp_path: Path) -> None:
    (tmp_path / "db.yaml").write_text(SECRET)
    done = gitctl("secret", "encrypt", "db.yaml").expect(3)
    assert "no such key file" in done.stderr
    assert "hint: make one with `gitctl secret keygen`" in done.stderr
    assert (tmp_path / "db.yaml").read_text() == SECRET


@pytest.mark.parametrize("verb", ["encrypt", "decrypt", "edit", "view", "rotate", "status"])
def test_a_missing_file_is_one_clear_error(gitctl: Runner, verb: str, age_key: AgeKey) -> None:
    done = gitctl("secret", verb, "gone.yaml").expect(3)
    assert done.stderr == "error: gone.yaml: no such file\n  see: gitctl explain file-missing\n"
    assert done.stdout == ""


@pytest.mark.parametrize("verb", ["decrypt", "edit", "view", "rotate"])
def test_a_plain_file_is_one_clear_error(gitctl: Runner, tmp_path: Path, verb: str, age_key: AgeKey) -> None:
    (tmp_path / "db.yaml").write_text(SECRET)
    done = gitctl("secret", verb, "db.yaml", env={"EDITOR": "true"}).expect(3)
    told = "error: db.yaml: not encrypted by sops\n  hint: `gitctl secret encrypt` encrypts it\n  see: gitctl explain not-encrypted\n"
    assert done.stderr == told
    assert (tmp_path / "db.yaml").read_text() == SECRET


def test_decrypt_gives_the_bytes_back_also_where_output_is_redacted(gitctl: Runner, sealed: Path) -> None:
    plain = gitctl("secret", "decrypt", "db.yaml").expect().stdout
    assert "password: kanarienvogel" in plain
    assert '"password": "kanarienvogel"' in gitctl("secret", "decrypt", "db.yaml", "-o", "json").expect().stdout
    gitctl("secret", "decrypt", "db.yaml", "-o", "markdown").expect(2)


def test_decrypt_in_place(gitctl: Runner, sealed: Path) -> None:
    done = gitctl("secret", "decrypt", "--dangerous-in-place", "db.yaml").expect()
    assert done.stdout == ""
    assert "warning: db.yaml is plain text now: do not commit it" in done.stderr
    assert "password: kanarienvogel" in sealed.read_text()


def test_view_masks_unless_told(gitctl: Runner, sealed: Path) -> None:
    shown = gitctl("secret", "view", "db.yaml").expect().stdout
    assert "user: *** (3 bytes)\n" in shown
    assert "kanarienvogel" not in shown
    assert gitctl("secret", "view", "db.yaml", "-o", "json").expect().json()["values"] == [
        {"document": 0, "path": ["stringData", "user"], "bytes": 3},
        {"document": 0, "path": ["stringData", "password"], "bytes": 13},
    ]
    assert "kanarienvogel" in gitctl("secret", "view", "--dangerous-show-secrets", "db.yaml").expect().stdout


def test_tampered_content_is_refused(gitctl: Runner, sealed: Path) -> None:
    sealed.write_text(sealed.read_text().replace("name: db", "name: dc"))
    done = gitctl("secret", "decrypt", "db.yaml").expect(3)
    assert "error: db.yaml: tampered: MAC mismatch" in done.stderr
    assert done.stdout == ""


def test_no_usable_key_says_which_and_where(gitctl: Runner, sealed: Path, age_key: AgeKey) -> None:
    age_key.file.unlink()
    done = gitctl("secret", "decrypt", "db.yaml").expect(5)
    assert "error: db.yaml: no usable key" in done.stderr
    assert f"wanted: a key of {age_key.recipient}" in done.stderr
    assert f"looked in: {age_key.file} (not there)" in done.stderr


def test_no_sops(gitctl: Runner, sealed: Path, tmp_path: Path) -> None:
    done = gitctl("secret", "decrypt", "db.yaml", env={"PATH": str(tmp_path)}).expect(5)
    assert "sops is not on PATH" in done.stderr


# ── status, rotate ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status(gitctl: Runner, sealed: Path, age_key: AgeKey, tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(SECRET)
    shown = gitctl("secret", "status", "-v").expect()
    rows = [line.split() for line in shown.stdout.splitlines()]
    assert rows[0] == ["FILE", "STATE", "RECIPIENTS", "MODIFIED", "RULE"]
    assert [(r[0], r[1], r[2]) for r in rows[1:3]] == [("db.yaml", "encrypted", "1"), ("plain.yaml", "plain", "-")]
    assert f"db.yaml: {age_key.recipient}" in shown.stdout
    assert "2 files, 1 finding" in shown.stderr
    files = gitctl("secret", "status", "-o", "json").expect().json()["files"]
    assert [(f["file"], f["state"], f["rule"]) for f in files] == [("db.yaml", "encrypted", "matches"), ("plain.yaml", "plain", "no rule")]
    gitctl("secret", "status", "--exit-code").expect(1)
    gitctl("secret", "status", "--exit-code", "db.yaml").expect(0)


def test_status_names_the_files(gitctl: Runner, sealed: Path) -> None:
    assert gitctl("secret", "status", "-o", "name").expect().stdout == "db.yaml\n"


def test_rotate_and_recipients(gitctl: Runner, sealed: Path, stranger: AgeKey, age_key: AgeKey, tmp_path: Path) -> None:
    before = sealed.read_text()
    assert gitctl("secret", "rotate", "db.yaml").expect().stdout == "rotated db.yaml\n"
    assert sealed.read_text() != before
    rule = tmp_path / ".sops.yaml"
    rule.write_text(rule.read_text().replace(age_key.recipient, f"{age_key.recipient},{stranger.recipient}"))
    assert "differs" in gitctl("secret", "status").expect().stdout
    gitctl("secret", "rotate", "--recipients", "db.yaml").expect()
    assert "matches" in gitctl("secret", "status").expect().stdout
    opened = gitctl("secret", "decrypt", "db.yaml", env={"SOPS_AGE_KEY_FILE": str(stranger.file)}).expect().stdout
    assert "kanarienvogel" in opened


# ── edit ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_edit(gitctl: Runner, sealed: Path, runtime_folder: Path) -> None:
    done = gitctl("secret", "edit", "db.yaml", env={"EDITOR": "sed -i s/kanarienvogel/spatz/"}).expect()
    assert done.stdout == "edited db.yaml\n"
    assert "password: spatz" in gitctl("secret", "decrypt", "db.yaml").expect().stdout
    assert "db.yaml is unchanged" in gitctl("secret", "edit", "db.yaml", env={"EDITOR": "false", "SOPS_EDITOR": "true"}).expect().stderr
    assert list(runtime_folder.iterdir()) == []


def test_edit_to_bad_yaml_without_a_terminal(gitctl: Runner, sealed: Path, runtime_folder: Path) -> None:
    before = sealed.read_text()
    done = gitctl("secret", "edit", "db.yaml", env={"EDITOR": "sed -i s/stringData:/stringData/"}).expect(3)
    assert done.stderr.startswith("error: db.yaml:6:")
    assert "kanarienvogel" not in done.stderr
    assert sealed.read_text() == before


def test_edit_without_an_editor(gitctl: Runner, sealed: Path, tmp_path: Path) -> None:
    sops = next(Path(folder) / "sops" for folder in os.environ["PATH"].split(os.pathsep) if (Path(folder) / "sops").is_file())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sops").symlink_to(sops)
    done = gitctl("secret", "edit", "db.yaml", env={"PATH": str(tmp_path / "bin"), "EDITOR": ""}).error(ErrorId.EDITOR_MISSING)
    assert "error: no editor" in done.stderr


def script(folder: Path, text: str) -> str:
    """An editor."""
    file = folder / "editor"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_bad_text_is_asked_for_again_on_a_terminal(sealed: Path, tmp_path: Path, runtime_folder: Path) -> None:
    once = tmp_path / "once"
    editor = script(
        tmp_path,
        f'if [ -e {once} ]; then sed -i s/stringData/stringData:/ "$1"\n'
        f'else touch {once}; sed -i -e s/stringData:/stringData/ -e s/kanarienvogel/spatz/ "$1"; fi',
    )
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "gitctl", "secret", "edit", "db.yaml"],
        cwd=tmp_path, env={**os.environ, "EDITOR": editor}, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while b"edit again?" not in seen:
        seen += os.read(ours, 4096)
    os.write(ours, b"y\n")
    assert child.wait(timeout=30) == 0
    os.close(ours)
    assert b"kanarienvogel" not in seen
    opened = subprocess.run(["sops", "decrypt", sealed], capture_output=True, text=True, check=True).stdout
    assert "password: spatz" in opened


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGKILL, -9)])
def test_a_killed_edit_leaves_no_plaintext(sealed: Path, tmp_path: Path, runtime_folder: Path, number: signal.Signals, code: int) -> None:
    text = sealed.read_text()
    ready = tmp_path / "ready"
    editor = script(tmp_path, f'echo "$1" > {ready}.part; echo $$ > {ready}.pid; mv {ready}.part {ready}; exec sleep 60')
    child = subprocess.Popen(
        [sys.executable, "-m", "gitctl", "secret", "edit", "db.yaml"], cwd=tmp_path, env={**os.environ, "EDITOR": editor}
    )
    while not ready.exists():
        time.sleep(0.02)
    draft = Path(ready.read_text().strip())
    assert "kanarienvogel" in draft.read_text()
    child.send_signal(number)
    assert child.wait(timeout=20) == code
    end = time.monotonic() + 10
    while list(runtime_folder.iterdir()) and time.monotonic() < end:
        time.sleep(0.02)
    assert list(runtime_folder.iterdir()) == []
    assert sealed.read_text() == text
    if number is signal.SIGKILL:
        os.kill(int(ready.with_suffix(".pid").read_text()), signal.SIGTERM)
