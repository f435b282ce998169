"""Variables through the whole flow on the real API server: sync, drift, rollback, and what the process environment gives."""

from __future__ import annotations

from typing import Any

from tests.fixtures.project import Project

from gitctl.errors import ErrorId

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  release: "${RELEASE}"
  cluster: ${CLUSTER}
  domain: ${APP}.${DOMAIN:=example.test}
  build: ${BUILD:=none}
  script: |
    echo $${HOME}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${REPLICAS}
  selector:
    matchLabels: &labels
      app: web
  template:
    metadata:
      labels: *labels
    spec:
      containers:
      - name: web
        image: example.test/web:${RELEASE}
"""
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\ndata:\n  release: ${RELEASE}\n"


def configure(project: Project, *, release: str, **environment: Any) -> None:
    project.configure(
        {"web": {"vars": {"APP": "web"}}, "other": {}},
        vars={"RELEASE": "0", "REPLICAS": 1, "DOMAIN": ""},
        vars_from_env=["BUILD"],
        environments={"dev": {"clusters": ["main"], "vars": {"RELEASE": release, **environment}}},
        clusters={"main": {"context": project.context, "vars": {"CLUSTER": "main"}}},
    )


def settings(project: Project) -> dict[str, str]:
    return dict((project.live("configmap", "settings") or {})["data"])


def test_variables_are_delivered_watched_and_taken_back(project: Project) -> None:
    project.repo.write("apps/web/all.yaml", SETTINGS)
    project.repo.write("apps/other/all.yaml", OTHER)
    configure(project, release="1")
    project.commit("release 1")
    project.run("sync", env={"BUILD": "77"})
    live = settings(project)
    assert live == {"release": "1", "cluster": "main", "domain": "web.example.test", "build": "77", "script": "echo ${HOME}\n"}
    deployed = project.live("deployment", "web") or {}
    assert (deployed["spec"]["replicas"], deployed["spec"]["template"]["spec"]["containers"][0]["image"]) == (1, "example.test/web:1")

    # What was acknowledged is rendered again with the recorded environment, whatever this process has.
    project.run("drift-check", env={"BUILD": "78"})
    assert 'data.build: "77" → "78"' in project.run("diff", "web", env={"BUILD": "78"}, code=1).stdout
    inputs = project.run("history", "web", "-o", "json").json()["clusters"][0]["records"][0]["inputs"]
    assert inputs["environment"] == {"BUILD": "77"}
    assert inputs["variables"] == ["APP", "BUILD", "CLUSTER", "DOMAIN", "RELEASE", "REPLICAS"]

    # A new release changes one variable of the environment, and adds another one that is not the app's.
    configure(project, release="2", UNRELATED="stays")
    project.commit("release 2")
    project.run("sync")
    assert (settings(project)["release"], settings(project)["build"]) == ("2", "none")

    # Going back restores the variable where it was set, and nothing else there; the other app that reads it is named.
    told = project.run("rollback", "web", "--yes", env={"BUILD": "79"})
    assert "other in dev" in told.stderr
    assert (settings(project)["release"], settings(project)["build"]) == ("1", "77")
    text = project.repo.git("show", "HEAD:gitctl.yaml")
    assert '"RELEASE": "1"' in text
    assert '"UNRELATED": "stays"' in text
    shown = project.run("config", "show", "-o", "json").json()["environments"]["dev"]["clusters"][0]["apps"]["web"]["vars"]
    assert shown["RELEASE"] == {"value": "1", "from": "environment"}
    assert shown["CLUSTER"] == {"value": "main", "from": "cluster"}


def test_all_that_is_unknown_is_exit_3_and_nothing_is_written(project: Project) -> None:
    project.repo.write("apps/web/all.yaml", SETTINGS)
    project.configure({"web": {}}, vars={"REPLICA": 1})
    project.commit()
    told = project.run("sync", code=3).error(ErrorId.VARIABLE_UNKNOWN)
    assert "apps/web/all.yaml:6:3 data.release: unknown variable RELEASE" in told.stderr
    assert "all.yaml:18:3 spec.replicas: unknown variable REPLICAS\n  hint: did you mean 'REPLICA'?" in told.stderr
    assert "write $${RELEASE} for the text itself" in told.stderr
    assert "apps/web/all.yaml:28:9" in told.stderr
    assert project.live("configmap", "settings") is None
