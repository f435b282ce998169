"""What gitctl seals the real kubeseal opens, and the other way round: all scopes, raw values, merged files, any bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import Runner, run
from tests.fixtures.sealing import Controller, controller

from gitctl.documents import load_all
from gitctl.model.sealing import Scope

SCOPES = [scope.value for scope in Scope]
VALUES = {
    "text": b"correct-horse",
    "empty": b"",
    "bytes": bytes(range(256)),
    "long": b"0123456789" * 5000,
    "lines": "zwei\nZeilen ö\n".encode(),
}


def secret(values: dict[str, bytes] = VALUES, **metadata: Any) -> str:
    """A Secret as JSON; kubectl's own forms of text and base64 are both in it."""
    data = {key: base64.b64encode(value).decode() for key, value in values.items() if key != "text"}
    texts = {key: value.decode() for key, value in values.items() if key == "text"}
    names = {"name": "db", "namespace": "shop", "labels": {"app": "db"}, "annotations": {"team": "a"}}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Secret", "metadata": names | metadata, "type": "Opaque", "data": data, "stringData": texts}
    )


def kubeseal(*args: str | Path, stdin: str, cwd: Path, code: int = 0) -> str:
    return run(("kubeseal", *map(str, args)), cwd=cwd, stdin=stdin).expect(code).stdout


def opened(text: str) -> dict[str, Any]:
    """The Secret, its values as bytes; kubeseal spells an empty one as null."""
    body: dict[str, Any] = load_all(text.encode(), where="x")[0].value
    return body | {"data": {key: base64.b64decode(value or "") for key, value in body["data"].items()}}


@pytest.mark.parametrize("scope", SCOPES)
def test_kubeseal_opens_what_gitctl_seals(gitctl: Runner, tmp_path: Path, sealer: Controller, scope: str) -> None:
    sealed = gitctl("secret", "seal", "--cert", sealer.cert, "--scope", scope, stdin=secret()).expect().stdout
    for form in (sealed, json.dumps(load_all(sealed.encode(), where="x")[0].value)):
        found = opened(kubeseal("--recovery-unseal", "--recovery-private-key", sealer.key, "-o", "yaml", stdin=form, cwd=tmp_path))
        assert found["data"] == VALUES
    assert (found["type"], found["metadata"]["labels"], found["metadata"]["annotations"]["team"]) == ("Opaque", {"app": "db"}, "a")


@pytest.mark.parametrize("scope", SCOPES)
def test_gitctl_opens_what_kubeseal_seals(gitctl: Runner, tmp_path: Path, sealer: Controller, scope: str) -> None:
    sealed = kubeseal("--cert", sealer.cert, "--scope", scope, "-o", "yaml", stdin=secret(), cwd=tmp_path)
    found = opened(gitctl("secret", "unseal", "--recovery-private-key", sealer.backup, stdin=sealed).expect().stdout)
    assert found["data"] == VALUES
    assert (found["type"], found["metadata"]["labels"], found["metadata"]["annotations"]["team"]) == ("Opaque", {"app": "db"}, "a")
    (tmp_path / "sealed.yaml").write_text(sealed)
    told = gitctl("secret", "verify", "sealed.yaml", "--recovery-private-key", sealer.key, "-o", "json").expect().json()
    assert [(one["scope"], one["state"]) for one in told["sealedSecrets"]] == [(scope, "current")]


@pytest.mark.parametrize("scope", SCOPES)
def test_raw_values_are_the_same_thing(gitctl: Runner, tmp_path: Path, sealer: Controller, scope: str) -> None:
    flags = ("--cert", sealer.cert, "--raw", "--scope", scope, "--name", "db", "-n", "shop")
    ours = gitctl("secret", "seal", *flags, stdin="correct-horse\n").expect().stdout.strip()
    theirs = kubeseal(*flags[:-2], "--namespace", "shop", "--from-file=/dev/stdin", stdin="correct-horse\n", cwd=tmp_path)
    wide = {} if scope == "strict" else {f"sealedsecrets.bitnami.com/{scope}": "true"}
    metadata = {"name": "db", "namespace": "shop", "annotations": wide}
    spec = {"encryptedData": {"ours": ours, "theirs": theirs}}
    whole = json.dumps({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata, "spec": spec})
    by_us = opened(gitctl("secret", "unseal", "--recovery-private-key", sealer.key, stdin=whole).expect().stdout)
    by_them = opened(kubeseal("--recovery-unseal", "--recovery-private-key", sealer.key, stdin=whole, cwd=tmp_path))
    assert by_us["data"] == by_them["data"] == {"ours": b"correct-horse\n", "theirs": b"correct-horse\n"}


def test_each_merges_into_the_file_of_the_other(gitctl: Runner, tmp_path: Path, sealer: Controller) -> None:
    first, second = secret({"a": b"eins", "b": b"zwei"}), secret({"b": b"drei", "c": b"vier"})
    ours, theirs = tmp_path / "ours.yaml", tmp_path / "theirs.yaml"
    ours.write_text(gitctl("secret", "seal", "--cert", sealer.cert, stdin=first).expect().stdout)
    theirs.write_text("# by hand\n" + kubeseal("--cert", sealer.cert, "-o", "yaml", stdin=first, cwd=tmp_path))
    kubeseal("--cert", sealer.cert, "-o", "yaml", "--merge-into", ours, stdin=second, cwd=tmp_path)
    gitctl("secret", "seal", "--cert", sealer.cert, "--merge-into", theirs, stdin=second).expect()
    assert theirs.read_text().startswith("# by hand\n")
    for file in (ours, theirs):
        by_us = gitctl("secret", "unseal", file, "--recovery-private-key", sealer.key).expect().stdout
        by_them = kubeseal("--recovery-unseal", "--recovery-private-key", sealer.key, stdin=file.read_text(), cwd=tmp_path)
        assert opened(by_us)["data"] == opened(by_them)["data"] == {"a": b"eins", "b": b"drei", "c": b"vier"}


def test_kubeseal_opens_what_was_sealed_anew_for_another_length_of_key(gitctl: Runner, tmp_path: Path, sealer: Controller) -> None:
    larger = controller(tmp_path / "larger", 2, bits=3072)
    file = tmp_path / "sealed.yaml"
    file.write_text(kubeseal("--cert", sealer.cert, "-o", "yaml", stdin=secret(), cwd=tmp_path))
    told = gitctl("secret", "verify", "sealed.yaml", "--cert", larger.cert, "-o", "json").expect().json()
    assert told["sealedSecrets"][0]["state"] == "old key"
    gitctl("secret", "reseal", "sealed.yaml", "--cert", larger.cert, "--recovery-private-key", sealer.backup).expect()
    found = opened(kubeseal("--recovery-unseal", "--recovery-private-key", larger.key, stdin=file.read_text(), cwd=tmp_path))
    assert found["data"] == VALUES


def test_both_refuse_a_value_that_was_moved(gitctl: Runner, tmp_path: Path, sealer: Controller) -> None:
    sealed = gitctl("secret", "seal", "--cert", sealer.cert, stdin=secret()).expect().stdout.replace("name: db", "name: other")
    kubeseal("--recovery-unseal", "--recovery-private-key", sealer.key, stdin=sealed, cwd=tmp_path, code=1)
    told = gitctl("secret", "unseal", "--recovery-private-key", sealer.key, stdin=sealed).expect(3).stderr
    assert "or for another name, namespace or scope" in told
