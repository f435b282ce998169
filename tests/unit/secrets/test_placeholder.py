"""Tokens: stable, blind, found again wherever a renderer may put them."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.errors import RenderError
from gitctl.secrets.placeholder import Secret, as_base64, replace, token, typed

SEALED = "ENC[AES256_GCM,data:zA==,iv:QQ==,tag:Zg==,type:str]"
TOKEN = token(SEALED, (0, "password"))
SECRETS = {TOKEN: Secret("hunter2")}


def test_the_form_and_its_stability() -> None:
    assert re.fullmatch("gitctl-[0-9a-f]{32}", TOKEN)
    # The same on every machine and in every release: hash suffixes of names depend on it.
    assert TOKEN == "gitctl-7cdd453fd4258c0d690e4c0ebc472e81"


def test_it_follows_ciphertext_and_path() -> None:
    assert len({TOKEN, token(SEALED, (0, "user")), token(SEALED, (1, "password")), token(SEALED.replace("QQ", "QR"), (0, "password"))}) == 4


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (TOKEN, "hunter2"),
        (f"postgres://app:{TOKEN}@db/{TOKEN}", "postgres://app:hunter2@db/hunter2"),
        (f"{TOKEN}abc", "hunter2abc"),
        ("nothing here", "nothing here"),
        ("gitctl-system", "gitctl-system"),
        ("gitctl-deadbeef", "gitctl-deadbeef"),
        (base64.b64encode(b"gitctl-system").decode(), base64.b64encode(b"gitctl-system").decode()),
    ],
)
def test_replaced_in_text(text: str, wanted: str) -> None:
    assert replace(text, SECRETS) == wanted


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=40))
def test_replaced_in_base64_at_any_alignment(before: bytes, after: bytes, secret: bytes) -> None:
    secrets = {TOKEN: Secret(secret.decode("utf-8", "surrogateescape"))}
    opened = replace(base64.b64encode(before + TOKEN.encode() + after).decode(), secrets)
    assert base64.b64decode(opened) == before + secret + after


def test_replaced_in_base64_in_base64() -> None:
    auth = base64.b64encode(f"user:{TOKEN}".encode()).decode()
    config = base64.b64encode(json.dumps({"auths": {"r": {"password": TOKEN, "auth": auth}}}).encode()).decode()
    opened = json.loads(base64.b64decode(replace(config, SECRETS)))["auths"]["r"]
    assert opened == {"password": "hunter2", "auth": base64.b64encode(b"user:hunter2").decode()}


def test_a_secret_that_looks_like_a_token_is_not_replaced_again() -> None:
    other = token(SEALED, (0, "other"))
    assert replace(TOKEN, {TOKEN: Secret(other), other: Secret("x")}) == other


@pytest.mark.parametrize(
    "text",
    [
        "gitctl-" + "0" * 32,
        TOKEN[:20],
        TOKEN.upper(),
        base64.b64encode(TOKEN[:30].encode()).decode(),
        "x" + base64.b64encode(TOKEN.encode()).decode(),
    ],
    ids=["unknown", "cut", "capitals", "cut in base64", "shifted base64"],
)
def test_a_damaged_token_is_an_error(text: str) -> None:
    with pytest.raises(RenderError):
        replace(text, SECRETS)


def test_base64_of_a_token_is_valid() -> None:
    assert base64.b64decode(as_base64(TOKEN), validate=True).decode() == TOKEN


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("8080", "int", 8080), ("1.5", "float", 1.5), ("1", "float", 1), ("true", "bool", True), ("8080", "str", None), ("x", "bytes", None)],
)
def test_typed_values(text: str, kind: str, value: object) -> None:
    found = typed(text, kind)
    assert found == value
    assert type(found) is type(value)
