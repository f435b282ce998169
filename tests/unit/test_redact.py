"""The filter before every sink: by place, by value, by character."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.redact import MASK, Redactor, is_printable, is_secret, mask_object, mask_value, printable, printable_json, strip_url

BIDI = "\u202e"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("over\rwritten", "over\\rwritten"),
        (f"user{BIDI}nimda", "user\\u202enimda"),
        ("c1\x9b2J", "c1\\x9b2J"),
        ("bell\x07nul\x00", "bell\\x07nul\\x00"),
        ("\ud800", "\\ud800"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("größe 名前 🙂", "größe 名前 🙂"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_printable_text_can_always_be_written_and_holds_no_escape(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert not {c for c in shown if ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F} - {"\n", "\t"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cloning https://bob:hunter2@git.example/a.git now", "cloning https://git.example/a.git now"),
        ("https://TOKEN@git.example/a.git", "https://git.example/a.git"),
        ("https://bob:p@ss@git.example/a.git", "https://git.example/a.git"),
        ("https://bob:p/ss@git.example/a.git", "https://git.example/a.git"),
        ("HTTPS://bob:pw@git.example", "HTTPS://git.example"),
        ("ssh://git@git.example:22/a.git", "ssh://git@git.example:22/a.git"),
        ("ssh://git:pw@git.example/a.git", "ssh://git.example/a.git"),
        ("https://git.example:8443/a@v1", "https://git.example:8443/a@v1"),
        ("oci://reg.example/x@sha256:abc", "oci://reg.example/x@sha256:abc"),
        ("https://h/x?access_token=abc&page=2", "https://h/x?access_token=***&page=2"),
        ("see https://a.example or mail me@b.example", "see https://a.example or mail me@b.example"),
    ],
)
def test_urls_lose_their_credentials(text: str, shown: str) -> None:
    assert strip_url(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdef123456",
        "authorization: basic dXNlcjpwYXNz",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.",
        "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQ",
        "ghp_0123456789abcdefghij",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAAAA\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_tokens_are_recognised_without_being_told(text: str) -> None:
    shown = Redactor().clean(text)
    assert MASK in shown
    for part in ("abcdef123456", "dXNlcjpwYXNz", "c2lnbmF0dXJl", "1QQQ", "0123456789", "MIIEow"):
        assert part not in shown


def test_words_about_tokens_are_no_tokens() -> None:
    text = "the bearer presented a basic certificate; token expired"
    assert Redactor().clean(text) == text


def test_short_and_harmless_values_are_not_searched() -> None:
    redactor = Redactor(["abc", "true", "null"])
    assert redactor.clean("abc is true, not null") == "abc is true, not null"


@given(secret=st.text(min_size=8, max_size=30), before=st.text(max_size=9), after=st.text(max_size=9))
@settings(max_examples=200)
def test_no_form_of_a_learned_value_survives(secret: str, before: str, after: str) -> None:
    if secret.lower() in ("true", "none", "null", "false") or set(secret) <= set("*"):
        return
    redactor = Redactor([secret])
    forms = [secret, base64.b64encode(secret.encode()).decode(), json.dumps(secret)[1:-1]]
    for form in forms:
        assert redactor.clean(form) == MASK
        assert form not in redactor._hide(f"<{before}|{form}|{after}>").replace(f"<{before}|", "").replace(f"|{after}>", "")


@given(before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_value_inside_longer_base64_is_found_at_every_alignment(before: bytes, after: bytes) -> None:
    secret = b"correct horse battery"
    text = base64.b64encode(before + secret + after).decode()
    shown = Redactor([secret.decode()]).clean(text)
    assert MASK in shown
    assert len(shown.replace(MASK, "")) <= 4 * (len(before) + len(after) + 4) / 3 + 4


def test_overlapping_values_leave_nothing_between() -> None:
    assert Redactor(["abcdefgh", "defghijkl"]).clean("xabcdefghijklx") == f"x{MASK}x"


def test_lines_of_a_long_value_are_hidden_one_by_one() -> None:
    redactor = Redactor(["first line of the key\nshort\nsecond line of the key\n"])
    assert redactor.clean("at: second line of the key, short") == f"at: {MASK}, short"


@pytest.mark.parametrize("width", [8, 60, 64, 76])
@pytest.mark.parametrize("between", ["\n", "\r\n", "\n    ", "\\n", "\\\n  "], ids=repr)
def test_base64_that_is_broken_into_lines(width: int, between: str) -> None:
    secret = "a long secret that no line of base64 can hold: " + "x1y2z3" * 12
    for before in (b"", b"a", b"ab"):
        encoded = base64.b64encode(before + secret.encode() + b"after").decode()
        text = between.join(encoded[at : at + width] for at in range(0, len(encoded), width))
        shown = Redactor([secret]).clean(f"data:\n  a: {text}\nb: stays\n")
        bare = re.sub(r"\\n|\W", "", shown)
        assert not any(encoded[at : at + 12] in bare for at in range(4, len(encoded) - 24)), shown
        assert "data:" in shown
        assert "b: stays" in shown


def test_numbers_in_any_spelling() -> None:
    redactor = Redactor(["12345678", "98765432.5"])
    assert redactor.clean("12345678, 1.2345678e+07, 98765432.5, 9.87654325e+07") == "***, ***, ***, ***"
    assert "2345678" not in redactor.clean("12345678.0")
    assert redactor.clean_json({"a": 12345678, "b": [12345678.0, 98765432.5], "c": 7, "d": True}) == {
        "a": "***",
        "b": ["***", "***"],
        "c": 7,
        "d": True,
    }


def test_a_word_before_the_scheme_saves_no_password() -> None:
    assert strip_url("0https://robot:hunter2@host/x and _http://u:hunter2@h") == "0https://host/x and _http://h"
    assert strip_url("git+ssh://git@host/x ssh://git@host ssh://git:pw@host") == "git+ssh://git@host/x ssh://git@host ssh://host"


def test_json_is_cleaned_string_by_string() -> None:
    redactor = Redactor(["hunter22"])
    value: dict[str, Any] = {"hunter22": ["pw hunter22", 7, True, None], "n": {"x": "\x1b"}}
    assert redactor.clean_json(value) == {MASK: [f"pw {MASK}", 7, True, None], "n": {"x": "\x1b"}}


@given(st.text())
def test_printable_json_means_the_same_and_is_harmless(text: str) -> None:
    shown = printable_json(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(shown) == {"a": text}
    assert is_printable(shown)


def test_printable_json_of_every_kind_of_harm() -> None:
    text = "\x1b[31m\r\x7f\x9b\u202e\u2028\ufeff\ud800\U000e0041"
    assert printable_json(json.dumps(text, ensure_ascii=False)) == json.dumps(text).replace("\x7f", "\\u007f")


@pytest.mark.parametrize(
    ("value", "encoded", "shown"),
    [
        ("hunter2", False, "*** (7 bytes)"),
        ("aHVudGVyMg==", True, "*** (7 bytes)"),
        ("not base64!", True, "*** (11 bytes)"),
        ("ä", False, "*** (2 bytes)"),
        ("x", False, "*** (1 byte)"),
        (1234, False, "*** (4 bytes)"),
        ("*** (7 bytes)", False, "*** (13 bytes)"),
        # A byte that is no text is a surrogate escape; half of a pair that somebody wrote is a text like any other.
        (b"\x00\xff\x80\xc3\xa4".decode("utf-8", "surrogateescape"), False, "*** (5 bytes)"),
        ("\ud800", False, "*** (3 bytes)"),
    ],
)
def test_mask_value_shows_only_the_size_and_cannot_be_imitated(value: Any, encoded: bool, shown: str) -> None:
    assert mask_value(value, encoded=encoded) == shown


def test_a_secret_shows_keys_and_sizes() -> None:
    copy = '{"data":{"pw":"aHVudGVyMg=="}}'
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": copy, "gitctl.dev/owner": "a/b/c"}},
        "data": {"pw": "aHVudGVyMg=="},
        "stringData": {"user": "bob"},
    }
    shown = mask_object(body)
    assert shown == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db"},
        "data": {"pw": "*** (7 bytes)"},
        "stringData": {"user": "*** (3 bytes)"},
    }
    assert body["data"] == {"pw": "aHVudGVyMg=="}


@pytest.mark.parametrize("data", ["raw", 12345678, ["a"], {"k": 1.5}, {"k": {"deep": "value"}}])
def test_wrongly_typed_secret_data_is_masked_too(data: Any) -> None:
    text = json.dumps(mask_object({"kind": "Secret", "apiVersion": "nonsense/v9", "data": data}))
    for leaf in ("raw", "12345678", '"a"', "1.5", "value"):
        assert leaf not in text


def test_other_annotations_and_objects_stay() -> None:
    body = {"kind": "ConfigMap", "metadata": {"annotations": {"gitctl.dev/prune": "disabled"}}, "data": {"a": "b"}}
    assert mask_object(body) == body
    assert not is_secret(body)


def test_sensitive_paths_by_key_index_and_merge_key() -> None:
    body = {"spec": {"env": [{"name": "A", "value": "one"}, {"name": "B", "value": "three"}], "password": {"text": "four4"}}}
    masked = mask_object(body, [("spec", "env", "[name=B]", "value"), ("spec", "env", 0, "value"), ("spec", "password"), ("no", "where")])
    assert masked["spec"] == {
        "env": [{"name": "A", "value": "*** (3 bytes)"}, {"name": "B", "value": "*** (5 bytes)"}],
        "password": {"text": "*** (5 bytes)"},
    }


def test_a_merge_key_that_picks_nothing_masks_every_item() -> None:
    masked = mask_object({"env": [{"name": "C", "value": "x"}]}, [("env", "[name=B]", "value")])
    assert masked == {"env": [{"name": "C", "value": "*** (1 byte)"}]}


def test_a_path_below_another_does_not_mask_the_mask() -> None:
    assert mask_object({"a": {"b": "secret"}}, [("a", "b"), ("a",), ("a", "b")]) == {"a": {"b": "*** (6 bytes)"}}
