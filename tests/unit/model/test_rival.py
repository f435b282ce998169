"""Whose an object is besides gitctl's: controllers that go on writing it."""

from __future__ import annotations

from typing import Any

import pytest

from gitctl.model.rival import Rival, rival_managers, rival_of

ARGO = [{"manager": "argocd-controller"}]


def live(*, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, managers: Any = ()) -> dict[str, Any]:
    return {"metadata": {"labels": labels, "annotations": annotations, "managedFields": list(managers)}}


@pytest.mark.parametrize(
    ("body", "rival"),
    [
        (live(), None),
        ({"metadata": {}}, None),
        (live(labels={"kustomize.toolkit.fluxcd.io/name": "apps"}), Rival.FLUX),
        (live(labels={"helm.toolkit.fluxcd.io/name": "web"}, annotations={"meta.helm.sh/release-name": "web"}), Rival.FLUX),
        (live(annotations={"argocd.argoproj.io/tracking-id": "web:apps/Deployment:apps/web"}), Rival.ARGOCD),
        (live(labels={"argocd.argoproj.io/instance": "web"}), Rival.ARGOCD),
        (live(labels={"app.kubernetes.io/instance": "web"}, managers=ARGO), Rival.ARGOCD),
        (live(labels={"app.kubernetes.io/instance": "web"}), None),
        (live(managers=ARGO), None),
        (live(annotations={"meta.helm.sh/release-name": "web"}), None),
    ],
)
def test_an_object_says_by_its_marks_whose_it_is(body: dict[str, Any], rival: Rival | None) -> None:
    assert rival_of(body) is rival
    assert bool(rival_managers(body)) is (rival is not None)
