"""What users see of proofs: -v, JSON, --verify, --no-secrets, --foreign."""

from __future__ import annotations

import pytest
from tests.fixtures.project import Project, config_map, deployment

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "data": {"a": "aGVsbG8="}}


@pytest.fixture
def synced(project: Project) -> Project:
    """A project whose one app runs."""
    project.write("web", config_map("settings", a="1"), deployment("web"), SECRET)
    project.commit()
    project.run("sync", "--yes")
    return project


def test_every_result_names_its_proof_and_what_was_not_looked_at(synced: Project) -> None:
    name = synced.name
    assert f"= ConfigMap {name}/settings  (proof: server)" in synced.run("diff", "-v", "--verify=server").stdout
    app = synced.run("diff", "-o", "json", "--no-secrets").json()["clusters"][0]["apps"][0]
    assert {(u["object"]["kind"], u["proof"]) for u in app["unchanged"]} == {("ConfigMap", "server"), ("Deployment", "server")}
    assert [o["name"] for o in app["notLookedAt"]] == ["key"]
    assert "1 Secret not looked at (--no-secrets)" in synced.run("diff", "--no-secrets").stdout
    synced.write("web", config_map("settings", a="2"), deployment("web"))
    synced.commit()
    shown = synced.run("diff", "-v", "--no-secrets", code=1).stdout
    assert f"~ ConfigMap {name}/settings  (proof: server)" in shown
    assert "- Secret" not in shown
    assert synced.run("diff", "--verify=none", code=1).stdout.count(f"- Secret {name}/key") == 1


def test_what_controllers_own_is_listed_on_request(synced: Project) -> None:
    name = synced.name
    synced.edit("configmap", "settings", {"metadata": {"annotations": {"example.com/seen": "1"}}, "data": {"b": "2"}}, manager="operator")
    assert synced.run("drift-check").stdout == ""
    shown = synced.run("drift-check", "--foreign", "--no-secrets")
    assert f"foreign ConfigMap {name}/settings: operator" in shown.stdout
    assert "data.b" in shown.stdout
    assert "1 Secret not looked at (--no-secrets)" in shown.stdout
    app = synced.run("drift-check", "--foreign", "--no-secrets", "-o", "json").json()["clusters"][0]["apps"][0]
    (fields,) = [f for f in app["foreign"] if f["owner"]["manager"] == "operator"]
    assert fields["fields"] == ["data.b", 'metadata.annotations["example.com/seen"]']
    assert {f["object"]["kind"] for f in app["foreign"]} <= {"ConfigMap", "Deployment"}
    assert (app["inSync"], [o["kind"] for o in app["notLookedAt"]]) == (2, ["Secret"])
    assert {o["proof"] for o in app["inSyncObjects"]} <= {"server", "certificate"}
    quiet = synced.run("drift-check", "--no-secrets")
    assert (quiet.stdout, "1 Secret not looked at (--no-secrets)" in quiet.stderr) == ("", True)
    assert f"in-sync ConfigMap {name}/settings  (proof: " in synced.run("drift-check", "-v").stdout


def test_what_the_server_does_not_keep_is_not_sent_again(project: Project) -> None:
    """An empty text, list and map: each apply would bring the same, and no sync sends one."""
    body = deployment("web")
    body["spec"]["template"]["spec"]["containers"][0] |= {"env": [], "args": [], "resources": {}, "lifecycle": {}}
    empty = deployment("empty")
    empty["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": ""}]
    project.write("web", body, empty)
    project.commit()
    project.run("sync", "--yes")
    before = [(project.live("deployment", name) or {})["metadata"]["resourceVersion"] for name in ("web", "empty")]
    assert "in sync, 2 objects" in project.run("sync", "--yes").stdout
    assert [(project.live("deployment", name) or {})["metadata"]["resourceVersion"] for name in ("web", "empty")] == before
