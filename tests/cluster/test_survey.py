"""A look at many apps on the real API server: what it costs grows with kinds, and it says what a look at each says."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.fixtures.project import Project, config_map, deployment
from tests.servers.fault_proxy import FaultProxy, Status

from gitctl.target.kubernetes.proof.packing import decode

SECRET = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"a": "aGVsbG8="}}
FIRST, ALL = 2, 5


def with_apps(project: Project, count: int) -> None:
    """So many apps of five objects each, synced."""
    names = [f"app-{n}" for n in range(count)]
    project.configure({name: {} for name in names})
    for name in names:
        bodies = [config_map(f"{name}-{n}", a=name) for n in range(3)]
        project.write(name, *bodies, deployment(name, replicas=0), SECRET | {"metadata": {"name": name}})
    project.commit()
    project.run("sync", "--yes", "--no-wait")


def asked(project: Project, proxy: FaultProxy, *verb: str) -> int:
    """How many requests other than dry runs a look makes. (Until a minute after their namespace was made, objects may be asked about.)"""
    proxy.clear()
    project.run(*verb, "--kubeconfig", proxy.kubeconfig)
    return proxy.count() - proxy.count(method="PATCH")


@pytest.fixture
def counts(project: Project, fault_proxy: FaultProxy) -> dict[str, list[int]]:
    """What looks at some, and at more than twice as many apps cost; all are synced at the end."""
    found: dict[str, list[int]] = {"status": [], "drift-check": []}
    for count in (FIRST, ALL):
        with_apps(project, count)
        for verb, costs in found.items():
            costs.append(asked(project, fault_proxy, verb))
    return found


def drift(project: Project, *words: str, code: int = 0) -> list[Any]:
    """The apps of a drift-check as JSON."""
    return list(project.run("drift-check", *words, "-o", "json", code=code).json()["clusters"][0]["apps"])


def test_more_apps_cost_no_more_requests_and_are_seen_as_they_are(
    counts: dict[str, list[int]], project: Project, fault_proxy: FaultProxy
) -> None:
    for few, many in counts.values():
        assert few <= 45
        assert many <= few + 2  # one for each app would be three more, one for each object fifteen
    project.edit("configmap", "app-1-0", {"data": {"a": "by hand"}})
    project.kubectl("-n", project.name, "delete", "deployment", "app-2", "--wait=true")
    together = drift(project, code=1)
    assert [(a["app"], len(a["objects"])) for a in together if a["objects"]] == [("app-1", 1), ("app-2", 1)]
    alone = [one for app in ("app-1", "app-3") for one in drift(project, app, code=0 if app == "app-3" else 1)]
    assert [strip(a) for a in alone] == [strip(a) for a in together if a["app"] in ("app-1", "app-3")]
    states = {a["app"]: a["state"] for a in project.run("status", "-o", "json").json()["clusters"][0]["apps"]}
    assert states == {f"app-{n}": "drifted" if n in (1, 2) else "in-sync" for n in range(ALL)}
    secrets_refused(project, fault_proxy, together)
    one_damaged(project)


def strip(app: dict[str, Any]) -> dict[str, Any]:
    """Without what differs by which proven objects were asked about."""
    text = json.dumps(app).replace('"certificate"', '"server"')
    return dict(json.loads(text))


def secrets_refused(project: Project, proxy: FaultProxy, together: list[Any]) -> None:
    """An account that may get Secrets in the state namespace, and not list them."""
    proxy.clear()
    proxy.on(Status(403), path=r"/namespaces/gitctl-system/secrets$", query="labelSelector", times=-1)
    assert [strip(a) for a in drift(project, "--kubeconfig", str(proxy.kubeconfig), code=1)] == [strip(a) for a in together]
    assert proxy.count(path=r"/namespaces/gitctl-system/secrets/gitctl-") >= ALL


def one_damaged(project: Project) -> None:
    """A state that cannot be read hides no other."""
    listed = project.kubectl("-n", "gitctl-system", "get", "secret", "-l", "gitctl.dev/state=root", "-o", "json").json()["items"]
    (root,) = (s for s in listed if s["metadata"]["annotations"]["gitctl.dev/owner"] == f"{project.name}/dev/app-0")
    patch = json.dumps({"data": {"state": base64.b64encode(b"garbage").decode()}})
    project.kubectl("-n", "gitctl-system", "patch", "secret", root["metadata"]["name"], "--type=merge", "-p", patch)
    try:
        shown = drift(project, code=6)
        assert [a["app"] for a in shown if a.get("error")] == ["app-0"]
        assert [a["app"] for a in shown if a.get("objects")] == ["app-1", "app-2"]
        # An app beside it is synced and shown, and its deletes are counted.
        project.write("app-3", config_map("app-3-0", a="app-3"))
        project.commit("less")
        pruned = project.run("sync", "app-3", "--no-wait", "--prune-limit", "9")
        assert f"warning: the state of {project.name}/dev/app-0 cannot be read" in pruned.stderr
        project.run("status", "app-3")
    finally:
        project.kubectl("-n", "gitctl-system", "delete", "secret", root["metadata"]["name"])


def test_a_first_sync_of_many_namespaces_lists_them_and_learns_from_each_write(project: Project, fault_proxy: FaultProxy) -> None:
    names = [f"{project.name}-{n}" for n in range(5)]
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
    maps = [config_map(f"c{n}", a="1") for n in range(3)]
    inside = [m | {"metadata": m["metadata"] | {"namespace": name}} for name in names for m in maps]
    project.configure({"web": {}})
    project.write("web", *spaces, *inside)
    project.commit()
    try:
        project.run("sync", "--yes", "--no-wait", "--kubeconfig", fault_proxy.kubeconfig)
        assert fault_proxy.count(method="GET", path=rf"/namespaces/{project.name}-\d") <= 3
        assert fault_proxy.count(method="GET") <= 40
        # The writes were certified: a look now finds certificates, provisional as they are, for all that was made.
        kept = project.kubectl("-n", "gitctl-system", "get", "secret", "-l", f"gitctl.dev/state-of={project.name}_dev_web", "-o", "json")
        (root,) = (s for s in kept.json()["items"] if s["type"] == "gitctl.dev/certificates")
        assert len(decode(base64.b64decode(root["data"]["certificates"]), {}).certificates) == len(spaces) + len(inside)
    finally:
        project.kubectl("delete", "namespace", *names, "--wait=false")
