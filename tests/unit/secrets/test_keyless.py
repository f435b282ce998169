from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.fixtures.secrets import AgeKey
from tests.unit.render.trees import app, write

from gitctl.documents import load_all
from gitctl.errors import RenderError
from gitctl.model.manifest import RenderResult
from gitctl.protocols import Vault
from gitctl.redact import Redactor
from gitctl.render.run import render
from gitctl.secrets import pysops
from gitctl.secrets.keyless import KeylessVault, is_sealed
from gitctl.secrets.pysops import Kind
from gitctl.secrets.sops import SopsProvider
from gitctl.secrets.vault import SecretVault
from gitctl.source.worktree import WorkTree

PLAIN = "correct-horse-battery"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: n}}\nstringData: {{p: {PLAIN}, port: 5432}}\n"
SECRET += f"data: {{old: {base64.b64encode(PLAIN.encode()).decode()}}}\n"


def seal(key: AgeKey, text: str, kind: Kind = Kind.YAML, regex: str = "^(data|stringData)$") -> bytes:
    return pysops.encrypt(text.encode(), kind=kind, recipients=(key.recipient,), encrypted_regex=regex)


def rendered(folder: Path, vault: Vault, *, namespace: str = "") -> RenderResult:
    return render(app(namespace=namespace), WorkTree(folder), vault=vault)


def test_placeholders_and_digests_are_those_of_who_has_the_key(tmp_path: Path, age_key: AgeKey, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal(age_key, SECRET)
    folder = write(tmp_path / "tree", {"app/s.yaml": sealed})
    opened = rendered(folder, SecretVault((SopsProvider(),), Redactor()))
    monkeypatch.setenv("PATH", "")  # and without any program
    closed = rendered(folder, KeylessVault((SopsProvider(),), Redactor()))
    assert closed.digest == opened.digest
    (one,), (other,) = closed.manifests, opened.manifests
    assert one.sensitive == other.sensitive
    assert one.sealed == other.sealed == sealed
    assert PLAIN not in str(one.body)
    assert base64.b64encode(PLAIN.encode()).decode() not in str(one.body)


def test_only_a_file_that_is_the_manifest_is_passed_on(tmp_path: Path, stranger: AgeKey) -> None:
    config_map = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: n}\n"
    vault = KeylessVault((SopsProvider(),), Redactor())
    alone = write(tmp_path / "alone", {"app/s.yaml": seal(stranger, SECRET)})
    assert rendered(alone, vault).manifests[0].sealed
    assert rendered(alone, vault, namespace="other").manifests[0].sealed
    bare = SECRET.replace(", namespace: n", "")
    unplaced = write(tmp_path / "unplaced", {"app/s.yaml": seal(stranger, bare)})
    assert rendered(unplaced, vault).manifests[0].sealed
    assert not rendered(unplaced, vault, namespace="other").manifests[0].sealed
    two = write(tmp_path / "two", {"app/s.yaml": seal(stranger, SECRET + config_map)})
    assert [m.sealed for m in rendered(two, vault).manifests] == [b"", b""]
    listed = "apiVersion: v1\nkind: List\nitems:\n- " + SECRET.replace("\n", "\n  ").strip()
    inside = write(tmp_path / "list", {"app/s.yaml": seal(stranger, listed)})
    assert not rendered(inside, vault).manifests[0].sealed


def test_what_cannot_be_a_secret_is_refused_without_a_key_too(tmp_path: Path, stranger: AgeKey) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n"
    folder = write(tmp_path / "tree", {"app/s.yaml": seal(stranger, text, regex="^name$")})
    with pytest.raises(RenderError, match=r"a secret in metadata\.name"):
        rendered(folder, KeylessVault((SopsProvider(),), Redactor()))


def test_files_are_covered_as_by_the_vault_that_opens_them(age_key: AgeKey) -> None:
    files = {
        "s.yaml": seal(age_key, SECRET),
        "part.yaml": seal(age_key, "a: open\nb: {c: [1, true, hunter2hunter2]}\n---\nb: x\n", regex="^b$"),
        "a.env": seal(age_key, "A=hunter2hunter2\n", Kind.DOTENV, ""),
        "a.json": seal(age_key, '{"a": "hunter2hunter2"}', Kind.JSON, ""),
        "a.bin": seal(age_key, "\x00hunter2hunter2\n", Kind.BINARY, ""),
    }
    opening = SecretVault((SopsProvider(),), Redactor())
    keyless = KeylessVault((SopsProvider(),), Redactor())
    covered = {name: keyless.cover(name, content) for name, content in files.items()}
    assert covered == {name: opening.cover(name, content) for name, content in files.items()}
    assert keyless.cover("plain.yaml", b"a: 1") is None
    (found,) = load_all(covered["s.yaml"] or b"", where="s.yaml")
    body, paths = keyless.uncover(found.value)
    assert body is found.value
    assert {("data", "old"), ("stringData", "p"), ("stringData", "port")} <= set(paths)
    assert is_sealed(body["data"]["old"])
    assert not any(map(is_sealed, ("gitctl-web", "aGk=", 7, None)))
