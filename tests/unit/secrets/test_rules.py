"""Creation rules: found and chosen as sops does it, made where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId, InputError
from gitctl.secrets import pysops, rules
from gitctl.secrets.pysops import Kind


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / ".sops.yaml"
    file.write_text(text)
    return file


def test_the_nearest_file_applies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer, inner = write(tmp_path, "creation_rules: []"), write(tmp_path / "a", "creation_rules: []")
    assert rules.find(tmp_path / "a" / "b" / "x.yaml") == inner
    assert rules.find(tmp_path / "c" / "x.yaml") == outer
    monkeypatch.setenv("SOPS_CONFIG", str(outer))
    assert rules.find(tmp_path / "a" / "x.yaml") == outer


@pytest.mark.parametrize("name", ["prod/db.yaml", "dev/db.yaml", "prod/deep/x.yaml", "x.json"])
def test_we_choose_the_rule_that_sops_chooses(tmp_path: Path, name: str, age_key: AgeKey, stranger: AgeKey) -> None:
    write(
        tmp_path,
        f"creation_rules:\n- {{path_regex: '^prod/[^/]*\\.yaml$', age: {stranger.recipient}}}\n"
        f"- {{path_regex: 'db', age: '{age_key.recipient}, {stranger.recipient}'}}\n- age: {age_key.recipient}\n",
    )
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True, parents=True)
    rule = rules.rule_for(file)
    sealed = pysops.encrypt(b'{"a": "b"}', kind=Kind.JSON, filename=str(file))
    assert rule is not None
    assert rule.recipients == pysops.recipients(sealed, kind=Kind.JSON)


def test_no_rule_and_no_file(tmp_path: Path) -> None:
    assert rules.rule_for(tmp_path / "a.yaml") is None
    write(tmp_path, "creation_rules: [{path_regex: never, age: age1x}]")
    assert rules.rule_for(tmp_path / "a.yaml") is None


@pytest.mark.parametrize("text", ["", "creation_rules:", "stores: {}", "creation_rules: text"])
def test_a_file_without_rules_has_none(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert rules.rule_for(tmp_path / "a.yaml") is None


def test_keys_of_all_services_and_groups(tmp_path: Path) -> None:
    write(tmp_path, "creation_rules: [{age: [a, b], pgp: 'c,d', key_groups: [{age: [e], pgp: [f]}], encrypted_suffix: _x}]")
    rule = rules.rule_for(tmp_path / "a.yaml")
    assert rule is not None
    assert rule.recipients == ("a", "b", "c", "d", "e", "f")
    assert rule.selective


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("creation_rules: [", ErrorId.YAML_SYNTAX),
        ("creation_rules: [{path_regex: '('}]", ErrorId.SOPS_CONFIG),
        ("a: 1\na: 2", ErrorId.YAML_DUPLICATE_KEY),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, id: ErrorId) -> None:
    file = write(tmp_path, text)
    with raises(id) as caught:
        rules.rule_for(tmp_path / "a.yaml")
    assert str(file) in str(caught.value.where)


def test_the_first_file_that_we_make(tmp_path: Path, age_key: AgeKey) -> None:
    assert rules.create(tmp_path, (age_key.recipient,)) == tmp_path / ".sops.yaml"
    plain, picky = rules.rule_for(tmp_path / "charts" / "secrets.yaml"), rules.rule_for(tmp_path / "apps" / "db-secret.yaml")
    assert plain is not None
    assert picky is not None
    assert (plain.recipients, plain.selective) == ((age_key.recipient,), False)
    assert (picky.recipients, picky.selective) == ((age_key.recipient,), True)
    sealed = pysops.encrypt(b"kind: Secret\ndata: {a: a2FuYXJpZW4=}\n", kind=Kind.YAML, filename=str(tmp_path / "secret.yaml"))
    assert b"kind: Secret" in sealed
    assert b"a2FuYXJpZW4=" not in sealed


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    file = write(tmp_path, "mine")
    with pytest.raises(InputError):
        rules.create(tmp_path, ("age1x",))
    assert file.read_text() == "mine"


def test_services_that_were_never_tried_are_known(tmp_path: Path) -> None:
    text = b"creation_rules:\n- {age: age1x, kms: arn}\n- {key_groups: [{gcp_kms: [{resource_id: x}]}, {hc_vault: [y]}]}\n"
    assert rules.experimental(text, config=tmp_path) == ("GCP KMS", "Vault or OpenBao transit")
