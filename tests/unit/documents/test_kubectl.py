"""Every row is read by the real kubectl and by us: the values must be the same."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gitctl.documents import load_all
from gitctl.errors import ManifestError

HEAD = "apiVersion: v1\nkind: Row\nmetadata: {name: a}\n"

VALUES = """
1_000|0x1F|0X1F|-0x1F|+0x1f|0777|-0777|0o17|0O17|0o8|08|09.5|0b11|0B11|-0b11|+0b11|+1|+12|-0|-0.0|00|00.5|0.|1.|.5|-.5|+.5|.|1e3|1E3|1e+3|1.5e-3|e3
1e400|-1e400|12e03|12e-03|685.230_15e+03|0x1p3|1_0.5|1_0|_1|1_|0x_1|0_7|0b1_1|1__0|0x|0b|0o|1e|+|--1|+-1|1.2.3|1,000|0xfg
.INFINITY|inf|nan|Infinity|~|null|Null|NULL|nULL|~x|nullx
on|On|ON|oN|off|Off|OFF|oFF|yes|Yes|YES|yES|no|No|NO|nO|y|Y|n|N|true|True|TRUE|tRUE|false|False|FALSE|fALSE|yup|none|onn|Y1
1:30|190:20:30|2020-01-01|2020-01-01T00:00:00Z|2020-01-01 00:00:00|2020-1-1|=|<<
9223372036854775807|9223372036854775808|-9223372036854775808|-9223372036854775809|18446744073709551615|18446744073709551616
123456789012345678901234567890|0xFFFFFFFFFFFFFFFF|0x1FFFFFFFFFFFFFFFF|0777777777777777777777777|1e15|1e18|1e19|1e20|1e21|1e22
1234567.0|0.1|3.14159265358979|9007199254740993.0|123456789012345678.0|4611686018427387904.0|9223372036854774784.0|12345678901234567890.0
0.000001|0.0000001|1e-7|5e-324|1.7976931348623157e308|1.0|100.0|1e2|1.0e2|.5e3|1.e3|1e1_0|010.5|1e-400
'1'|"1"|'on'|"null"|'0x1F'|''|""|'it''s'|"a\\tb"|"\\x41\\u00e9\\n"|plain text|a#b|-x|:x
!!str 1|!!str on|!!str 'x'|!!str|!!int "1"|!!int 0x1F|!!int '0644'|!!float 1|!!float "1.5"|!!float 0x10|!!float 1e3|!!bool "yes"|!!bool on
!!null ""|!!null null|!!null '~'|!!binary aGVsbG8=|!!timestamp 2020-01-01|! 1|! 'x'|!<tag:yaml.org,2002:str> 1|!!seq [1]|!!map {a: 1}|!!set {a: , b: }|!!omap [a: 1]
é|日本|😀|[]|{}|[1, on, [~]]|{a: 1, b: {c: off}}|[a, ]|{a: }|[a: 1]|{? a}|[? a : b]
"""
ROWS = [text for line in VALUES.strip().split("\n") for text in line.split("|")]

KEYS = """
1_000|0x1F|0777|0b11|08|-0|-0.0|0.0|1.|.5|1e3|1e5|1e6|1234567.0|685230.15|0.0001|0.00001|3.14159265358979|100000.0|1e20|1e21|5e-324|1.7976931348623157e308
.inf|-.inf|.nan|on|off|yes|no|y|n|Y|N|true|False|1:30|2020-01-01|=|'1'|"on"|!!str 1|!!int "0x1F"|''|é|a b|9223372036854775807|-9223372036854775809|123456789012345678901234567890
"""
KEY_ROWS = [text for line in KEYS.strip().split("\n") for text in line.split("|")]

TEXTS = {
    "literal": "v: |\n  a\n   b\n\n  ---\n  c\n\n",
    "literal keep": "v: |+\n  a\n\n\n",
    "literal strip": "v: |-\n  a\n\n",
    "literal indented": "v: |2\n    a\n   b\n",
    "folded": "v: >\n  a\n  b\n\n  c\n    d\n  e\n",
    "folded strip": "v: >-\n  a\n  b\n",
    "folded keep": "v: >+\n  a\n\n",
    "plain over lines": "v: a\n  b\n\n  c\n",
    "double quoted over lines": 'v: "a\\\n   b\n   c"\n',
    "single quoted over lines": "v: 'a\n  b'\n",
    "crlf": "v: |\r\n  a\r\n  b\r\nw: 1\r\n",
    "comments": "# one\nv: 1 # two\n# three\nw: '# four'\n",
    "tab after colon": "v:\t1\n",
    "tab in flow": "v: {\n\ta: 1}\n",
    "alias": "a: &x {p: 010}\nv: *x\nw: [*x, *x]\n",
    "alias of scalar": "a: &x 010\nv: *x\n",
    "alias as key": "a: &x on\nv: {*x : 1}\n",
    "anchor on key": "&x a: 1\nv: *x\n",
    "anchor given again": "a: &x 1\nb: *x\nc: &x 2\nd: *x\n",
    "merge first": "a: &x {p: 1, q: 2}\nv:\n  <<: *x\n  p: 9\n",
    "merge last overrides": "a: &x {p: 1, q: 2}\nv:\n  p: 9\n  <<: *x\n",
    "merge list": "a: &x {p: 1, q: 2}\nb: &z {p: 3, r: 4}\nv:\n  <<: [*x, *z]\n",
    "merge twice": "a: &x {p: 1, q: 2}\nb: &z {p: 3, r: 4}\nv:\n  <<: *x\n  <<: *z\n",
    "merge of merge": "a: &x {p: 1}\nb: &z {<<: *x, q: 2}\nv: {<<: *z}\n",
    "merge inline": "v:\n  <<: {p: 1}\n  q: 2\n",
    "merge quoted is a key": "v:\n  '<<': {p: 1}\n",
    "merge tagged": "v:\n  !!merge <<: {p: 1}\n",
    "merge is not deep": "a: &x {m: {p: 1, q: 2}}\nv:\n  <<: *x\n  m: {r: 3}\n",
    "explicit key": "v:\n  ? a\n  : 1\n  ? b\n",
    "list at the key's indent": "v:\n- 1\n- - 2\n  - 3\n- k: 4\n  l: 5\n",
    "empty values": "v:\nw: \nx: ''\ny1: []\n",
    "escaped control": 'v: "a\\0\\x01\\e\\N\\L"\n',
    "line separator in literal": "v: |\n  a\u2028  b\n",
    "byte order mark": "\ufeffv: 1\n",
}

STREAMS = {
    "two": HEAD + "v: 1\n---\n" + HEAD + "v: 2\n",
    "empty and null documents": "---\n---\n# c\n---\nnull\n---\n" + HEAD + "v: 1\n---\n~\n---\n",
    "separator with spaces": HEAD + "v: 1\n---   \n" + HEAD + "v: 2\n",
    "separator with a tab": HEAD + "v: 1\n---\t\n" + HEAD + "v: 2\n",
    "separator with a comment": HEAD + "v: 1\n--- # c\n" + HEAD + "v: 2\n",
    "end mark": HEAD + "v: 1\n...\n---\n" + HEAD + "v: 2\n",
    "separator ends a literal": HEAD + "v: |\n  a\n---\n" + HEAD + "v: 2\n",
    "json": '{"apiVersion":"v1","kind":"Row","metadata":{"name":"a"},"v":[1,1.0,1e3,-0,-0.0,1e20,1e21,9223372036854775807,9223372036854775808,'
    '12345678901234567890123,0.1,1E-7,null,true,"a\\/b\\u0000\\ud83d\\ude00\\ud83d x\\t"]}',
    "json with tabs": '\n{\n\t"apiVersion": "v1",\n\t"kind": "Row",\n\t"metadata": {"name": "a"},\n\t"v": "on"\n}\n',
    "json stream": '{"apiVersion":"v1","kind":"Row","metadata":{"name":"a"},"v":1}\n{"apiVersion":"v1","kind":"Row","metadata":{"name":"a"},"v":2}',
    "json and separators": '{"apiVersion":"v1","kind":"Row","metadata":{"name":"a"},"v":1}\n---\n{"apiVersion":"v1","kind":"Row","metadata":{"name":"a"}}',
    "yaml that starts with a brace": "{apiVersion: v1, kind: Row, metadata: {name: a}, v: 010}",
}

REFUSED_BY_BOTH = {
    "infinity": "v: .inf\n",
    "not a number": "v: .nan\n",
    "int tag on a float": "v: !!int 1.0\n",
    "int tag on nothing": "v: !!int\n",
    "null tag on text": "v: !!null x\n",
    "bool tag on a number": "v: !!bool 1\n",
    "bad base64": "v: !!binary '%%%'\n",
    "null key": "v: {~: 1}\n",
    "empty key": "v: {? : 1}\n",
    "list as key": "v:\n  ? [a]\n  : 1\n",
    "huge number as key": "v: {18446744073709551615: 1}\n",
    "merge of null": "v:\n  <<: null\n",
    "merge of text": "v:\n  <<: a\n",
    "alias without anchor": "v: *x\n",
    "alias in its own anchor": "v: &x [*x]\n",
    "tab in the indentation": "v:\n\ta: 1\n",
    "raw control character": 'v: "a\x01b"\n',
    "NUL": "v: a\x00b\n",
    "surrogate escape": 'v: "\\ud83d\\ude00"\n',
    "open quote": "v: 'a\n",
    "open bracket": "v: [1, 2\n",
    "two colons": "v: a: b\n",
    "reserved character": "v: @x\n",
}


def kubectl(text: str) -> list[Any] | None:
    """What kubectl makes of a stream; None when it refuses."""
    pinned = Path(sys.executable).with_name("kubectl")
    program = str(pinned) if pinned.exists() else shutil.which("kubectl") or "kubectl"
    argv = [program, "annotate", "--local", "-f", "-", "-o", "json", "row=1"]
    done = subprocess.run(
        argv, input=text.encode(), capture_output=True, env={"HOME": "/nonexistent", "KUBECONFIG": "/dev/null"}, check=False
    )
    if done.returncode:
        return None
    found, rest = [], done.stdout.decode().strip()
    while rest:
        value, end = json.JSONDecoder().raw_decode(rest)
        rest = rest[end:].lstrip()
        del value["metadata"]["annotations"]
        found.append(value)
    return found


def ours(text: str) -> list[Any]:
    return [d.value for d in load_all(text.encode(), where="rows.yaml")]


def same(a: Any, b: Any) -> bool:
    """Equal, and of the same JSON type; floats and ints are one type, as in JSON."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str | None) or isinstance(b, str | None):
        return type(a) is type(b) and a == b
    return isinstance(a, int | float) and math.isclose(float(a), float(b), rel_tol=1e-15, abs_tol=0)


