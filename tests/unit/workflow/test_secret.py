"""`secret` on real files: all or none, whole or not at all, and no edit is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId, InputError, ManyErrors
from gitctl.secrets import pysops
from gitctl.secrets.files import SopsFiles
from gitctl.secrets.pysops import Kind
from gitctl.workflow import secret

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: kanarienvogel, user: bob}\n"
FILES = SopsFiles()


@pytest.fixture
def folder(tmp_path: Path, age_key: AgeKey) -> Path:
    """An empty folder, and a key at hand."""
    return tmp_path


def write(folder: Path, name: str, text: str = SECRET) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def encrypt(*files: Path) -> secret.Encrypted:
    return secret.encrypt(files, FILES, root_of=lambda file: file.parent)


def opened(file: Path) -> str:
    return pysops.decrypt(file.read_bytes(), kind=Kind.YAML).decode()


# ── encrypt ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_encrypt_makes_rules_once_and_keeps_them(folder: Path, age_key: AgeKey) -> None:
    first = encrypt(write(folder, "a.yaml"), write(folder, "b.yaml"))
    assert first.rules == folder / ".sops.yaml"
    before = first.rules.read_text()
    assert encrypt(write(folder, "deep/c.yaml")).rules is None
    assert first.rules.read_text() == before
    assert "kanarienvogel" in opened(folder / "deep" / "c.yaml")


def test_encrypt_keeps_mode_and_link(folder: Path) -> None:
    real = write(folder, "real.yaml")
    real.chmod(0o640)
    (folder / "link.yaml").symlink_to(real)
    encrypt(folder / "link.yaml")
    assert (folder / "link.yaml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert pysops.is_encrypted("real.yaml", real.read_bytes())


def test_one_bad_file_and_nothing_is_written(folder: Path) -> None:
    good, bad = write(folder, "a.yaml"), write(folder, "b.yaml", "a: [kanarienvogel")
    with pytest.raises(ManyErrors) as caught:
        encrypt(good, bad, write(folder, "c.yaml", "- kanarienvogel\n"))
    assert len(caught.value.errors) == 2
    assert good.read_text() == SECRET
    assert sorted(p.name for p in folder.iterdir()) == ["a.yaml", "b.yaml", "c.yaml"]


def test_a_missing_file_and_nothing_is_written(folder: Path) -> None:
    good = write(folder, "a.yaml")
    with pytest.raises(InputError, match="no such file"):
        encrypt(good, folder / "gone.yaml")
    assert good.read_text() == SECRET
    assert not (folder / ".sops.yaml").exists()


def test_no_key_and_nothing_is_written(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml")
    with raises(ErrorId.KEY_FILE_MISSING, match="no such key file"):
        encrypt(file)
    assert file.read_text() == SECRET


def test_twice_the_same_file_is_once(folder: Path) -> None:
    file = write(folder, "a.yaml")
    assert encrypt(file, file).files == (file,)


def test_an_encrypted_file_is_not_encrypted_again(folder: Path) -> None:
    file = write(folder, "a.yaml")
    encrypt(file)
    before = file.read_bytes()
    with raises(ErrorId.ALREADY_ENCRYPTED):
        encrypt(file)
    assert file.read_bytes() == before


def test_a_write_that_fails_leaves_every_file_and_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [write(folder, "a.yaml"), write(folder, "b.yaml")]
    synced = []

    def full(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with raises(ErrorId.FILE_UNWRITABLE, match="No space left on device") as caught:
        secret.replace_files(dict.fromkeys(files, b"new"))
    assert caught.value.where == str(files[1])
    assert [f.read_text() for f in files] == [SECRET, SECRET]
    assert sorted(p.name for p in folder.iterdir()) == ["a.yaml", "b.yaml"]


# ── decrypt, rotate ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_decrypt_leaves_the_file_unless_told(folder: Path) -> None:
    file = write(folder, "a.yaml")
    encrypt(file)
    before = file.read_bytes()
    assert b"kanarienvogel" in secret.decrypt(file, FILES)
    assert b'"password": "kanarienvogel"' in secret.decrypt(file, FILES, form="json")
    assert file.read_bytes() == before
    secret.decrypt(file, FILES, in_place=True)
    assert "password: kanarienvogel" in file.read_text()


def test_rotate_all_or_none(folder: Path) -> None:
    a, plain = write(folder, "a.yaml"), write(folder, "plain.yaml")
    encrypt(a)
    before = a.read_bytes()
    with raises(ErrorId.NOT_ENCRYPTED):
        secret.rotate([a, plain], FILES, by_rule=False)
    assert a.read_bytes() == before
    assert secret.rotate([a], FILES, by_rule=False) == (a,)
    assert a.read_bytes() != before
    assert "kanarienvogel" in opened(a)


# ── edit ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def sealed(folder: Path) -> Path:
    """An encrypted file."""
    file = write(folder, "a.yaml")
    encrypt(file)
    return file


def edit(file: Path, *versions: Callable[[str], str], again: bool = True, during: Callable[[], None] = lambda: None) -> bool:
    """An edit in which the editor applies one version after the other."""
    steps = iter(versions)
    rooms: list[Path] = []

    @contextmanager
    def room() -> Iterator[Path]:
        rooms.append(file.parent / "room")
        rooms[0].mkdir()
        yield rooms[0]
        assert sorted(p.name for p in rooms[0].iterdir()) == ["a.yaml"]

    def editor(draft: Path) -> int:
        assert draft.stat().st_mode & 0o777 == 0o600
        draft.write_text(next(steps)(draft.read_text()))
        during()
        return 0

    return secret.edit(file, FILES, room=room, editor=editor, again=lambda _: again)


def test_edit_changes_one_value_and_keeps_the_ciphertext_of_the_others(sealed: Path) -> None:
    user = next(line for line in sealed.read_text().splitlines() if "user:" in line)
    assert edit(sealed, lambda text: text.replace("kanarienvogel", "spatz"))
    assert user in sealed.read_text().splitlines()
    assert "password: spatz" in opened(sealed)


def test_an_edit_that_changes_nothing_writes_nothing(sealed: Path) -> None:
    before = sealed.stat()
    assert not edit(sealed, lambda text: text)
    assert sealed.stat().st_mtime_ns == before.st_mtime_ns
    assert sealed.stat().st_ino == before.st_ino


def test_bad_text_is_asked_for_again_with_the_work_still_there(sealed: Path) -> None:
    def spoil(text: str) -> str:
        return text.replace("kanarienvogel", "spatz").replace("stringData:", "stringData")

    def mend(text: str) -> str:
        assert "spatz" in text
        return text.replace("stringData", "stringData:")

    assert edit(sealed, spoil, mend)
    assert "password: spatz" in opened(sealed)


def test_bad_text_is_an_error_when_nobody_can_be_asked(sealed: Path) -> None:
    before = sealed.read_bytes()
    with raises(ErrorId.YAML_SYNTAX):
        edit(sealed, lambda text: text + "a: [", again=False)
    assert sealed.read_bytes() == before


def test_a_file_that_changed_meanwhile_is_kept_and_so_is_the_edit(sealed: Path) -> None:
    def meanwhile() -> None:
        sealed.write_text("from somebody else\n")

    with raises(ErrorId.EDITED_MEANWHILE) as caught:
        edit(sealed, lambda text: text.replace("kanarienvogel", "spatz"), during=meanwhile)
    assert sealed.read_text() == "from somebody else\n"
    kept = sealed.with_name("a.yaml.edited")
    assert str(kept) in caught.value.hint
    assert "spatz" not in kept.read_text()
    assert "password: spatz" in opened(kept)


def test_an_editor_that_fails_is_an_error(sealed: Path) -> None:
    @contextmanager
    def room() -> Iterator[Path]:
        yield sealed.parent / "room"

    (sealed.parent / "room").mkdir()
    before = sealed.read_bytes()
    with raises(ErrorId.EDITOR_FAILED, match="exit code 7"):
        secret.edit(sealed, FILES, room=room, editor=lambda _: 7, again=lambda _: True)
    assert sealed.read_bytes() == before


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_of_a_folder_finds_encrypted_files_and_plain_secrets(folder: Path) -> None:
    encrypt(write(folder, "b/sealed.yaml"))
    write(folder, "a/plain.yaml")
    write(folder, "c/other.yaml", "kind: ConfigMap\n")
    write(folder, ".git/x.yaml")
    (folder / "link.yaml").symlink_to(folder / "a" / "plain.yaml")
    found = secret.status([folder], FILES, verify=True)
    assert [(Path(one.file).name, str(one.state)) for one in found] == [("plain.yaml", "plain"), ("sealed.yaml", "encrypted")]


def test_a_named_file_is_always_shown(folder: Path) -> None:
    file = write(folder, "c.yaml", "kind: ConfigMap\n")
    assert [str(one.state) for one in secret.status([file], FILES, verify=True)] == ["plain"]
    with raises(ErrorId.FILE_MISSING, match="no such file"):
        secret.status([folder / "gone.yaml"], FILES, verify=True)
