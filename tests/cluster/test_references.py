"""Values that stay in a store, on a real API server, with moto's AWS: resolved for the plan, applied, compared; nothing of them kept."""

from __future__ import annotations

import base64
import json
import re
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


def near(aws: Moto, **more: str) -> dict[str, str]:
    """The environment of an account that may read everything."""
    return aws.environment | {"SHOP_TOKEN": "token-in-the-environment"} | more


def far(aws: Moto) -> dict[str, str]:
    """The same where AWS cannot be reached."""
    return near(aws, AWS_ENDPOINT_URL="http://127.0.0.1:9")


def references(project: Project) -> dict[str, str]:
    """A value of a Secret for each store, and one that is none."""
    place = project.name
    aws = {"password": f"ref+awssecrets://{place}/db#/password", "pin": f"ref+awssecrets://{place}/db?region=eu-central-1#pin"}
    return aws | {"key": f"ref+awsssm://{place}/key", "token": "ref+env://SHOP_TOKEN", "file": "ref+file://local/password", "user": "bob"}


def fill(project: Project, aws: Moto) -> None:
    """Stores with values, and an app that refers to them, committed."""
    aws.call("secretsmanager", "CreateSecret", Name=f"{project.name}/db", SecretString=json.dumps({"password": "kanarienvogel", "pin": 10}))
    aws.call("ssm", "PutParameter", Name=f"/{project.name}/key", Value="zaunkoenig", Type="SecureString")
    project.configure({"web": {}}, references={"env": ["SHOP_TOKEN"], "files": ["local/password"]})
    project.repo.write("local/password", "from a file")
    project.repo.write(".gitignore", "local\n")
    write(project, **references(project))


def write(project: Project, **values: str) -> None:
    """The app: a Secret with these values, one without base64, and text that only looks like a reference."""
    key = references(project)["key"]
    bare = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bare"}, "data": {"a": key}}
    text = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "text"}, "data": {"a": key}}
    project.write("web", secret("db", **values), bare, text)
    project.commit()


def test_a_release_with_values_of_stores(project: Project, aws: Moto) -> None:
    fill(project, aws)
    key = references(project)["key"]
    # What needs no value asks no store; what does is refused as a whole where one is out of reach.
    assert "zaunkoenig" not in project.run("render", env=far(aws)).stdout
    told = project.run("sync", env=far(aws), code=6).error(ErrorId.STORE_UNREACHABLE).stderr
    lost = {name: references(project)[name] for name in ("password", "pin", "key")}
    assert all(f"Secret {project.name}/db data.{name}: {text}: AWS cannot be reached" in told for name, text in lost.items())
    assert project.live("configmap", "text") is None, "nothing is applied"

    project.run("sync", env=near(aws))
    wanted = {"password": "kanarienvogel", "pin": "10", "key": "zaunkoenig", "file": "from a file", "user": "bob"}
    assert live(project, "db") == wanted | {"token": near(aws)["SHOP_TOKEN"]}
    assert live(project, "bare") == {"a": "zaunkoenig"}
    assert (project.live("configmap", "text") or {})["data"] == {"a": key}
    assert "in sync" in project.run("sync", env=near(aws)).stdout
    changed_in_the_store(project, aws)

    write(project, **references(project) | {"user": "alice"})
    project.run("sync", env=near(aws))
    done = project.run("rollback", "web", "--to", "1", "--yes", "-o", "json", env=near(aws)).json()
    notes = done["clusters"][0]["apps"][0]["plan"]["notes"]
    assert f"values in stores are as they are now, not rolled back: Secret {project.name}/db, Secret {project.name}/bare" in notes
    assert (live(project, "db")["password"], live(project, "db")["user"]) == ("papagei", "bob")


def changed_in_the_store(project: Project, aws: Moto) -> None:
    """Another value in the store: a change for diff and sync, no drift of the cluster; one made by hand is drift."""
    aws.call("secretsmanager", "PutSecretValue", SecretId=f"{project.name}/db", SecretString=json.dumps({"password": "papagei", "pin": 10}))
    told = project.run("diff", env=near(aws), code=1).stdout
    assert re.search(r"data\.password: \*\*\* \(13 bytes\) ~\w+ → \*\*\* \(7 bytes\) ~\w+$", told, re.MULTILINE), told
    assert "data.pin:" not in told
    project.run("drift-check", env=near(aws))
    assert "AWS cannot be reached" in project.run("drift-check", env=far(aws), code=6).stdout
    project.run("sync", env=near(aws))
    assert live(project, "db")["password"] == "papagei"
    project.edit("secret", "db", {"data": {"password": base64.b64encode(b"by hand").decode()}})
    project.run("diff", "--no-secrets", env=far(aws))
    assert project.run("status", "-o", "json", env=far(aws)).json()["clusters"][0]["apps"][0]["state"] == "unknown"
    assert "data.password" in project.run("drift-check", "--fix", env=near(aws)).stdout
    assert live(project, "db")["password"] == "papagei"


def test_all_that_is_wrong_is_one_error_and_a_list_for_ci(project: Project, aws: Moto) -> None:
    fill(project, aws)
    place = project.name
    broken = {"gone": f"ref+awssecrets://{place}/gone#x", "key": f"ref+awssecrets://{place}/db#nokey", "env": "ref+env://HOME"}
    write(project, **broken, bad="ref+gcp://x", good=f"ref+awssecrets://{place}/db#password")
    told = project.run("diff", env=near(aws), code=3).error(ErrorId.REFERENCE_MISSING).stderr
    assert "4 references without a value" in told
    assert all(f"data.{key}: {text}" in told for key, text in broken.items())
    checked = project.run("secret", "resolve", "--check", "-o", "json", env=near(aws), code=1).json()["references"]
    assert {one["key"]: (one["state"], one.get("bytes")) for one in checked} == {
        "gone": ("not there", None),
        "key": ("no such key", None),
        "env": ("not listed", None),
        "bad": ("invalid", None),
        "good": ("readable", 13),
        "a": ("readable", 10),
    }
