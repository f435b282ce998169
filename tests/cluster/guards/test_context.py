"""The right cluster, for the whole of a run."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from tests.fixtures.errors import raises
from tests.fixtures.project import Project, config_map
from tests.servers.fault_proxy import FaultProxy, Status

from gitctl.errors import ErrorId
from gitctl.model.app import Cluster
from gitctl.sandbox import ControlPlane
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request
from gitctl.target.kubernetes.open import open_target


def test_a_ci_job_has_to_name_the_context(project: Project) -> None:
    folder = project.repo.path.parent / "plain"
    folder.mkdir()
    (folder / "a.yaml").write_text(json.dumps(config_map("a")))
    words = ("sync", "./plain", "--app", "x", "-n", project.name, "--yes")
    told = project.gitctl(*words, env={"CI": "true"}).expect(2).error(ErrorId.CONTEXT_UNNAMED)
    assert "name it: --context NAME, or GITCTL_CONTEXT" in told.stderr
    assert project.live("configmap", "a") is None
    project.gitctl(*words, env={"CI": "true", "GITCTL_CONTEXT": project.context}).expect()
    assert project.live("configmap", "a") is not None
    project.gitctl("diff", "./plain", "--app", "x", "-n", project.name, env={"CI": ""}).expect(0)


def test_a_current_context_that_is_swapped_leads_no_request_elsewhere(
    control_plane: ControlPlane, fault_proxy: FaultProxy, namespace: str, tmp_path: Path
) -> None:
    """The run begins at the proxy; then somebody makes another context the current one, and the credentials have to be read again."""
    ours, other = (yaml.safe_load(p.read_text()) for p in (fault_proxy.kubeconfig, control_plane.kubeconfig))
    for name, config in (("ours", ours), ("other", other)):
        config["clusters"][0]["name"] = config["users"][0]["name"] = config["contexts"][0]["name"] = name
        config["contexts"][0]["context"] = {"cluster": name, "user": name}
    both = ours | {key: ours[key] + other[key] for key in ("clusters", "users", "contexts")}
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(both | {"current-context": "ours"}))
    client = Client(Login(str(path)), timeout=30)
    assert client.get("/api").ok
    path.write_text(yaml.safe_dump(both | {"current-context": "other"}))
    fault_proxy.on(Status(401))
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "swapped"}}
    assert client.send(Request("POST", f"/api/v1/namespaces/{namespace}/configmaps", body=body)).ok
    assert [r.method for r in fault_proxy.requests if "configmaps" in r.path] == ["POST", "POST"], "refused once, then sent to the same"
    assert client.access.endpoint.context == "ours"


@pytest.mark.parametrize("method", ["identity", "read_state", "list_states"])
def test_a_pod_does_not_take_its_own_cluster_for_another(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    server = urlsplit(control_plane.server)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(server.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    target = open_target(Cluster("prod", "prod-eu"), cache=tmp_path)
    with raises(ErrorId.WRONG_CLUSTER, match="context 'prod-eu' is not known here"):
        getattr(target, method)(*(("a/b/c",) if method == "read_state" else ()))
