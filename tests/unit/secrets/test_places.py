"""Where in a tree the encrypted value stands that a placeholder stands for. No key, no program."""

from __future__ import annotations

import json

from gitctl.secrets.placeholder import as_base64, token
from gitctl.secrets.places import SealedValue, SealedValues


def sealed(name: str) -> str:
    """What sops writes for a value."""
    return f"ENC[AES256_GCM,data:{name},iv:aXY=,tag:dGFn,type:str]"


META = "sops:\n    mac: ENC[AES256_GCM,data:mac,iv:aXY=,tag:dGFn,type:str]\n    version: 3.11.0\n"
YAML = f"kind: Secret\nstringData:\n    user: {sealed('user')}\n    password: {sealed('pw')}\n{META}".encode()
ENV = f"USER={sealed('envuser')}\nsops_mac=ENC[AES256_GCM,data:m,iv:aXY=,tag:dGFn,type:str]\nsops_version=3.11.0\n".encode()
JSON = json.dumps({"a": {"b": sealed("json")}, "sops": {"mac": sealed("mac"), "version": "3.11.0"}}).encode()
FILES = {"a/secret.yaml": YAML, "a/prod.env": ENV, "a/values.json": JSON, "a/plain.yaml": b"password: gitctl\n"}


def found(covered: str) -> tuple[SealedValue, ...]:
    return SealedValues(FILES).below(covered)


def test_a_value_is_found_by_its_placeholder_and_place() -> None:
    name = token(sealed("pw"), (0, "stringData", "password"))
    assert found(name) == found(as_base64(name)) == (SealedValue("a/secret.yaml", 4, (3, 4)),)
    assert found(token(sealed("pw"), (0, "stringData", "user"))) == ()


def test_kinds_of_files_have_lines_of_their_own() -> None:
    assert found(token(sealed("envuser"), (0, "USER"))) == (SealedValue("a/prod.env", 1, (1,)),)
    assert found(token(sealed("json"), (0, "a", "b"))) == (SealedValue("a/values.json", 1, (1,)),)


def test_a_text_may_be_made_of_several() -> None:
    user, password = token(sealed("user"), (0, "stringData", "user")), token(sealed("pw"), (0, "stringData", "password"))
    assert [value.line for value in found(f"postgres://{user}:{password}@db")] == [3, 4]


def test_nothing_is_found_for_plain_text() -> None:
    assert found("") == found("gitctl-deadbeef") == ()
