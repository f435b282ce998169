"""References to stores: what is one, how it is read, where it stands."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.model.reference import Reference, Source, StoreKind, is_reference, literals_in, parse, references_in


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ref+awssecrets://shop/db", Reference(Source(StoreKind.AWS_SECRETS, "shop/db"))),
        ("ref+awssecrets://shop/db#password", Reference(Source(StoreKind.AWS_SECRETS, "shop/db"), ("password",))),
        ("secretref+awssecrets://shop/db#/db/password\n", Reference(Source(StoreKind.AWS_SECRETS, "shop/db"), ("db", "password"))),
        (
            "ref+awssecrets://shop/db?version_stage=AWSPREVIOUS&region=eu-west-1#a",
            Reference(Source(StoreKind.AWS_SECRETS, "shop/db", (("region", "eu-west-1"), ("version_stage", "AWSPREVIOUS"))), ("a",)),
        ),
        (
            "ref+awssecrets://arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
            Reference(Source(StoreKind.AWS_SECRETS, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf")),
        ),
        ("ref+awsssm://shop/db?version=3", Reference(Source(StoreKind.AWS_SSM, "shop/db", (("version", "3"),)))),
        ("ref+awsssm:///shop/db", Reference(Source(StoreKind.AWS_SSM, "/shop/db"))),
        (
            "ref+vault://secret/team-a/db?address=https://vault.example.com:8200#/tls.key",
            Reference(Source(StoreKind.VAULT, "secret/team-a/db", (("address", "https://vault.example.com:8200"),)), ("tls.key",)),
        ),
        ("ref+file:///run/secrets/db#a", Reference(Source(StoreKind.FILE, "/run/secrets/db"), ("a",))),
        ("ref+file://local/db.json", Reference(Source(StoreKind.FILE, "local/db.json"))),
        ("ref+env://SHOP_TOKEN", Reference(Source(StoreKind.ENV, "SHOP_TOKEN"))),
    ],
)
def test_forms(text: str, wanted: Reference) -> None:
    assert is_reference(text)
    assert parse(text) == wanted
    assert parse(str(wanted)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "ref+gcpsecrets://project/name",
        "ref+awssecrets://",
        "ref+awssecrets://a b",
        "ref+awssecrets://shop/../root",
        "ref+awssecrets://shop//db",
        "ref+awssecrets://shop/db#",
        "ref+awssecrets://shop/db#a//b",
        "ref+awssecrets://shop/db?profile=root",
        "ref+awssecrets://shop/db?region=evil.example.com/#a",
        "ref+awssecrets://shop/db?region=eu-west-1&region=eu-west-2",
        "ref+awsssm://shop/db?version=latest",
        "ref+vault://secret/db",
        "ref+vault://db#a",
        "ref+vault://secret/../sys/raw#a",
        "ref+vault://secret/%2e%2e/sys#a",
        "ref+vault://secret/db?address=https://user@evil#a",
        "ref+vault://secret/db#a?address=https://vault.example.com",
        "ref+file://",
        "ref+file://../out",
        "ref+env://A-B",
        "ref+env://A#b",
        "ref+env://A, and more words",
    ],
)
def test_what_is_refused(text: str) -> None:
    """It begins as a reference does: it is never applied as text."""
    assert is_reference(text)
    with raises(ErrorId.REFERENCE_INVALID):
        parse(text)


@pytest.mark.parametrize(
    "text", ["", "reference", "see ref+env://A", "ref+env:/A", "REF+env://A", "ref+env://A\nref+env://B", "xref+env://A"]
)
def test_text_is_text(text: str) -> None:
    assert not is_reference(text)


def test_options_do_not_change_what_rules_see() -> None:
    assert parse("ref+vault://kv/db?address=https://a&version=2#x").source.pattern == "ref+vault://kv/db"


def secret(*sensitive: str, **data: str) -> Manifest:
    """A Secret in normal form."""
    values = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": values}
    return Manifest(
        ObjectRef("", "Secret", "shop", "db"), "v1", body, Origin("a.yaml"), sensitive=tuple(("data", key) for key in sensitive)
    )


def test_where_they_stand() -> None:
    found = secret(a="ref+env://A", b="text", c="ref+env://B\n", d="x ref+env://C")
    assert list(references_in(found)) == [(("data", "a"), "ref+env://A"), (("data", "c"), "ref+env://B")]


def test_what_was_encrypted_in_git_is_a_value_whatever_it_says() -> None:
    assert list(references_in(secret("a", a="ref+env://A", b="ref+env://B"))) == [(("data", "b"), "ref+env://B")]


def test_an_encrypted_value_that_looks_like_one_is_found_and_one_that_a_store_gave_is_not() -> None:
    found = secret("a", "c", a="ref+env://A", b="ref+env://B", c="text")
    assert list(literals_in(found)) == [("data", "a")]
    assert list(literals_in(replace(found, stored=(("data", "a"),)))) == []


def test_other_kinds_hold_text() -> None:
    body = {"kind": "ConfigMap", "data": {"a": base64.b64encode(b"ref+env://A").decode()}}
    assert list(references_in(Manifest(ObjectRef("", "ConfigMap", "", "x"), "v1", body, Origin("a")))) == []
    assert list(references_in(Manifest(ObjectRef("example.com", "Secret", "", "x"), "v1", body, Origin("a")))) == []
