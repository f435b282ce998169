"""A Secret changes: who is made anew, who still runs with the old value, on the real API server with pods of the sandbox."""

from __future__ import annotations

from typing import Any

from tests.fixtures.project import Project, deployment
from tests.fixtures.secrets import AgeKey

APPS = ("web", "old")


def reading(name: str, *secrets: str) -> dict[str, Any]:
    """A Deployment whose container has the key `password` of each Secret."""
    body = deployment(name)
    env = [{"name": f"V{n}", "valueFrom": {"secretKeyRef": {"name": one, "key": "password"}}} for n, one in enumerate(secrets)]
    body["spec"]["template"]["spec"]["containers"][0]["env"] = env
    return body


def secret_of(app: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"{app}-db"}, "stringData": {"password": f"{app}-kanarienvogel"}}


def pods(project: Project, app: str) -> set[str]:
    """The names of an app's pods that are not going."""
    listed = project.kubectl("-n", project.name, "get", "pods", "-l", f"app={app}", "-o", "json").json()["items"]
    return {one["metadata"]["name"] for one in listed if "deletionTimestamp" not in one["metadata"]}


def hash_of(project: Project, app: str) -> str:
    live = project.live("deployment", app)
    assert live is not None
    return str(live["spec"]["template"]["metadata"].get("annotations", {}).get("gitctl.dev/secrets", ""))


def findings(project: Project, *args: str, code: int) -> list[tuple[str, str]]:
    (audit,) = project.run("secret", "audit", *args, "-o", "json", code=code).json()["audits"]
    return [(one["secret"].partition("/")[2], one["rule"]) for one in audit["findings"]]


def test_a_change_of_a_secret_restarts_who_wants_it_and_the_audit_tells_the_rest(project: Project, age_key: AgeKey) -> None:
    del age_key
    project.configure({"web": {"restart_on_secret_change": True}, "old": {}}, secrets={"restart_key": "keys/restart.yaml"})
    for app in APPS:
        project.write(app, reading(app, f"{app}-db", *(["by-hand"] if app == "old" else [])))
        project.write(app, secret_of(app), file="secret.yaml")
    files = [f"apps/{app}/secret.yaml" for app in APPS]
    project.gitctl("-q", "secret", "encrypt", *files, cwd=project.repo.path).expect()
    project.gitctl("-q", "secret", "restart-key", cwd=project.repo.path).expect()
    project.commit()
    project.kubectl("-n", project.name, "create", "secret", "generic", "by-hand", "--from-literal=password=x")
    project.run("sync")
    assert findings(project, code=1) == [("by-hand", "missing")]
    assert findings(project, "--live", code=0) == []
    before = {app: pods(project, app) for app in APPS}
    first = hash_of(project, "web")

    project.gitctl("-q", "secret", "rotate", *files, "keys/restart.yaml", cwd=project.repo.path).expect()
    project.commit("encrypted anew")
    project.run("diff", code=0)

    for file in files:
        edit = {"SOPS_EDITOR": "sed -i -e s/kanarienvogel/wellensittich/"}
        project.gitctl("-q", "secret", "edit", file, cwd=project.repo.path, env=edit).expect()
    project.commit("other values")
    shown = project.run("diff", code=1).stdout
    assert shown.count("Secret ") == 2
    assert shown.count('spec.template.metadata.annotations["gitctl.dev/secrets"]: "') == 1
    project.run("sync")
    after = {app: pods(project, app) for app in APPS}
    assert not after["web"] & before["web"], "made anew"
    assert after["old"] == before["old"]
    assert findings(project, "--live", code=1) == [("old-db", "not-restarted")]
    assert project.run("drift-check").stdout == ""
    assert hash_of(project, "web") != first
    project.run("rollback", "web")
    assert hash_of(project, "web") == first, "the old value again, the old hash again"
