"""Values that stay in a store, on a real API server, with moto's AWS: resolved for the plan, applied, compared; nothing of them kept."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.fixtures.project import Project
from tests.servers.moto import Moto

from gitctl.errors import ErrorId

pytestmark = pytest.mark.xdist_group("aws")


def secret(name: str, **values: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}


def live(project: Project, name: str) -> dict[str, str]:
    found = project.live("secret", name)
    assert found
    return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


def test_a_release_with_values_of_stores(project: Project, aws: Moto) -> None:
    place, near = project.name, aws.environment | {"SHOP_TOKEN": "token-in-the-environment"}
    far = near | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    aws.call("secretsmanager", "CreateSecret", Name=f"{place}/db", SecretString=json.dumps({"password": "kanarienvogel", "pin": 10}))
    aws.call("ssm", "PutParameter", Name=f"/{place}/key", Value="zaunkoenig", Type="SecureString")
    project.configure({"web": {}}, references={"env": ["SHOP_TOKEN"], "files": ["local/password"]})
    project.repo.write("local/password", "from a file")
    project.repo.write(".gitignore", "local\n")
    values = {"password": f"ref+awssecrets://{place}/db#/password", "pin": f"ref+awssecrets://{place}/db?region=eu-central-1#pin"}
    values |= {"key": f"ref+awsssm://{place}/key", "token": "ref+env://SHOP_TOKEN", "file": "ref+file://local/password", "user": "bob"}
    bare = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bare"}, "data": {"a": values["key"]}}
    text = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "text"}, "data": {"a": values["key"]}}
    project.write("web", secret("db", **values), bare, text)
    project.commit()

    # What needs no value asks no store; what does is refused as a whole where one is out of reach.
    assert "zaunkoenig" not in project.run("render", env=far).stdout
    told = project.run("secret", "resolve", env=far).stdout
    assert f"ref+awsssm://{place}/key" in told
    told = project.run("sync", env=far, code=6).error(ErrorId.STORE_UNREACHABLE).stderr
    assert all(f"Secret {place}/db data.{key}: {values[key]}: AWS cannot be reached" in told for key in ("password", "pin", "key"))
    assert project.live("configmap", "text") is None, "nothing is applied"

    project.run("sync", env=near)
    wanted = {
        "password": "kanarienvogel",
        "pin": "10",
        "key": "zaunkoenig",
        "token": near["SHOP_TOKEN"],
        "file": "from a file",
        "user": "bob",
    }
    assert live(project, "db") == wanted
    assert live(project, "bare") == {"a": "zaunkoenig"}
    assert (project.live("configmap", "text") or {})["data"] == {"a": values["key"]}
    assert "in sync" in project.run("sync", env=near).stdout

    # Another value in the store: a change for diff and sync, no drift of the cluster; one made by hand is drift.
    aws.call("secretsmanager", "PutSecretValue", SecretId=f"{place}/db", SecretString=json.dumps({"password": "papagei", "pin": 10}))
    told = project.run("diff", env=near, code=1).stdout
    assert "data.password: *** (13 bytes) → *** (7 bytes)" in told
    assert "data.pin" not in told
    project.run("drift-check", env=near)
    project.run("sync", env=near)
    assert live(project, "db")["password"] == "papagei"
    project.edit("secret", "db", {"data": {"password": base64.b64encode(b"by hand").decode()}})
    assert "data.password" in project.run("drift-check", env=near, code=1).stdout
    project.run("diff", "--no-secrets", env=far)
    found = project.run("status", "-o", "json", env=far).json()["clusters"][0]["apps"][0]
    assert found["state"] == "unknown"
    project.run("drift-check", "--fix", env=near)
    assert live(project, "db")["password"] == "papagei"

    # Rollback: values are those of today.
    project.write("web", secret("db", **values | {"user": "alice"}), bare, text)
    project.commit()
    project.run("sync", env=near)
    done = project.run("rollback", "web", "--to", "1", "--yes", "-o", "json", env=near).json()
    notes = done["clusters"][0]["apps"][0]["plan"]["notes"]
    assert f"values in stores are as they are now, not rolled back: Secret {place}/db, Secret {place}/bare" in notes
    assert live(project, "db") == wanted | {"password": "papagei"}

    # All that is wrong is one error, and a list for CI.
    broken = {"gone": f"ref+awssecrets://{place}/gone#x", "key": f"ref+awssecrets://{place}/db#nokey", "env": "ref+env://HOME"}
    project.write("web", secret("db", **broken, bad="ref+gcp://x", good=values["key"]))
    project.commit()
    told = project.run("diff", env=near, code=3).error(ErrorId.REFERENCE_MISSING).stderr
    assert "4 references without a value" in told
    assert all(f"data.{key}: {text}" in told for key, text in broken.items())
    checked = project.run("secret", "resolve", "--check", "-o", "json", env=near, code=1).json()["references"]
    assert {one["key"]: (one["state"], one.get("bytes")) for one in checked} == {
        "gone": ("not there", None),
        "key": ("no such key", None),
        "env": ("not listed", None),
        "bad": ("invalid", None),
        "good": ("readable", 10),
    }
    project.run("secret", "resolve", "--check", env=far, code=6)
