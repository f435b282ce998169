"""No value of a store leaks: neither from a command that reads it, nor from a failure, nor from what the run leaves behind."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path

import pytest
from tests.canary.test_cluster import JSON, TEXT, Story
from tests.canary.test_cluster import story as story
from tests.fixtures.commands import run
from tests.servers.moto import Moto
from tests.servers.vault import StubVault, kv2

from gitctl.errors import ErrorId

pytestmark = pytest.mark.xdist_group("aws")

KEYS = ("aws", "ssm", "vault", "file")


def refer(story: Story, file: Path, **more: str) -> None:
    """An app whose Secret has a reference to each store, committed."""
    place = story.namespace
    config = json.loads((story.world.repo.path / "gitctl.yaml").read_text())
    config |= {"apps": {"web": {"path": "web", "namespace": place}}, "references": {"files": [str(file)], "env": ["CANARY"]}}
    values = {"aws": f"ref+awssecrets://{place}/db#password", "ssm": f"ref+awsssm://{place}/key", "vault": "ref+vault://kv/db#password"}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": values | {"file": f"ref+file://{file}"} | more}
    story.world.repo.commit(files={"gitctl.yaml": json.dumps(config), "web/secret.json": json.dumps(body)})


def test_values_of_stores(story: Story, aws: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value, file = story.world.value, tmp_path / "outside"
    file.write_text(value)
    aws.call("secretsmanager", "CreateSecret", Name=f"{story.namespace}/db", SecretString=json.dumps({"password": value}))
    aws.call("ssm", "PutParameter", Name=f"/{story.namespace}/key", Value=value, Type="SecureString")
    with StubVault(kv2("kv", "db", {"password": value})) as vault:
        for name, text in {**aws.environment, "VAULT_ADDR": vault.url, "VAULT_TOKEN": "hvs.of-the-account"}.items():
            monkeypatch.setenv(name, text)
        refer(story, file)
        assert story.run("secret", "resolve", "--check", *TEXT, code=0).stdout.count("readable (") == len(KEYS)
        story.run("sync", *TEXT, code=0)
        live = json.loads(story.kubectl("-n", story.namespace, "get", "secret", "db", "-o", "json").stdout)
        assert {base64.b64decode(live["data"][key]).decode() for key in KEYS} == {value}, "else nothing is proved"
        # A key that is not there; a name that the API server refuses, with what was sent in its answer; a store that is gone.
        refer(story, file, **{"bad key": f"ref+file://{file}", "gone": f"ref+file://{file}#password"})
        story.run("diff", *("-o", "markdown", "-vvv"), code=3).error(ErrorId.REFERENCE_MISSING)
        refer(story, file, **{"bad key": f"ref+file://{file}"})
        story.run("sync", *JSON, code=8)
        monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
        story.run("sync", *TEXT, code=6).error(ErrorId.STORE_UNREACHABLE)


def test_a_variable_is_in_no_other_program(story: Story, tmp_path: Path) -> None:
    """gitctl itself was started with it; git and all that it starts are not."""
    world = story.world
    refer(story, tmp_path / "outside")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"env": "ref+env://CANARY"}}
    world.repo.commit(files={"web/secret.json": json.dumps(secret)})
    env = {**os.environ, **world.env, "CANARY": world.value}
    done = run((sys.executable, "-m", "gitctl", "diff", "-e", "dev", *JSON), cwd=world.repo.path, env=env).expect(1)
    assert [*world.search.text("stdout", done.stdout), *world.search.text("stderr", done.stderr), *world.leaks(plain=False)] == []
    assert "git" in world.trace.read_text(), "else nothing is proved"
