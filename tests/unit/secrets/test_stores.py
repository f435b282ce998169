"""Stores outside of Git: files, variables, Vault's HTTP API (a small server that answers as Vault does), and the reader of all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.servers.vault import StubVault

from gitctl.model.reference import Source, StoreKind, parse
from gitctl.protocols import Fault, Trouble
from gitctl.redact import Redactor
from gitctl.secrets.stores.aws import AwsSecrets, ParameterStore
from gitctl.secrets.stores.content import value_at
from gitctl.secrets.stores.local import EnvStore, FileStore
from gitctl.secrets.stores.reader import StoreReader
from gitctl.secrets.stores.vault import VaultStore

TOKEN = "hvs.canary-token-of-vault"


def trouble(answer: bytes | Fault) -> Trouble:
    assert isinstance(answer, Fault), "a value was found"
    return answer.trouble


# ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [(("a",), b"x"), (("db", "pin"), b"1.10"), (("big",), b"12345678901234567890123"), (("on",), b"true"), (("db.user",), "ö".encode())],
)
def test_values_in_a_document(keys: tuple[str, ...], wanted: bytes) -> None:
    content = '{"a": "x", "db": {"pin": 1.10}, "big": 12345678901234567890123, "on": true, "db.user": "ö"}'
    assert value_at(content.encode(), keys) == wanted


@pytest.mark.parametrize(
    "content", [b'{"a": {"b": 1}}', b'{"a": null}', b'{"a": [1]}', b'{"b": 1}', b"[1]", b"canary", b"\xff", b"{" * 100_000]
)
def test_no_such_key(content: bytes) -> None:
    found = value_at(content, ("a",))
    assert isinstance(found, Fault)
    assert found.trouble is Trouble.NO_KEY
    assert "canary" not in found.reason


# ── files and variables ───────────────────────────────────────────────────────────────────────────────────────────────


def test_variables_that_are_listed() -> None:
    store = EnvStore(["A", "B"], {"A": "x"})
    assert store.read(Source(StoreKind.ENV, "A")) == b"x"
    assert trouble(store.read(Source(StoreKind.ENV, "B"))) is Trouble.MISSING
    assert trouble(store.read(Source(StoreKind.ENV, "HOME"))) is Trouble.UNLISTED


def test_files_that_are_listed(tmp_path: Path) -> None:
    root, outside = tmp_path / "repo", tmp_path / "outside"
    root.mkdir()
    outside.write_text("x")
    (root / "in").write_text("y")
    (root / "link").symlink_to("in")
    (root / "out").symlink_to(outside)
    (tmp_path / "mount").symlink_to(outside)
    os.mkfifo(root / "pipe")
    (root / "large").write_bytes(bytes((1 << 20) + 1))
    listed = [*(f"{name}" for name in ("in", "link", "out", "pipe", "large", "gone")), *(str(tmp_path / n) for n in ("outside", "mount"))]
    store = FileStore([*listed, str(root / "out")], root)
    read = {name: store.read(Source(StoreKind.FILE, name)) for name in [*listed, str(root / "out"), "unlisted", "./in"]}
    assert [read[name] for name in ("in", "link", listed[-2], listed[-1])] == [b"y", b"y", b"x", b"x"]
    assert {name: trouble(read[name]) for name in ("out", str(root / "out"), "pipe", "large", "gone", "unlisted", "./in")} == {
        "out": Trouble.UNLISTED,
        str(root / "out"): Trouble.UNLISTED,
        "pipe": Trouble.DENIED,
        "large": Trouble.DENIED,
        "gone": Trouble.MISSING,
        "unlisted": Trouble.UNLISTED,
        "./in": Trouble.UNLISTED,
    }


# ── Vault ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

MOUNTS = {
    "/v1/sys/internal/ui/mounts/two/db": {"path": "two/", "type": "kv", "options": {"version": "2"}},
    "/v1/sys/internal/ui/mounts/two/old": {"path": "two/", "type": "kv", "options": {"version": "2"}},
    "/v1/sys/internal/ui/mounts/team/one/db": {"path": "team/one/", "type": "kv", "options": None},
    "/v1/sys/internal/ui/mounts/pki/x": {"path": "pki/", "type": "pki", "options": None},
}
SECOND = {
    f"/v1/sys/internal/ui/mounts/{name}/db": {"path": f"{name}/", "type": "kv", "options": {"version": "2"}}
    for name in ("moved", "sealed", "odd", "full")
}
ANSWERS: dict[str, tuple[int, Any]] = {path: (200, {"data": data}) for path, data in (MOUNTS | SECOND).items()} | {
    "/v1/two/data/db": (200, {"data": {"data": {"password": "kanarienvogel", "pin": 1.10}, "metadata": {"version": 3}}}),
    "/v1/two/data/db?version=1": (200, {"data": {"data": {"password": "papagei"}, "metadata": {"version": 1}}}),
    "/v1/two/data/old": (404, {"data": {"data": None, "metadata": {"deletion_time": "2026-11-01T00:00:00Z"}}}),
    "/v1/team/one/db": (200, {"data": {"password": "kanarienvogel"}}),
    # A server that is too old to be asked about mounts.
    "/v1/sys/internal/ui/mounts/blind2/db": (404, {}),
    "/v1/sys/internal/ui/mounts/blind1/db": (404, {}),
    # What a token may always read of itself.
    "/v1/sys/internal/ui/mounts/auth/token/lookup-self": (404, {}),
    "/v1/auth/token/lookup-self": (200, {"data": {"x": TOKEN}}),
    "/v1/blind2/data/db": (200, {"data": {"data": {"password": "kanarienvogel"}}}),
    "/v1/blind1/data/db": (403, {"errors": ["permission denied"]}),
    "/v1/blind1/db": (200, {"data": {"password": "kanarienvogel"}}),
    "/v1/two/data/gone": (404, {"errors": []}),
    "/v1/moved/data/db": (307, "/v1/two/data/db"),
    "/v1/sealed/data/db": (503, {"errors": ["Vault is sealed"]}),
    "/v1/odd/data/db": (200, ["no object"]),
    "/v1/full/data/db": (429, {"errors": ["too many"]}),
}


@pytest.fixture(scope="module")
def vault() -> Iterator[StubVault]:
    """One for all tests of this file."""
    with StubVault(ANSWERS) as server:
        yield server


def at(address: str, path: str, **more: str) -> bytes | Fault:
    environment = {"VAULT_ADDR": address, "VAULT_TOKEN": TOKEN} | more
    return VaultStore(environment, Redactor()).read(parse(f"ref+vault://{path}#x").source)


@pytest.mark.parametrize("path", ["two/db", "team/one/db", "blind2/db", "blind1/db"])
def test_both_versions_of_the_engine(vault: StubVault, path: str) -> None:
    found = at(vault.url, path)
    assert isinstance(found, bytes)
    assert value_at(found, ("password",)) == b"kanarienvogel"


def test_numbers_and_older_versions(vault: StubVault) -> None:
    now, before = at(vault.url, "two/db"), at(vault.url, "two/db?version=1")
    assert isinstance(now, bytes)
    assert isinstance(before, bytes)
    assert (value_at(now, ("pin",)), value_at(before, ("password",))) == (b"1.1", b"papagei")
    assert trouble(at(vault.url, "team/one/db?version=1")) is Trouble.MISSING


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("two/old", Trouble.MISSING),
        ("pki/x", Trouble.MISSING),
        ("none/db", Trouble.DENIED),
        ("moved/db", Trouble.DENIED),
        ("odd/db", Trouble.MISSING),
        ("auth/token/lookup-self", Trouble.DENIED),
        ("sys/mounts", Trouble.DENIED),
        ("sealed/db", Trouble.UNREACHABLE),
        ("full/db", Trouble.UNREACHABLE),
    ],
)
def test_what_vault_says_no_with(vault: StubVault, path: str, wanted: Trouble) -> None:
    assert trouble(at(vault.url, path)) is wanted


def test_the_token_goes_nowhere_else(vault: StubVault, tmp_path: Path) -> None:
    address, asked = vault.url, vault.asked
    asked.clear()
    other = "http://127.0.0.2:1"
    assert trouble(at(other, f"two/db?address={address}")) is Trouble.UNLISTED
    assert trouble(at("http://vault.example.com", "two/db")) is Trouble.UNREACHABLE
    assert trouble(at("", "two/db")) is Trouble.UNREACHABLE
    assert trouble(at(address, "two/db", VAULT_TOKEN="", HOME=str(tmp_path))) is Trouble.DENIED
    assert trouble(at("http://127.0.0.1:1", "two/db")) is Trouble.UNREACHABLE
    assert asked == []
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    listed = {"GITCTL_VAULT_ADDRESSES": f"https://a.example.com, {address}/", "VAULT_NAMESPACE": "team"}
    found = at(other, f"two/db?address={address}", VAULT_TOKEN="", HOME=str(tmp_path), **listed)
    assert isinstance(found, bytes)
    assert {(h["X-Vault-Token"], h["X-Vault-Namespace"], h["X-Vault-Request"]) for _, h in asked} == {(TOKEN, "team", "true")}
    assert not any(TOKEN in path for path, _ in asked)


def test_the_token_is_hidden_from_then_on(vault: StubVault) -> None:
    redactor = Redactor()
    VaultStore({"VAULT_ADDR": vault.url, "VAULT_TOKEN": TOKEN}, redactor).read(Source(StoreKind.VAULT, "two/db"))
    assert TOKEN not in redactor.clean(f"token {TOKEN}")


# ── all together ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Counting:
    """A store that counts."""

    kind = StoreKind.AWS_SECRETS

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, source: Source) -> bytes | Fault:
        self.asked.append(source.path)
        return Fault(Trouble.MISSING, "none") if source.path == "gone" else b'{"a": "kanarienvogel", "b": "papagei-im-baum"}'


def test_each_source_is_asked_for_once_and_all_of_it_is_hidden() -> None:
    store, redactor = Counting(), Redactor()
    reader = StoreReader(lambda: [store], redactor)
    wanted = [parse(f"ref+awssecrets://{text}") for text in ("db#a", "db#b", "db", "gone#a", "other#a", "db#c")]
    found = reader.values(wanted)
    again = reader.values(wanted[:3])
    assert sorted(store.asked) == ["db", "gone", "other"]
    assert [found[one] for one in wanted[:2]] == [again[one] for one in wanted[:2]] == [b"kanarienvogel", b"papagei-im-baum"]
    assert [trouble(found[one]) for one in (wanted[3], wanted[5])] == [Trouble.MISSING, Trouble.NO_KEY]
    assert redactor.clean("kanarienvogel papagei-im-baum") == "*** ***"


@pytest.mark.parametrize("kind", [AwsSecrets, ParameterStore])
def test_without_the_library(kind: type[AwsSecrets], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "botocore.exceptions", None)
    found = kind({}).read(Source(kind.kind, "db"))
    assert isinstance(found, Fault)
    assert (found.trouble, found.hint) == (Trouble.NO_LIBRARY, "pip install 'gitctl-cli[aws]'")
