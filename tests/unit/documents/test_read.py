from __future__ import annotations

import pytest
from tests.fixtures.errors import raises

from gitctl.documents import Limits, load_all, load_marked, place_of
from gitctl.errors import ErrorId, ManifestError

CANARY = "c4n4ry"

BAD = {
    "syntax": (f"a: 1\nb: [{CANARY}\n", "3:1"),
    "open quote": (f"a: '{CANARY}\n", "2:1"),
    "second colon": (f"a: {CANARY}: {CANARY}\n", "1:10"),
    "duplicate key": (f"{CANARY}: 1\n{CANARY}: {CANARY}\n", "2:1"),
    "duplicate key once keys are text": (f"1: {CANARY}\n'1': {CANARY}\n", "2:1"),
    "unknown tag": (f"a: !{CANARY} {CANARY}\n", "1:4"),
    "python tag": (f"a: !!python/object/apply:os.system [{CANARY}]\n", "1:4"),
    "unknown tag handle": (f"a: !{CANARY}!x {CANARY}\n", "1:4"),
    "tab": (f"a:\n\t{CANARY}: 1\n", "2:1"),
    "NUL": (f"a: {CANARY}\0\n", "1:10"),
    "bell": (f"a: {CANARY}\a\n", "1:10"),
    "inner byte order mark": (f"a: 1\n---\n\ufeffb: {CANARY}\n", "3:1"),
    "latin-1": (f"a: 1\nb: {CANARY} \xe9\n".encode("latin-1"), "2:11"),
    "utf-16": (f"a: {CANARY}\n".encode("utf-16"), "1:1"),
    "infinity": ("a: .inf\n", "1:4"),
    "bad base64": (f"a: !!binary {CANARY}%\n", "1:4"),
    "base64 that is not ASCII": (f"a: !!binary {CANARY}\u00e9\n", "1:4"),
    "binary that is not text": ("a: !!binary gIE=\n", "1:4"),
    "null key": (f"~: {CANARY}\n", "1:1"),
    "mapping key": (f"? {{a: {CANARY}}}\n: 1\n", "1:3"),
    "alias without anchor": (f"a: *{CANARY}\n", "1:4"),
    "recursive alias": (f"a: &{CANARY} [*{CANARY}]\n", "1:13"),
    "merge of text": (f"<<: {CANARY}\n", "1:1"),
    "directive": (f"%YAML 3.0\n---\na: {CANARY}\n", "1:1"),
    "json duplicate": (f'{{"{CANARY}": 1,\n "{CANARY}": 2}}', "2:2"),
    "json number": (f'{{"{CANARY}": 1E999}}', "1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_text_is_refused_with_its_place_and_without_its_text(name: str) -> None:
    text, place = BAD[name]
    with pytest.raises(ManifestError) as refused:
        load_all(text if isinstance(text, bytes) else text.encode(), where="apps/a.yaml")
    error = refused.value
    assert str(error.where) == f"apps/a.yaml:{place}"
    shown = f"{error} {error.hint} {error.details} {error.__cause__}"
    assert CANARY not in shown
    assert error.__suppress_context__ or error.__context__ is None


def test_a_duplicate_key_names_both_places() -> None:
    with pytest.raises(ManifestError, match="first given at line 2, column 3"):
        load_all(b"a:\n  b: 1\n  c: 2\n  b: 3\n", where="a.yaml")


def billion_laughs(levels: int) -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


def merge_bomb(levels: int) -> bytes:
    lines = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, levels)]
    return "\n".join(lines).encode()


