"""age keys: made like age-keygen's, appended, never lost, readable by the real age."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import new_key

from gitctl.errors import ErrorId, InputError
from gitctl.secrets import keys

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="age is not on PATH")
needs_age_keygen = pytest.mark.skipif(shutil.which("age-keygen") is None, reason="age-keygen is not on PATH")


def test_a_new_file_is_private(tmp_path: Path) -> None:
    made = keys.keygen(tmp_path / "age" / "keys.txt", now=NOW)
    assert made.file.stat().st_mode & 0o777 == 0o600
    assert made.file.parent.stat().st_mode & 0o777 == 0o700
    assert (made.appended, made.tightened) == (False, False)
    lines = made.file.read_text().splitlines()
    assert lines[:2] == ["# created: 2026-01-02T03:04:05+00:00", f"# public key: {made.recipient}"]
    assert lines[2].startswith("AGE-SECRET-KEY-1")


def test_a_second_key_is_added(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    first = keys.keygen(file, now=NOW)
    file.write_text(file.read_text().rstrip("\n"))
    second = keys.keygen(file, now=NOW)
    assert second.appended
    assert keys.recipients(file) == (first.recipient, second.recipient)


def test_a_key_file_open_to_others_is_closed(tmp_path: Path) -> None:
    file = new_key(tmp_path / "keys.txt").file
    file.chmod(0o644)
    assert keys.keygen(file, now=NOW).tightened
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = new_key(tmp_path / "real.txt").file
    (tmp_path / "link.txt").symlink_to(real)
    keys.keygen(tmp_path / "link.txt", now=NOW)
    assert (tmp_path / "link.txt").is_symlink()
    assert len(keys.recipients(real)) == 2


def test_a_file_that_is_no_key_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("password: kanarienvogel\n")
    with raises(ErrorId.KEY_FILE_INVALID, match="not an age key") as caught:
        keys.keygen(file, now=NOW)
    assert "kanarienvogel" not in repr(vars(caught.value))
    assert file.read_text() == "password: kanarienvogel\n"


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        keys.keygen(tmp_path, now=NOW)


def test_a_damaged_key_is_named_by_its_line_alone(tmp_path: Path) -> None:
    file = new_key(tmp_path / "keys.txt").file
    file.write_text(file.read_text() + "AGE-SECRET-KEY-1KANARIENVOGEL\n")
    with pytest.raises(InputError, match="wrong checksum") as caught:
        keys.recipients(file)
    assert str(caught.value.where).endswith("keys.txt:4")
    assert "KANARIENVOGEL" not in repr(vars(caught.value))
    assert caught.value.__cause__ is None


def test_hardware_and_post_quantum_keys_are_known_by_their_comment(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("#    Recipient: age1yubikey1qabc\nAGE-PLUGIN-YUBIKEY-1ABC\n# public key: age1pq1xyz\nAGE-SECRET-KEY-PQ-1ABC\n")
    assert keys.recipients(file) == ("age1yubikey1qabc", "age1pq1xyz")


def test_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such key file") as caught:
        keys.recipients(tmp_path / "gone.txt")
    assert "gitctl secret keygen" in caught.value.hint


def test_the_variable_names_the_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolated: Path) -> None:
    assert keys.key_file() == isolated / "config/sops/age/keys.txt"
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(tmp_path / "mine.txt"))
    assert keys.key_file() == tmp_path / "mine.txt"


@needs_age
def test_age_encrypts_for_our_key_and_decrypts_with_it(tmp_path: Path) -> None:
    made = new_key(tmp_path / "keys.txt")
    sealed = subprocess.run(["age", "-r", made.recipient], input=b"text", capture_output=True, check=True).stdout
    opened = subprocess.run(["age", "-d", "-i", made.file], input=sealed, capture_output=True, check=True).stdout
    assert opened == b"text"


@needs_age_keygen
def test_age_keygen_and_we_agree_on_the_public_half(tmp_path: Path) -> None:
    ours = new_key(tmp_path / "ours.txt")
    seen = subprocess.run(["age-keygen", "-y", ours.file], capture_output=True, text=True, check=True).stdout.split()
    assert seen == [ours.recipient]
    theirs = tmp_path / "theirs.txt"
    subprocess.run(["age-keygen", "-o", theirs], capture_output=True, check=True)
    assert keys.recipients(theirs)[0] in theirs.read_text()
    assert len(keys.recipients(keys.keygen(theirs, now=NOW).file)) == 2