@pytest.fixture(scope="module")
def read_by_kubectl() -> dict[str, Any]:
    values = HEAD + "v:\n" + "".join(f"- {text}\n" for text in ROWS)
    keys = HEAD + "v:\n" + "".join(f"- {text} : here\n" for text in KEY_ROWS)
    texts = "---\n".join(HEAD + text.removeprefix("\ufeff") for text in TEXTS.values())
    answers = {name: kubectl(text) for name, text in (("values", values), ("keys", keys), ("texts", texts))}
    assert all(answers.values())
    return {
        **{f"value {t}": v for t, v in zip(ROWS, answers["values"][0]["v"], strict=True)},
        **{f"key {t}": v for t, v in zip(KEY_ROWS, answers["keys"][0]["v"], strict=True)},
        **{f"text {t}": v for t, v in zip(TEXTS, answers["texts"], strict=True)},
    }


@pytest.mark.parametrize("text", ROWS)
def test_value(text: str, read_by_kubectl: dict[str, Any]) -> None:
    assert same(ours(HEAD + f"v:\n- {text}\n")[0]["v"][0], read_by_kubectl[f"value {text}"])


@pytest.mark.parametrize("text", KEY_ROWS)
def test_key(text: str, read_by_kubectl: dict[str, Any]) -> None:
    assert same(ours(HEAD + f"v:\n- {text} : here\n")[0]["v"][0], read_by_kubectl[f"key {text}"])


@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str, read_by_kubectl: dict[str, Any]) -> None:
    text = TEXTS[name]
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    assert same(ours(mark + HEAD + text.removeprefix(mark))[0], read_by_kubectl[f"text {name}"])


@pytest.mark.parametrize("name", STREAMS)
def test_stream(name: str) -> None:
    assert same(ours(STREAMS[name]), kubectl(STREAMS[name]))


@pytest.mark.parametrize("name", REFUSED_BY_BOTH)
def test_refused(name: str) -> None:
    text = HEAD + REFUSED_BY_BOTH[name]
    with pytest.raises(ManifestError) as refused:
        ours(text)
    assert str(refused.value.where).startswith("rows.yaml:4") or str(refused.value.where).startswith("rows.yaml:5")
    assert kubectl(text) is None


def test_integers_over_64_bits_become_floats_as_in_go() -> None:
    value = ours("a: 9223372036854775808\nb: 9223372036854775807\nc: 1e18\n")[0]
    assert [type(v) for v in value.values()] == [float, int, int]
