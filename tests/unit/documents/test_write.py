from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.documents import canonical, dump, dump_all, load_all, to_json
from gitctl.redact import is_printable

TRICKY = [
    *(
        "y",
        "Y",
        "n",
        "on",
        "OFF",
        "yes",
        "null",
        "~",
        "true",
        ".inf",
        ".nan",
        "<<",
        "=",
        "1",
        "-1",
        "+1",
        "0x1F",
        "0644",
        "0o17",
        "0b1",
        "1_0",
        "1e3",
    ),
    *(
        "1.5",
        ".5",
        "1.",
        "1:30",
        "2020-01-01",
        "2020-01-01T00:00:00Z",
        "",
        " ",
        " x",
        "x ",
        "- a",
        "-",
        "?",
        ":",
        "a: b",
        "a #b",
        "#b",
        "@x",
        "`x",
        "%x",
    ),
    *(
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "'",
        '"',
        "{a",
        "[a",
        "a\tb",
        "\t",
        "a\nb",
        "a\nb\n",
        "\na",
        "a\n\n",
        "\n",
        "  a\nb",
        "a \nb",
        "a\n  b\n c\n",
        "---",
        "---\n",
    ),
    *(
        "--- a",
        "...",
        "a\n---\nb",
        "\x00",
        "\x07",
        "\x7f",
        "\x85",
        "\u2028a",
        "\ufeffx",
        "a\n\u202eb",
        "\x9b2J\n",
        "\U000e0041",
        "é",
        "😀",
        "a\r\nb",
        "a\rb",
        "x" * 300 + " y" * 300,
        "0_",
        "_0",
        "e1",
        "1e",
    ),
]

text = st.one_of(st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
numbers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False).filter(lambda f: not f.is_integer()))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, text),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4)),
    max_leaves=12,
)
documents = values.filter(lambda v: v is not None)


@given(documents)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert [d.value for d in load_all(dump(value).encode(), where="a")] == [value]
    assert is_printable(dump(value))


@given(st.lists(documents, max_size=4))
@settings(max_examples=50, deadline=None)
def test_streams_are_read_back(many: list[Any]) -> None:
    assert [d.value for d in load_all(dump_all(many).encode(), where="a")] == many


@given(documents)
@settings(max_examples=50, deadline=None)
def test_json_is_read_back(value: Any) -> None:
    assert json.loads(to_json(value)) == value
    assert json.loads(canonical(value)) == value


def test_kubectl_reads_back_what_is_written() -> None:
    body = {"apiVersion": "v1", "kind": "Row", "metadata": {"name": "a"}, "values": TRICKY, "keys": dict.fromkeys(TRICKY, "x")}
    pinned = Path(sys.executable).with_name("kubectl")
    program = str(pinned) if pinned.exists() else shutil.which("kubectl") or "kubectl"
    argv = [program, "annotate", "--local", "-f", "-", "-o", "json", "row=1"]
    done = subprocess.run(
        argv, input=dump(body).encode(), capture_output=True, env={"HOME": "/nonexistent", "KUBECONFIG": "/dev/null"}, check=True
    )
    read = json.loads(done.stdout)
    assert (read["values"], read["keys"]) == (TRICKY, body["keys"])


def test_block_style_with_the_order_given() -> None:
    value = {"b": {"y": "1", "x": 1}, "a": ["on", "off it goes", {"k": "one\ntwo\n"}], "e": {}, "l": [], "n": None, "d": "2020-01-01"}
    assert dump(value) == (
        'b:\n  "y": "1"\n  x: 1\na:\n- "on"\n- off it goes\n- k: |\n    one\n    two\ne: {}\nl: []\n"n": null\nd: "2020-01-01"\n'
    )


def test_a_stream_marks_every_document() -> None:
    assert dump_all([{"a": 1}, {"b": 2}]) == "---\na: 1\n---\nb: 2\n"
    assert dump_all([]) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({"a": 1.0}, {"a": 1}), ([1e18], [10**18]), ({"a": [{"b": -0.0}]}, {"a": [{"b": 0}]})],
)
def test_equal_values_have_equal_canonical_bytes(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), [({"a": 1}, {"a": "1"}), ([1, 2], [2, 1]), ({"a": None}, {}), ([True], [1]), ([1.5], [1])])
def test_different_values_have_different_canonical_bytes(one: Any, other: Any) -> None:
    assert canonical(one) != canonical(other)


def test_canonical_is_compact_and_sorted() -> None:
    assert canonical({"b": [1.0, None], "a": "é"}) == '{"a":"é","b":[1,null]}'.encode()
