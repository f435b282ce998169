"""Hashes of Secrets on pod templates: what they follow, what they do not tell, and where there are none."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey
from tests.unit.render.trees import app, write

from gitctl.errors import ErrorId
from gitctl.model.app import App, IgnoreRule, ObjectSelector
from gitctl.model.manifest import RenderResult
from gitctl.model.marks import SECRETS
from gitctl.redact import Redactor
from gitctl.render.restart import WITHOUT
from gitctl.render.run import reads_of, render
from gitctl.secrets import pysops
from gitctl.secrets.keyless import KeylessVault
from gitctl.secrets.pysops import Kind
from gitctl.secrets.sops import SopsProvider
from gitctl.secrets.vault import SecretVault
from gitctl.source.worktree import WorkTree

KEY = "keys/restart.yaml"
APP = replace(app(), env="dev", project="shop", restart_key=KEY)
REGEX = "^(data|stringData)$"


def sealed(key: AgeKey, text: str) -> bytes:
    return pysops.encrypt(text.encode(), kind=Kind.YAML, recipients=(key.recipient,), encrypted_regex=REGEX)


def secret(key: AgeKey, **values: str) -> bytes:
    return sealed(key, f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {json.dumps(values)}\n")


def restart_key(key: AgeKey, value: str = "k" * 64) -> bytes:
    return sealed(key, f"data: {{restart-key: {value}}}\n")


def workload(name: str, kind: str = "Deployment", **pod: Any) -> str:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]} | pod}
    api = "batch/v1" if kind == "Job" else "apps/v1"
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": {"selector": {}, "template": template}})


def env(*sources: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": "c", "image": "i", "env": [{"name": "V", "valueFrom": source} for source in sources]}]


VOLUME = [{"name": "v", "secret": {"secretName": "db"}}]
FILES = {
    "app/user.yaml": workload("user", containers=env({"secretKeyRef": {"name": "db", "key": "user"}})),
    "app/all.yaml": workload("all", "StatefulSet", volumes=VOLUME),
    "app/from.yaml": workload("from", "DaemonSet", containers=[{"name": "c", "image": "i", "envFrom": [{"secretRef": {"name": "db"}}]}]),
    "app/job.yaml": workload("job", "Job", volumes=VOLUME),
    "app/pull.yaml": workload("pull", imagePullSecrets=[{"name": "db"}]),
    "app/other.yaml": workload("other", containers=env({"secretKeyRef": {"name": "of-another-app", "key": "user"}})),
}


@pytest.fixture
def tree(tmp_path: Path, age_key: AgeKey) -> Path:
    folder = tmp_path / "tree"
    write(folder, {**FILES, "app/secret.yaml": secret(age_key, user="anna", password="one"), KEY: restart_key(age_key)})
    return folder


def rendered(folder: Path, wanted: App = APP, *, keyless: bool = False) -> RenderResult:
    vault = (KeylessVault if keyless else SecretVault)((SopsProvider(),), Redactor())
    return render(wanted, WorkTree(folder), vault=vault, cache=folder.parent / "cache")


def hashes(result: RenderResult) -> dict[str, str]:
    """Workload → hash, for those that have one."""
    bodies = [m.body for m in result.manifests if m.ref.kind != "Secret"]
    found = {b["metadata"]["name"]: b["spec"]["template"]["metadata"].get("annotations", {}).get(SECRETS, "") for b in bodies}
    return {name: text for name, text in found.items() if text}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def test_the_hash_follows_what_the_containers_read_and_nothing_else(tree: Path, age_key: AgeKey) -> None:
    first = hashes(rendered(tree))
    assert set(first) == {"user", "all", "from"}
    assert all(re.fullmatch("[0-9a-f]{32}", text) for text in first.values())
    assert hashes(rendered(tree)) == first, "from the cache"
    for file in ("app/secret.yaml", KEY):
        write(tree, {file: pysops.rotate((tree / file).read_bytes(), kind=Kind.YAML)})
    again = rendered(tree)
    assert hashes(again) == first, "encrypted anew, the same content"
    write(tree, {"app/secret.yaml": secret(age_key, user="anna", password="two")})
    second = hashes(rendered(tree))
    assert changed(first, second) == {"all", "from"}
    write(tree, {"app/secret.yaml": secret(age_key, user="berta", password="two")})
    assert changed(second, hashes(rendered(tree))) == {"user", "all", "from"}
    write(tree, {"app/secret.yaml": secret(age_key, user="anna", password="one")})
    assert hashes(rendered(tree)) == first, "back again"


def test_the_hash_tells_nothing_without_the_key_nor_that_two_places_share_a_secret(tree: Path, age_key: AgeKey) -> None:
    first = hashes(rendered(tree))
    assert len(set(first.values())) == len(first)
    assert changed(first, hashes(rendered(tree, replace(APP, env="prod")))) == set(first)
    write(tree, {KEY: restart_key(age_key, "m" * 64)})
    assert changed(first, hashes(rendered(tree))) == set(first)


def test_without_keys_there_is_no_hash_and_the_same_digest(tree: Path, age_key: AgeKey) -> None:
    keyed, keyless = rendered(tree), rendered(tree, keyless=True)
    assert hashes(keyless) == {}
    assert WITHOUT in keyless.warnings
    assert WITHOUT not in keyed.warnings
    assert keyless.digest == keyed.digest
    write(tree, {KEY: restart_key(age_key, "m" * 64)})
    assert rendered(tree).digest != keyed.digest, "another key is another release"


def test_off_by_default(tree: Path) -> None:
    (tree / KEY).unlink()
    off = rendered(tree, replace(APP, restart_key=""))
    assert hashes(off) == {}
    assert KEY not in off.read_set


def test_the_key_is_among_what_the_render_reads(tree: Path) -> None:
    assert KEY in rendered(tree).read_set
    assert KEY in reads_of(APP, WorkTree(tree))


def test_generated_values_do_not_count(tree: Path, age_key: AgeKey) -> None:
    rule = IgnoreRule(ObjectSelector(kind="Secret"), paths=("/data/password",))
    wanted = replace(APP, generated=(rule,))
    first = hashes(rendered(tree, wanted))
    write(tree, {"app/secret.yaml": secret(age_key, user="anna", password="another")})
    assert hashes(rendered(tree, wanted)) == first


def test_what_is_on_the_template_already_stays(tree: Path) -> None:
    body = json.loads(FILES["app/all.yaml"])
    body["spec"]["template"]["metadata"]["annotations"] = {"a": "b", SECRETS: "mine"}
    write(tree, {"app/all.yaml": json.dumps(body)})
    found = next(m for m in rendered(tree).manifests if m.ref.name == "all").body["spec"]["template"]["metadata"]["annotations"]
    assert found["a"] == "b"
    assert re.fullmatch("[0-9a-f]{32}", found[SECRETS])


def test_a_key_that_is_none(tree: Path, age_key: AgeKey) -> None:
    plain = b"data: {restart-key: " + b"k" * 64 + b"}\n"
    bad = {
        "is in plain text": plain,
        "too short": restart_key(age_key, "short"),
        "no data.restart-key in the file": sealed(age_key, "data: {other: value}\n"),
    }
    for message, content in bad.items():
        write(tree, {KEY: content})
        with raises(ErrorId.RESTART_KEY_UNUSABLE) as caught:
            rendered(tree)
        assert message in str(caught.value)
    (tree / KEY).unlink()
    with raises(ErrorId.RESTART_KEY_UNUSABLE) as caught:
        rendered(tree, keyless=True)
    assert "is not there" in str(caught.value)
