"""`tree` and `trace` on the real API server: what its controllers made of an app's objects, and where those come from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fixtures.project import Project, config_map, deployment

WEB = """\
# the shop
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  a: "1"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: example.test/web:1
"""


def nodes(some: list[dict[str, Any]], depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """(depth, kind, health) of every node of a tree."""
    for node in some:
        yield depth, node["object"]["kind"], node["health"]
        yield from nodes(node["owned"], depth + 1)


def tree(project: Project, *args: str, code: int = 0) -> dict[str, Any]:
    """The tree of the one app, as JSON that its schema allows."""
    body = project.run("tree", *args, "-o", "json", code=code).json()
    found: dict[str, Any] = body["clusters"][0]["apps"][0]
    return found


def test_the_tree_of_an_app(project: Project) -> None:
    labels = {"app": "web"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": labels, "ports": [{"port": 80}]}}
    job = {"containers": [{"name": "a", "image": "example.test/a"}], "restartPolicy": "Never"}
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": job}}}}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"}, "spec": spec}
    project.write("web", config_map("settings"), deployment("web"), service, cron)
    project.commit()
    assert "never synced" in project.run("tree", "web").stdout
    project.run("sync")
    project.kubectl("-n", project.name, "create", "job", "by-hand", "--from=cronjob/nightly")
    project.kubectl("-n", project.name, "wait", "--for=condition=Complete", "job/by-hand", "--timeout=60s")
    found = tree(project)
    assert found["health"] == "healthy"
    assert found["unseen"] == []
    assert set(nodes(found["objects"])) == {
        (0, "ConfigMap", "healthy"),
        (0, "Deployment", "healthy"),
        (1, "ReplicaSet", "healthy"),
        (2, "Pod", "healthy"),
        (0, "Service", "healthy"),
        (1, "EndpointSlice", "healthy"),
        (0, "CronJob", "healthy"),
        (1, "Job", "healthy"),
        (2, "Pod", "healthy"),
    }
    text = project.run("tree", "web").stdout
    assert "web (dev → main) healthy: 4 objects, 5 owned by them" in text
    rows = [row.split()[:3] for row in text.splitlines()]
    assert ["│", "└─", "apps/ReplicaSet"] in rows
    plain = project.run("tree", "web", env={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}, fresh=True).stdout
    assert plain.isascii()
    assert "|  `- apps/ReplicaSet" in plain


def test_custom_resources_own_what_their_operator_made_and_what_may_not_be_listed_is_said(project: Project) -> None:
    group = f"{project.name}.example.test"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": [f"w{project.name}"]}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": spec,
    }
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 3}}
    project.write("web", widget, crd)
    project.commit()
    project.run("sync")
    live = project.live(f"widgets.{group}", "one")
    assert live is not None
    owner = {"apiVersion": f"{group}/v1", "kind": "Widget", "name": "one", "uid": live["metadata"]["uid"]}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "made", "ownerReferences": [owner]},
        "stringData": {"a": "hunter2hunter2"},
    }
    project.kubectl("-n", project.name, "create", "-f", "-", stdin=json.dumps(secret))
    found = tree(project, "web")
    assert set(nodes(found["objects"])) >= {(0, "Widget", "healthy"), (1, "Secret", "healthy")}
    project.kubectl("create", "clusterrole", project.name, "--verb=get,list", f"--resource=widgets.{group},secrets,crd")
    project.kubectl("create", "clusterrolebinding", project.name, f"--clusterrole={project.name}", "--user=looker")
    limited = tree(project, "web", "--as", "looker")
    assert {u["kind"] for u in limited["unseen"]} >= {"Deployment", "Pod"}
    assert "not looked at: Pod" in project.run("tree", "web", "--as", "looker").stdout
    traced = project.run("trace", f"w{project.name}/one", "-o", "json").json()["items"][0]
    assert traced["applied"]["app"] == "web"
    project.kubectl("delete", "clusterrole,clusterrolebinding", project.name)
    project.kubectl("delete", "crd", f"widgets.{group}")


def test_a_pod_is_traced_to_its_line(project: Project) -> None:
    project.repo.write("apps/web/all.yaml", WEB)
    first = project.repo.commit("the shop opens")
    project.run("sync")
    project.repo.write("apps/web/all.yaml", WEB.replace("web:1", "web:2"))
    second = project.repo.commit("web 2")
    project.repo.write("apps/web/all.yaml", WEB.replace("web:1", "web:2").replace('a: "1"', 'a: "2"'))
    third = project.repo.commit("settings only")
    project.run("sync")
    pods = json.loads(project.kubectl("-n", project.name, "get", "pods", "-l", "app=web", "-o", "json").stdout)["items"]
    # The old pod may go at any moment.
    pod = next(p["metadata"]["name"] for p in pods if p["spec"]["containers"][0]["image"] == "example.test/web:2")
    text = project.run("trace", f"pod/{pod}", "--field", "spec.template.spec.containers[name=web].image").stdout
    assert f"app       web (dev → main), owner id {project.name}/dev/web" in text
    found = project.run("trace", f"po/{pod}", "-n", project.name, "--field", "spec.replicas", "-o", "json").json()["items"][0]
    assert [o["kind"] for o in found["owners"]] == ["ReplicaSet", "Deployment"]
    assert found["applied"]["object"]["kind"] == "Deployment"
    assert (found["applied"]["revision"], found["applied"]["acknowledged"]) == (third, third)
    assert (found["source"]["path"], found["source"]["line"], found["commit"]["sha"]) == ("apps/web/all.yaml", 9, second)
    assert "apps/web/all.yaml:21, commit " + second[:8] in text
    (field,) = found["fields"]
    assert (field["path"], field["wanted"], field["source"]["line"], field["commit"]["sha"]) == ("spec.replicas", 1, 14, first)
    assert {m["manager"] for m in field["managers"]} == {"gitctl"}
    defaulted = project.run("trace", "deploy", "web", "--field", "spec.strategy.type").stdout
    assert "not in Git" in defaulted
    assert "nobody: a default" in defaulted
    assert "spec.nothing" in project.run("trace", "deploy/web", "--field", "spec.nothing", code=2).stderr


def test_overlays_lead_to_the_file_that_has_the_value(project: Project) -> None:
    project.repo.write("apps/base/web.yaml", json.dumps(deployment("web"), indent=2) + "\n")
    project.repo.write("apps/base/kustomization.yaml", "resources: [web.yaml]\n")
    project.repo.commit("base")
    overlay = "namePrefix: my-\nresources: [../base]\nimages:\n- name: example.test/web\n  newTag: v7\n"
    project.repo.write("apps/web/kustomization.yaml", overlay)
    sha = project.repo.commit("v7")
    project.run("sync")
    field = "spec.template.spec.containers[name=web].image"
    found = project.run("trace", "deploy/my-web", "--field", field, "-o", "json").json()["items"][0]
    assert (found["source"]["path"], found["source"]["line"], found["commit"]["subject"]) == ("apps/base/web.yaml", 1, "base")
    (image,) = found["fields"]
    assert (image["source"], image["commit"]["sha"]) == ({"path": "apps/web/kustomization.yaml", "line": 5}, sha)


def test_what_gitctl_did_not_apply_is_said_to_be_somebody_elses(project: Project) -> None:
    marks = {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "theirs"}
    body = config_map("theirs", a="1")
    body["metadata"] |= {"annotations": marks, "labels": {"app.kubernetes.io/managed-by": "Helm"}}
    project.write("web", config_map("ours"))
    project.commit()
    project.run("sync")
    project.kubectl("-n", project.name, "create", "--field-manager=helm", "-f", "-", stdin=json.dumps(body))
    found = project.run("trace", "configmap/theirs", "-o", "json").json()["items"][0]
    assert found["applied"] is None
    assert [one.partition(" (")[0] for one in found["others"]] == ["Helm release theirs/shop", "field manager helm"]
    assert "no app whose state is kept in dev → main applied it" in project.run("trace", "cm/theirs").stdout
    assert "there is no cm/nothing" in project.run("trace", "cm/nothing", code=3).stderr
    assert "no kind 'gadget'" in project.run("trace", "gadget/a", code=3).stderr
    assert "names no object" in project.run("trace", "deploy", code=2).stderr
