"""By which marks other tools are known."""

from __future__ import annotations

import pytest

from gitctl.model.deployers import deployers


@pytest.mark.parametrize(
    ("labels", "annotations", "found"),
    [
        ({}, {}, ()),
        (
            {"app.kubernetes.io/managed-by": "Helm"},
            {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"},
            ("Helm release shop/web",),
        ),
        (
            {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
            {},
            ("Flux Kustomization flux-system/apps",),
        ),
        (
            {"helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "shop"},
            {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"},
            ("Helm release shop/web", "Flux HelmRelease shop/web"),
        ),
        ({}, {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/web"}, ("Argo CD application web",)),
        ({"argocd.argoproj.io/instance": "web"}, {"argocd.argoproj.io/tracking-id": "web:x"}, ("Argo CD application web",)),
        ({"kapp.k14s.io/app": "1700"}, {}, ("kapp app 1700",)),
        ({"app.kubernetes.io/managed-by": "my-operator"}, {}, ("managed by my-operator, as its label says",)),
    ],
    ids=["nobody", "helm", "flux", "flux and helm", "argo cd", "argo cd twice", "kapp", "a label"],
)
def test_deployers(labels: dict[str, str], annotations: dict[str, str], found: tuple[str, ...]) -> None:
    assert deployers({"metadata": {"labels": labels, "annotations": annotations}}) == found