BOMBS = {
    "aliases": (billion_laughs(9), "aliases expand to more than 2000000 values"),
    "merge keys": (merge_bomb(40), "aliases expand to more than 2000000 values"),
    "depth of lists": (b"[" * 100_000, "nested deeper than 100 levels"),
    "depth of mappings": (b"{a: " * 100_000, "nested deeper than 100 levels"),
    "depth of json": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested deeper than 100 levels"),
    "depth of small json": (b'{"a":' * 150 + b"1" + b"}" * 150, "nested deeper than 100 levels"),
    "line": (b"a: 1\nb: " + b"x" * 10_000_000, "the line is longer than 4 MiB"),
    "file": (b"a: 1\n" * 3_000_000, "the file is larger than 10 MiB"),
    "documents": (b"a\n---\n" * 50_002, "more than 50000 documents"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(name: str) -> None:
    data, message = BOMBS[name]
    with pytest.raises(ManifestError, match=message) as refused:
        load_all(data, where="a.yaml")
    assert str(refused.value.where).startswith("a.yaml")


def test_a_long_line_is_placed() -> None:
    with pytest.raises(ManifestError) as refused:
        load_all(BOMBS["line"][0], where="a.yaml")
    assert str(refused.value.where) == "a.yaml:2:1"


def test_the_budget_of_nodes_counts_only_where_aliases_are_used() -> None:
    limits = Limits(nodes=100)
    many = b"[" + b"1, " * 200 + b"1]"
    assert len(load_all(many, where="a.yaml", limits=limits)[0].value) == 201
    with raises(ErrorId.YAML_TOO_LARGE, match="more than 100 values"):
        load_all(b"a: &a " + many + b"\nb: *a\n", where="a.yaml", limits=limits)


def test_aliases_are_copies() -> None:
    value = load_all(b"a: &x {p: [1]}\nb: *x\n", where="a.yaml")[0].value
    value["b"]["p"].append(2)
    assert value["a"] == {"p": [1]}


def test_documents_keep_their_line_and_number() -> None:
    found = load_all(b"# c\na: 1\n---\n---\n# d\n\nb: 2\n", where="a.yaml")
    assert [(d.value, d.line, d.index) for d in found] == [({"a": 1}, 2, 0), ({"b": 2}, 7, 2)]


def test_json_documents_keep_their_line() -> None:
    found = load_all(b'\n{"a":\n 1}\n\n{"b": 2}\n', where="a.json")
    assert [(d.value, d.line, d.index) for d in found] == [({"a": 1}, 2, 0), ({"b": 2}, 5, 1)]


def test_nothing_gives_no_documents() -> None:
    assert load_all(b"", where="a.yaml") == ()
    assert load_all(b"# only a comment\n", where="a.yaml") == ()


def test_marks_have_every_path() -> None:
    value, marks = load_marked(b"# c\na:\n  b: [1, {c: 2}]\n  'd': x\n", where="a.yaml")
    assert value == {"a": {"b": [1, {"c": 2}], "d": "x"}}
    assert marks == {
        (): (2, 1),
        ("a",): (2, 1),
        ("a", "b"): (3, 3),
        ("a", "b", 0): (3, 7),
        ("a", "b", 1): (3, 10),
        ("a", "b", 1, "c"): (3, 11),
        ("a", "d"): (4, 3),
    }


def test_marks_below_an_alias_are_the_alias() -> None:
    _, marks = load_marked(b"a: &x {p: [1]}\nb: *x\n", where="a.yaml")
    assert marks[("b",)] == marks[("b", "p")] == marks[("b", "p", 0)] == (2, 4)


def test_an_empty_marked_file_is_none() -> None:
    assert load_marked(b"# c\n", where="a.yaml") == (None, {(): (1, 1)})


def test_a_marked_file_has_one_document() -> None:
    with pytest.raises(ManifestError, match="a second document") as refused:
        load_marked(b"a: 1\n---\nb: 2\n", where="a.yaml")
    assert str(refused.value.where) == "a.yaml:3:1"


@pytest.mark.parametrize(
    ("path", "place"),
    [(("b", "c"), "a.yaml:5:3"), (("b", "missing", 1), "a.yaml:4:1"), (("nothing",), "a.yaml:4:1"), ((), "a.yaml:4:1")],
)
def test_place_of_a_path_or_its_nearest_parent(path: tuple[str, ...], place: str) -> None:
    assert str(place_of(b"a: 1\n---\n---\nb:\n  c: 1\n", path, where="a.yaml", index=2)) == place


def test_place_in_json_that_yaml_cannot_read_is_the_file() -> None:
    assert str(place_of(b'{"a": "\\ud83d\\ude00"}', ("a",), where="a.json", index=0)) == "a.json"
