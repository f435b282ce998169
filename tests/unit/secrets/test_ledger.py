"""What is known of encrypted files of every kind without their key: lines, placeholders, readers."""

from __future__ import annotations

from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId
from gitctl.model.audit import FileReader
from gitctl.secrets import pysops
from gitctl.secrets.ledger import SopsLedger
from gitctl.secrets.placeholder import as_base64
from gitctl.secrets.pysops import Kind

PLAIN = {
    "a.yaml": (Kind.YAML, "# who\nuser: anna-anna\nnested: {list: [one-two-three, 5]}\n", {"user", "nested.list.0", "nested.list.1"}),
    "b.json": (Kind.JSON, '{"user": "anna-anna", "path": "a/b/c/d/e"}', {"user", "path"}),
    "c.env": (Kind.DOTENV, "USER=anna-anna\nOTHER=value\n", {"USER", "OTHER"}),
    "d.ini": (Kind.INI, "[top]\nuser = anna-anna\n", {"top.user"}),
    "e.key": (Kind.BINARY, "anna-anna\n\x01\x02", {"data"}),
}


def sealed(key: AgeKey) -> dict[str, bytes]:
    return {path: pysops.encrypt(text.encode(), kind=kind, recipients=(key.recipient,)) for path, (kind, text, _) in PLAIN.items()}


def opening(files: dict[str, bytes]) -> SopsLedger:
    return SopsLedger(files, learn=lambda _: None)


def test_each_value_has_its_line_and_its_placeholder(age_key: AgeKey) -> None:
    book = SopsLedger(sealed(age_key) | {"plain.yaml": b"a: b\n"})
    assert set(book.files) == set(PLAIN)
    for path, (_, _, keys) in PLAIN.items():
        lines = book.files[path].decode().split("\n")
        values = book.values(path)
        assert {value.key for value in values} == keys, path
        assert all("ENC[" in lines[value.line - 1] for value in values), path
        assert len({value.line for value in values}) == len(values) or path == "a.yaml", path
    token = book.values("c.env")[0].token
    assert book.tokens(f"x={as_base64(f'user: {token}!')}") == {token}
    assert book.tokens("nothing here") == frozenset()


def test_readers_have_the_names_of_the_nearest_rules(age_key: AgeKey, stranger: AgeKey) -> None:
    def rules(named: str, name: str) -> str:
        return f"# {named}: {name}\ncreation_rules:\n- age: {named}\n"

    ours, file = FileReader(age_key.recipient), pysops.encrypt(b"A=b\n", kind=Kind.DOTENV, recipients=(age_key.recipient,))
    for texts, reader in (
        ({}, ours),
        ({".sops.yaml": f"creation_rules:\n- age: {age_key.recipient}\n"}, ours),
        ({".sops.yaml": rules(age_key.recipient, "Ada")}, FileReader(age_key.recipient, "Ada")),
        ({".sops.yaml": rules(stranger.recipient, "Sam")}, FileReader(age_key.recipient, unnamed=True)),
        ({"other/.sops.yaml": rules(stranger.recipient, "Sam")}, ours),
        ({".sops.yaml": "creation_rules: 3"}, ours),
    ):
        files = {path: text.encode() for path, text in texts.items()}
        assert SopsLedger(files | {"c.env": file}).readers("c.env") == (reader,)


def test_equal_values_are_told_only_where_files_are_opened(age_key: AgeKey) -> None:
    files = sealed(age_key)
    assert {value.same for path in PLAIN for value in SopsLedger(files).values(path)} == {""}
    book = opening(files)
    same = {(path, value.key): value.same for path in PLAIN for value in book.values(path)}
    assert len({same[place] for place in (("a.yaml", "user"), ("b.json", "user"), ("c.env", "USER"), ("d.ini", "top.user"))}) == 1
    assert same["a.yaml", "user"] != same["a.yaml", "nested.list.0"] != ""
    assert same["a.yaml", "nested.list.1"] == same["c.env", "OTHER"] == "", "too short to tell anything"
    assert "anna" not in repr(same)
    assert same["a.yaml", "user"] != opening(files).values("a.yaml")[0].same, "of this process alone"


def test_a_file_that_cannot_be_read(age_key: AgeKey) -> None:
    content = pysops.encrypt(b"a: b\n", kind=Kind.YAML, recipients=(age_key.recipient,))
    broken = {"x.yaml": content + b"\nmore: [\n"}
    assert not SopsLedger(broken).values("x.yaml")
    assert SopsLedger(broken).readers("x.yaml") == ()
    age_key.file.unlink()
    with raises(ErrorId.NO_USABLE_KEY):
        opening({"x.yaml": content}).values("x.yaml")
