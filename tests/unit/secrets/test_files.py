"""Files as people work with them: what is encrypted, and what a status says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId, InputError
from gitctl.model.secret import RuleMatch, SecretState
from gitctl.secrets import pysops, rules
from gitctl.secrets.files import SopsFiles
from gitctl.secrets.pysops import Kind

SECRET = b"apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {a: a2FuYXJpZW4=}\nstringData: {password: kanarienvogel}\n"
FILES = SopsFiles()


@pytest.fixture
def ruled(tmp_path: Path, age_key: AgeKey) -> Path:
    """A folder with rules for the user's key."""
    rules.create(tmp_path, (age_key.recipient,))
    return tmp_path


def test_of_a_secret_only_the_values_are_encrypted(ruled: Path) -> None:
    sealed = FILES.seal(ruled / "db.yaml", SECRET, readers=())
    assert b"kind: Secret" in sealed
    assert b"name: db" in sealed
    assert b"kanarienvogel" not in sealed
    assert b"a2FuYXJpZW4=" not in sealed


def test_of_values_everything_is_encrypted(ruled: Path) -> None:
    assert b"correct-horse" not in FILES.seal(ruled / "values.yaml", b"user: correct-horse\n", readers=())


def test_a_rule_that_picks_keys_is_left_to_it(tmp_path: Path, age_key: AgeKey) -> None:
    (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{encrypted_regex: ^stringData$, age: {age_key.recipient}}}]")
    sealed = FILES.seal(tmp_path / "db.yaml", SECRET, readers=())
    assert b"a2FuYXJpZW4=" in sealed
    assert b"kanarienvogel" not in sealed


def test_a_rule_that_picks_nothing_is_an_error(tmp_path: Path, age_key: AgeKey) -> None:
    (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{encrypted_regex: ^nothing$, age: {age_key.recipient}}}]")
    with pytest.raises(InputError, match="nothing in it would be encrypted"):
        FILES.seal(tmp_path / "db.yaml", SECRET, readers=())


def test_an_object_without_data_is_an_error(ruled: Path) -> None:
    with raises(ErrorId.NOTHING_TO_ENCRYPT, match="nothing in it would be encrypted"):
        FILES.seal(ruled / "ns.yaml", b"apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n", readers=())


BAD = (b"kind: Secret\napiVersion: v1\ndata: {a: 'kanarienvogel!'}\n", b"a: 1\na: kanarienvogel\n", b"a: [kanarienvogel", b"\xff\xfe")


