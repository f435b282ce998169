"""pysops against the real sops: every kind there and back, every exit code an error of its own."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId, ExitCode, GitctlError, ToolMissing, exit_code_of
from gitctl.secrets import pysops
from gitctl.secrets.pysops import Kind, program
from gitctl.secrets.pysops.explain import explain

CANARY = "kanarienvogel"
PLAIN = {
    Kind.YAML: f"# who\nuser: bob\npassword: {CANARY}\n".encode(),
    Kind.JSON: b'{\n\t"password": "kanarienvogel"\n}\n',
    Kind.DOTENV: b"PASSWORD=kanarienvogel\n",
    Kind.INI: b"[db]\npassword = kanarienvogel\n",
    Kind.BINARY: b"\x00\xff kanarienvogel \x80\n",
}


def sealed(key: AgeKey, kind: Kind = Kind.YAML) -> bytes:
    return pysops.encrypt(PLAIN[kind], kind=kind, recipients=(key.recipient,))


def fails(error: type[GitctlError], content: bytes, kind: Kind = Kind.YAML) -> GitctlError:
    with pytest.raises(error) as caught:
        pysops.decrypt(content, kind=kind, filename="apps/db.yaml")
    assert CANARY not in repr(vars(caught.value))
    return caught.value


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_goes_there_and_back(age_key: AgeKey, kind: Kind) -> None:
    content = sealed(age_key, kind)
    assert CANARY.encode() not in content
    # sops before 3.11 ends JSON without a newline.
    assert pysops.decrypt(content, kind=kind).rstrip(b"\n") == PLAIN[kind].rstrip(b"\n")
    assert pysops.recipients(content, kind=kind) == (age_key.recipient,)


@pytest.mark.parametrize("kind", Kind)
def test_status_needs_no_key(age_key: AgeKey, kind: Kind) -> None:
    content = sealed(age_key, kind)
    age_key.file.unlink()
    status = pysops.status(content, kind=kind)
    assert status.encrypted
    assert status.modified.startswith("20")
    assert status.version.count(".") == 2
    assert not pysops.status(PLAIN[kind], kind=kind).encrypted


def test_output_in_another_form(age_key: AgeKey) -> None:
    assert b'"user": "bob"' in pysops.decrypt(sealed(age_key), kind=Kind.YAML, output=Kind.JSON)


def test_encrypted_regex_leaves_the_rest_readable(age_key: AgeKey) -> None:
    content = pysops.encrypt(PLAIN[Kind.YAML], kind=Kind.YAML, recipients=(age_key.recipient,), encrypted_regex="^password$")
    assert b"user: bob" in content
    assert pysops.status(content, kind=Kind.YAML).encrypted_regex == "^password$"


def test_rules_of_a_sops_yaml_above_the_file_apply(age_key: AgeKey, tmp_path: Path) -> None:
    (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{path_regex: ^deep/, encrypted_regex: ^user$, age: {age_key.recipient}}}]")
    (tmp_path / "deep").mkdir()
    content = pysops.encrypt(PLAIN[Kind.YAML], kind=Kind.YAML, filename=str(tmp_path / "deep" / "new.yaml"))
    assert b"user: ENC[" in content
    with raises(ErrorId.SOPS_RULE_MISSING):
        pysops.encrypt(PLAIN[Kind.YAML], kind=Kind.YAML, filename=str(tmp_path / "shallow.yaml"))


# ── exit codes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_128_names_the_wanted_keys_and_the_places_looked_in(age_key: AgeKey, stranger: AgeKey) -> None:
    error = fails(pysops.WrongKey, sealed(stranger))
    assert (error.id, exit_code_of(error)) == (ErrorId.WRONG_KEY, ExitCode.INPUT)
    assert error.details[0] == f"wanted: a key of {stranger.recipient}"
    assert error.details[1:] == (
        "looked in: SOPS_AGE_KEY_FILE (not set)",
        "looked in: SOPS_AGE_KEY (not set)",
        f"looked in: {age_key.file} (there)",
    )
    age_key.file.unlink()
    error = fails(pysops.NoUsableKey, sealed(stranger))
    assert (error.id, exit_code_of(error)) == (ErrorId.NO_USABLE_KEY, ExitCode.RENDER)


def test_128_says_when_the_named_key_file_is_not_there(stranger: AgeKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(tmp_path / "gone.txt"))
    error = fails(pysops.NoUsableKey, sealed(stranger))
    assert f"looked in: SOPS_AGE_KEY_FILE ({tmp_path / 'gone.txt'}, not there)" in error.details


def test_128_never_shows_the_key_in_the_environment(stranger: AgeKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPS_AGE_KEY", f"AGE-SECRET-KEY-1{CANARY.upper()}")
    error = fails(pysops.NoUsableKey, sealed(stranger))
    assert "SOPS_AGE_KEY (set)" in " ".join(error.details)
    assert CANARY.upper() not in repr(vars(error))


def changed(content: bytes) -> bytes:
    """Another user, in a place that only the MAC protects."""
    return content.replace(b"user_unencrypted: bob", b"user_unencrypted: eve")


def test_51_a_changed_plain_value(age_key: AgeKey) -> None:
    plain = f"user_unencrypted: bob\npassword: {CANARY}\n".encode()
    content = pysops.encrypt(plain, kind=Kind.YAML, recipients=(age_key.recipient,))
    assert changed(content) != content
    error = fails(pysops.Tampered, changed(content))
    assert (error.message, exit_code_of(error)) == ("tampered: MAC mismatch", ExitCode.INPUT)


def test_51_a_missing_mac(age_key: AgeKey) -> None:
    lines = [line for line in sealed(age_key).splitlines(keepends=True) if b" mac: " not in line]
    fails(pysops.Tampered, b"".join(lines))


def test_25_a_changed_ciphertext(age_key: AgeKey) -> None:
    content = sealed(age_key)
    at = content.index(b"data:", content.index(b"password:")) + 5
    flipped = content[:at] + (b"A" if content[at : at + 1] != b"A" else b"B") + content[at + 1 :]
    fails(pysops.Tampered, flipped)


def test_25_plain_text_in_an_encrypted_place_is_not_shown(age_key: AgeKey) -> None:
    fails(pysops.Tampered, b"extra: " + CANARY.encode() + b"\n" + sealed(age_key))


def test_203_already_encrypted(age_key: AgeKey) -> None:
    with pytest.raises(pysops.AlreadyEncrypted):
        pysops.encrypt(sealed(age_key), kind=Kind.YAML, recipients=(age_key.recipient,))


def test_1_no_metadata(age_key: AgeKey) -> None:
    fails(pysops.NotEncrypted, PLAIN[Kind.YAML])


def test_1_a_recipient_that_is_none() -> None:
    with pytest.raises(pysops.BadRecipient):
        pysops.encrypt(PLAIN[Kind.YAML], kind=Kind.YAML, recipients=("age1nobody",))


def test_1_no_rules_at_all(tmp_path: Path) -> None:
    with pytest.raises(pysops.NoRule):
        pysops.encrypt(PLAIN[Kind.YAML], kind=Kind.YAML, filename=str(tmp_path / "a.yaml"))


@pytest.mark.parametrize("content", [b"- kanarienvogel\n", b"kanarienvogel", b"a: b\nb: [kanarienvogel", b"", b"# kanarienvogel\n"])
def test_2_and_92_content_that_is_no_mapping(age_key: AgeKey, content: bytes) -> None:
    with pytest.raises(pysops.BadContent) as caught:
        pysops.encrypt(content, kind=Kind.YAML, recipients=(age_key.recipient,))
    assert CANARY not in repr(vars(caught.value))


def test_2_bad_dotenv_is_not_shown(age_key: AgeKey) -> None:
    with pytest.raises(pysops.BadContent) as caught:
        pysops.encrypt(CANARY.encode(), kind=Kind.DOTENV, recipients=(age_key.recipient,))
    assert CANARY not in repr(vars(caught.value))


def test_100_and_61_as_sops_answers(tmp_path: Path) -> None:
    gone = subprocess.run(["sops", "decrypt", str(tmp_path / "gone.yaml")], capture_output=True, check=False)
    nothing = {"name": "gone.yaml", "wanted": (), "looked": ()}
    assert isinstance(explain(gone.returncode, "", **nothing), pysops.NoSuchFile)
    assert isinstance(explain(61, "", **nothing), pysops.NoRule)


def test_an_unknown_code_shows_nothing_of_what_sops_said() -> None:
    error = explain(77, f"boom {CANARY}", name="a", wanted=(), looked=())
    assert error.id is ErrorId.SOPS_FAILED
    assert CANARY not in repr(vars(error))


# ── the program ───────────────────────────────────────────────────────────────────────────────────────────────────────


def stand_in(folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "sops").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "sops").chmod(0o755)


def test_version() -> None:
    assert pysops.version() >= pysops.OLDEST


def test_no_sops_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="sops is not on PATH"):
        pysops.decrypt(b"a: b", kind=Kind.YAML)


def test_an_old_sops_takes_sub_commands_for_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path / "bin", 'case "$1" in --version) echo "sops 3.7.3 (latest)";; *) exit 100;; esac')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with raises(ErrorId.TOOL_VERSION, match=r"sops 3\.7\.3 is too old"):
        pysops.decrypt(b"a: b", kind=Kind.YAML)


def test_no_plaintext_in_arguments_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_key: AgeKey) -> None:
    real = subprocess.run(["which", "sops"], capture_output=True, text=True, check=True).stdout.strip()
    stand_in(tmp_path / "bin", f'echo "$@" >> {tmp_path}/seen; env >> {tmp_path}/seen; exec {real} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    content = sealed(age_key)
    pysops.decrypt(pysops.rotate(content, kind=Kind.YAML), kind=Kind.YAML)
    seen = (tmp_path / "seen").read_text()
    assert "SOPS_DISABLE_VERSION_CHECK=1" in seen
    assert CANARY not in seen


def test_places_follow_xdg_and_home(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert program.default_key_file() == isolated / "config" / "sops" / "age" / "keys.txt"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr("sys.platform", "linux")
    assert program.default_key_file() == isolated / ".config" / "sops" / "age" / "keys.txt"
    monkeypatch.setattr("sys.platform", "darwin")
    assert program.default_key_file() == isolated / "Library" / "Application Support" / "sops" / "age" / "keys.txt"


# ── change ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", Kind)
def test_rotate_makes_a_new_data_key(age_key: AgeKey, kind: Kind) -> None:
    content = sealed(age_key, kind)
    rotated = pysops.rotate(content, kind=kind)
    assert rotated != content
    assert pysops.decrypt(rotated, kind=kind) == pysops.decrypt(content, kind=kind)


def test_rotate_adds_and_removes(age_key: AgeKey, stranger: AgeKey) -> None:
    both = pysops.rotate(sealed(age_key), kind=Kind.YAML, add=(stranger.recipient,))
    assert set(pysops.recipients(both, kind=Kind.YAML)) == {age_key.recipient, stranger.recipient}
    assert pysops.recipients(pysops.rotate(both, kind=Kind.YAML, remove=(stranger.recipient,)), kind=Kind.YAML) == (age_key.recipient,)


@pytest.mark.parametrize("kind", Kind)
def test_updatekeys_keeps_the_values_as_they_are(age_key: AgeKey, stranger: AgeKey, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    content = sealed(age_key, kind)
    updated = pysops.updatekeys(content, kind=kind, recipients=(stranger.recipient,))
    assert pysops.recipients(updated, kind=kind) == (stranger.recipient,)
    value = content[content.index(b"ENC[") :].split(b"]")[0]
    assert value in updated
    opened = pysops.decrypt(content, kind=kind)
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(stranger.file))
    assert pysops.decrypt(updated, kind=kind) == opened


def test_updatekeys_with_a_bad_recipient(age_key: AgeKey) -> None:
    with raises(ErrorId.RECIPIENT_INVALID):
        pysops.updatekeys(sealed(age_key), kind=Kind.YAML, recipients=("age1nobody",))


def test_reencrypt_keeps_the_ciphertext_of_what_did_not_change(age_key: AgeKey, tmp_path: Path) -> None:
    content = sealed(age_key)
    again = pysops.reencrypt(content, b"user: bob\npassword: new\n", kind=Kind.YAML, folder=tmp_path)
    line = next(line for line in content.splitlines() if line.startswith(b"user:"))
    assert line in again.splitlines()
    assert pysops.decrypt(again, kind=Kind.YAML) == b"user: bob\npassword: new\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", Kind)
def test_reencrypt_of_the_same_values_changes_nothing(age_key: AgeKey, tmp_path: Path, kind: Kind) -> None:
    content = sealed(age_key, kind)
    assert pysops.reencrypt(content, PLAIN[kind], kind=kind, folder=tmp_path) == content


def test_reencrypt_of_bad_text_ends_and_leaves_nothing(age_key: AgeKey, tmp_path: Path) -> None:
    with raises(ErrorId.SECRET_CONTENT):
        pysops.reencrypt(sealed(age_key), b"a: [", kind=Kind.YAML, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_reencrypt_in_a_folder_with_a_blank_in_its_name(age_key: AgeKey, tmp_path: Path) -> None:
    folder = tmp_path / "a room"
    folder.mkdir(mode=stat.S_IRWXU)
    again = pysops.reencrypt(sealed(age_key), b"x: y\n", kind=Kind.YAML, folder=folder)
    assert pysops.decrypt(again, kind=Kind.YAML) == b'x: "y"\n'


# ── kinds ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", Kind)
def test_an_encrypted_file_is_known_by_any_name(age_key: AgeKey, kind: Kind) -> None:
    content = sealed(age_key, kind)
    assert pysops.is_encrypted("some.file", content)
    assert pysops.kind_of("some.file", content) is kind
    assert not pysops.is_encrypted("some.file", PLAIN[kind])


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.yml", Kind.YAML), ("b/a.YAML", Kind.YAML), ("a.json", Kind.JSON), (".env", Kind.DOTENV), ("prod.env", Kind.DOTENV),
     ("a.ini", Kind.INI), ("tls.key", Kind.BINARY), ("Makefile", Kind.BINARY)],
)  # fmt: skip
def test_plain_files_have_their_kind_by_name(name: str, kind: Kind) -> None:
    assert pysops.kind_of(name, b"a: b") is kind


def test_a_chart_may_have_values_called_sops(age_key: AgeKey) -> None:
    assert not pysops.is_encrypted("values.yaml", b"sops:\n  enabled: true\n  version: 3\n")
    assert not pysops.is_encrypted("values.yaml", b"sops:\n  enabled: true\n")
    assert not pysops.status(b"sops:\n  enabled: true\n", kind=Kind.YAML).encrypted


def test_a_file_that_shows_a_file_of_sops_is_plain(age_key: AgeKey) -> None:
    shown = b"kind: ConfigMap\ndata:\n  example: |\n" + b"".join(b"    " + line + b"\n" for line in sealed(age_key).splitlines())
    assert not pysops.is_encrypted("a.yaml", shown)
