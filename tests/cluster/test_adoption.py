"""Adoption: whoever wrote an object before, a key that leaves Git afterwards goes away, with the earlier tool's marks.

helm and kubectl are the real ones. Flux and Argo CD do not run here: their objects are written as their controllers write them, with
the same field managers, labels and annotations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import run
from tests.fixtures.project import Project, config_map


def settings(**data: str) -> dict[str, Any]:
    """The object that is adopted."""
    return config_map("settings", **data)


def marked(labels: dict[str, str], annotations: dict[str, str]) -> dict[str, Any]:
    """The object as a controller writes it."""
    body = settings(a="1", b="2")
    body["metadata"] |= {"labels": labels, "annotations": annotations}
    return body


def adopted(project: Project, *flags: str) -> dict[str, Any]:
    """The live object after its adoption and the commit that takes `b` out of Git. Nothing of the earlier tool must be left."""
    project.write("web", settings(a="1", b="2"))
    project.commit()
    project.run("sync", *flags)
    project.write("web", settings(a="1"))
    project.commit()
    project.run("sync")
    live = project.live("configmap", "settings") or {}
    assert live["data"] == {"a": "1"}
    assert [entry["manager"] for entry in live["metadata"]["managedFields"]] == ["gitctl"]
    return live


@pytest.mark.parametrize("how", [(), ("--server-side",)], ids=["client side", "server side"])
def test_from_kubectl_apply(project: Project, how: tuple[str, ...]) -> None:
    project.kubectl("-n", project.name, "apply", *how, "-f", "-", stdin=json.dumps(settings(a="1", b="2")))
    live = adopted(project, "--adopt")
    assert list(live["metadata"]["annotations"]) == ["gitctl.dev/owner"]


def test_from_a_helm_release(project: Project, tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "templates" / "all.yaml").write_text(json.dumps(settings(a="1", b="2")))
    run(("helm", "install", "web", str(chart), "--namespace", project.name, "--kube-context", project.context), cwd=tmp_path).expect()
    project.write("web", settings(a="1", b="2"))
    project.commit()
    assert f"managed by Helm release {project.name}/web" in project.run("sync", code=7).stderr
    live = adopted(project, "--adopt")
    assert list(live["metadata"]["annotations"]) == ["gitctl.dev/owner"]
    assert list(live["metadata"]["labels"]) == ["gitctl.dev/app"]
    # Helm's own record of the release stays until somebody takes it away; the objects then stay.
    project.kubectl("-n", project.name, "delete", "secret", "-l", "owner=helm,name=web")
    assert project.live("configmap", "settings") is not None


KUSTOMIZATION = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
RIVALS = {
    "flux kustomize": ("flux", "kustomize-controller", True, KUSTOMIZATION, {}),
    "flux helm": (
        "flux",
        "helm-controller",
        False,
        {"app.kubernetes.io/managed-by": "Helm", "helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "apps"},
        {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "apps"},
    ),
    "argocd server side": ("argocd", "argocd-controller", True, {}, {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:apps/settings"}),
    "argocd client side": ("argocd", "argocd-application-controller", False, {"app.kubernetes.io/instance": "web"}, {}),
}


@pytest.mark.parametrize("case", RIVALS)
def test_from_a_controller_only_when_it_is_named(project: Project, case: str) -> None:
    rival, manager, server_side, labels, annotations = RIVALS[case]
    how = ("apply", "--server-side") if server_side else ("create",)
    body = json.dumps(marked(labels, annotations))
    project.kubectl("-n", project.name, *how, f"--field-manager={manager}", "-f", "-", stdin=body)
    project.write("web", settings(a="1", b="2"))
    project.commit()
    refused = project.run("sync", "--adopt", code=7).stderr
    assert f"--dangerous-adopt-from {rival} takes them over" in refused
    assert "first" in refused
    assert (project.live("configmap", "settings") or {})["metadata"]["managedFields"][0]["manager"] == manager
    live = adopted(project, "--dangerous-adopt-from", rival)
    assert list(live["metadata"]["labels"]) == ["gitctl.dev/app"]
    assert list(live["metadata"]["annotations"]) == ["gitctl.dev/owner"]