@pytest.mark.parametrize("content", BAD, ids=["bad base64", "twice the same key", "syntax", "not UTF-8"])
def test_bad_content_is_refused_without_a_word_of_it(ruled: Path, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        FILES.seal(ruled / "db.yaml", content, readers=())
    assert "kanarienvogel" not in repr(vars(caught.value))
    assert "db.yaml" in str(caught.value.where)


def test_readers_are_the_users_keys_where_no_rule_is_found(tmp_path: Path, age_key: AgeKey, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FILES.readers(tmp_path / "x.yaml") == (age_key.recipient,)
    (tmp_path / "empty.txt").write_text("# nothing yet\n")
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(tmp_path / "empty.txt"))
    with pytest.raises(InputError, match="no age key in it"):
        FILES.readers(tmp_path / "x.yaml")
    rules.create(tmp_path, ("age1x",))
    assert FILES.readers(tmp_path / "x.yaml") == ()


def test_masks_tell_sizes_of_the_decoded_values(ruled: Path) -> None:
    text, values = FILES.mask(ruled / "db.yaml", FILES.seal(ruled / "db.yaml", SECRET, readers=()))
    assert "a: *** (8 bytes)" in text
    assert "*** (13 bytes)" in text
    assert "sops" not in text
    assert "kanarienvogel" not in text
    assert [(v.path, v.size) for v in values] == [((0, "data", "a"), 8), ((0, "stringData", "password"), 13)]


def test_the_size_of_a_binary_file_is_that_of_its_bytes(ruled: Path) -> None:
    content = b"\x00\xff kanarienvogel \x80\n"
    text, values = FILES.mask(ruled / "tls.key", FILES.seal(ruled / "tls.key", content, readers=()))
    assert [value.size for value in values] == [len(content)]
    assert f"*** ({len(content)} bytes)" in text


def test_a_plain_file_is_not_masked(ruled: Path) -> None:
    with pytest.raises(pysops.NotEncrypted):
        FILES.mask(ruled / "db.yaml", SECRET)


def test_rotate_by_rule_makes_the_recipients_those_of_the_rule(ruled: Path, age_key: AgeKey, stranger: AgeKey) -> None:
    file = ruled / "db.yaml"
    sealed = FILES.seal(file, SECRET, readers=())
    rule = ruled / ".sops.yaml"
    rule.write_text(rule.read_text().replace(age_key.recipient, f"{age_key.recipient},{stranger.recipient}"))
    both = FILES.rotate(file, sealed, by_rule=True)
    assert set(pysops.recipients(both, kind=Kind.YAML)) == {age_key.recipient, stranger.recipient}
    assert pysops.recipients(FILES.rotate(file, sealed, by_rule=False), kind=Kind.YAML) == (age_key.recipient,)


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_of_a_whole_file(ruled: Path, age_key: AgeKey) -> None:
    status = FILES.inspect(ruled / "db.yaml", FILES.seal(ruled / "db.yaml", SECRET, readers=()), verify=True)
    assert (status.state, status.rule, status.recipients, status.finding) == (
        SecretState.VERIFIED,
        RuleMatch.SAME,
        (age_key.recipient,),
        False,
    )
    assert status.modified.endswith("Z")


def test_status_of_a_tampered_file(ruled: Path) -> None:
    sealed = FILES.seal(ruled / "db.yaml", SECRET, readers=()).replace(b"name: db", b"name: dc")
    status = FILES.inspect(ruled / "db.yaml", sealed, verify=True)
    assert (status.state, status.why, status.finding) == (SecretState.TAMPERED, "MAC mismatch", True)
    assert FILES.inspect(ruled / "db.yaml", sealed, verify=False).state is SecretState.SEALED


def test_status_without_a_key(ruled: Path, age_key: AgeKey) -> None:
    sealed = FILES.seal(ruled / "db.yaml", SECRET, readers=())
    age_key.file.unlink()
    status = FILES.inspect(ruled / "db.yaml", sealed, verify=True)
    assert (status.state, status.why, status.finding) == (SecretState.SEALED, "no usable key", False)


def test_status_of_recipients_against_the_rule(ruled: Path, age_key: AgeKey, stranger: AgeKey) -> None:
    sealed = FILES.seal(ruled / "db.yaml", SECRET, readers=())
    rule = ruled / ".sops.yaml"
    rule.write_text(rule.read_text().replace(age_key.recipient, stranger.recipient))
    status = FILES.inspect(ruled / "db.yaml", sealed, verify=False)
    assert (status.rule, status.missing, status.surplus, status.finding) == (
        RuleMatch.DIFFERENT,
        (stranger.recipient,),
        (age_key.recipient,),
        True,
    )
    rule.unlink()
    assert FILES.inspect(ruled / "db.yaml", sealed, verify=False).rule is RuleMatch.NONE


def test_status_of_plain_and_broken_files(ruled: Path) -> None:
    assert FILES.inspect(ruled / "db.yaml", SECRET, verify=True).state is SecretState.PLAIN
    assert FILES.inspect(ruled / "db.yaml", b"a: [", verify=True).state is SecretState.UNREADABLE


def test_which_files_a_folder_is_searched_for(ruled: Path) -> None:
    assert FILES.concerns(ruled / "db.yaml", SECRET)
    assert FILES.concerns(ruled / "x", FILES.seal(ruled / "values.yaml", b"a: b\n", readers=()))
    assert not FILES.concerns(ruled / "cm.yaml", b"kind: ConfigMap\ndata: {kind: Secret}\n")
    assert not FILES.concerns(ruled / "es.yaml", b"kind: SecretStore\n")
