"""The provider: what it recognises, which values it finds, and the file that is left without metadata."""

from __future__ import annotations

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey

from gitctl.documents import load_all
from gitctl.errors import ErrorId
from gitctl.secrets import leaves, pysops
from gitctl.secrets.pysops import Kind
from gitctl.secrets.sops import SopsProvider

SECRET = b"""\
# for the shop
apiVersion: v1
kind: Secret
metadata: {name: db}
data:
  password: aHVudGVyMg==
stringData:
  port: 5432
  ratio: 0.5
  on: true
  # a comment that is a secret too
  note: |+
    two
    lines

---
apiVersion: v1
kind: ConfigMap
metadata: {name: plain}
data:
  key: value
"""


def seal(key: AgeKey, content: bytes, kind: Kind = Kind.YAML, *, regex: str = "") -> bytes:
    return pysops.encrypt(content, kind=kind, recipients=(key.recipient,), encrypted_regex=regex)


def test_values_with_document_path_text_and_ciphertext(age_key: AgeKey) -> None:
    sealed = seal(age_key, SECRET, regex="^(data|stringData)$")
    opened = SopsProvider().open("db.yaml", sealed)
    assert [(path, text) for path, text, _ in opened.values] == [
        ((0, "data", "password"), "aHVudGVyMg=="),
        ((0, "stringData", "port"), "5432"),
        ((0, "stringData", "ratio"), "0.5"),
        ((0, "stringData", "on"), "true"),
        ((0, "stringData", "note"), "two\nlines\n\n"),
        ((1, "data", "key"), "value"),
    ]
    assert all(leaves.ENCRYPTED.fullmatch(leaf) and leaf.encode() in sealed for _, _, leaf in opened.values)
    assert opened.encoded == {(0, "data", "password")}


def test_the_template_keeps_lines_and_loses_metadata(age_key: AgeKey) -> None:
    sealed = seal(age_key, SECRET, regex="^(data|stringData)$")
    template = SopsProvider().open("db.yaml", sealed).template
    assert len(template.splitlines()) == len(sealed.splitlines())
    assert b"# for the shop" in template
    assert b"sops" not in template
    assert b"type:comment" not in template
    before = [(d.index, d.line, {k: v for k, v in d.value.items() if k != "sops"}) for d in load_all(sealed, where="a")]
    assert [(d.index, d.line, d.value) for d in load_all(template, where="a")] == before


@pytest.mark.parametrize("kind", [Kind.DOTENV, Kind.INI, Kind.JSON, Kind.BINARY])
def test_templates_of_the_other_kinds(age_key: AgeKey, kind: Kind) -> None:
    plain = {
        Kind.DOTENV: b"# who\nUSER=bob\nA_unencrypted=b=c\n",
        Kind.INI: b"top = 1\n[db]\nuser = bob\n",
        Kind.JSON: b'{"user": "bob", "list": [1, {"a": true}]}',
        Kind.BINARY: b"bob\xff",
    }[kind]
    opened = SopsProvider().open(f"file.{kind}", seal(age_key, plain, kind))
    assert b"sops" not in opened.template
    assert b"mac" not in opened.template
    assert all(leaf.encode() in opened.template for _, _, leaf in opened.values)
    texts = {Kind.DOTENV: ["bob"], Kind.INI: ["1", "bob"], Kind.JSON: ["bob", "1", "true"], Kind.BINARY: ["bob\udcff"]}
    assert [text for _, text, _ in opened.values] == texts[kind]


def test_text_that_people_reformatted_is_written_anew(age_key: AgeKey) -> None:
    sealed = seal(age_key, b"a: b\nc: d\n")
    value = sealed.split(b"\n")[0].split(b": ", 1)[1]
    folded = b'"' + value[:60] + b"\\\n  " + value[60:] + b'"'
    opened = SopsProvider().open("x.yaml", sealed.replace(value, folded))
    assert all(leaf.encode() in opened.template for _, _, leaf in opened.values)
    assert b"sops" not in opened.template


def test_yaml_files_may_hold_json(age_key: AgeKey) -> None:
    sealed = seal(age_key, b'{"a": "b"}', Kind.JSON)
    assert SopsProvider().recognises("x.yaml", sealed)
    opened = SopsProvider().open("x.yaml", sealed)
    assert [(p, t) for p, t, _ in opened.values] == [((0, "a"), "b")]
    assert b"sops" not in opened.template


def test_merge_keys_and_anchors(age_key: AgeKey) -> None:
    opened = SopsProvider().open("x.yaml", seal(age_key, b"a: &x {p: q}\nb: *x\nc:\n  <<: *x\n  r: s\n"))
    assert sorted((p, t) for p, t, _ in opened.values) == [
        ((0, "a", "p"), "q"),
        ((0, "b", "p"), "q"),
        ((0, "c", "p"), "q"),
        ((0, "c", "r"), "s"),
    ]


def test_secrets_in_a_list_are_found(age_key: AgeKey) -> None:
    content = b'{"kind": "List", "items": [{"kind": "Secret", "data": {"a": "Yg=="}}, {"kind": "ConfigMap", "data": {"a": "b"}}]}'
    opened = SopsProvider().open("x.json", seal(age_key, content, Kind.JSON, regex="^data$"))
    assert opened.encoded == {(0, "items", 0, "data", "a")}


def test_hostile_yaml_is_refused_before_sops_sees_it(age_key: AgeKey) -> None:
    with raises(ErrorId.YAML_DUPLICATE_KEY):
        SopsProvider().open("x.yaml", b"a: 1\na: 2\n" + seal(age_key, b"b: c\n"))


def test_tampered_content_raises(age_key: AgeKey) -> None:
    with raises(ErrorId.SECRET_TAMPERED):
        SopsProvider().open("x.yaml", seal(age_key, b"a_unencrypted: b\nc: d\n").replace(b": b\n", b": e\n"))
