from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.unit.render.trees import config_map, render_files

WEBHOOK = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: w}
webhooks: [{name: a.example.com, clientConfig: {caBundle: %s}}]
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: x}
spec: {conversion: {webhook: {clientConfig: {caBundle: %s}}}}
"""
SERVICE = "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.x}\nspec: {caBundle: %s}\n"
PEM = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nx").decode()


def warnings(folder: Path, text: str) -> tuple[str, ...]:
    return render_files(folder, {"app/a.yaml": text}).warnings


@pytest.mark.parametrize("text", [WEBHOOK, CRD, SERVICE])
@pytest.mark.parametrize("bundle", ["Cg==", "''", "Q0FfQlVORExF", "not-base64!"])
def test_placeholder_bundles_are_told(text: str, bundle: str, tmp_path: Path) -> None:
    (warning,) = warnings(tmp_path, text % bundle)
    assert "the CA bundle is a placeholder" in warning


@pytest.mark.parametrize(
    "text",
    [WEBHOOK % PEM, CRD % PEM, SERVICE % PEM, WEBHOOK.replace("caBundle: %s", "url: x"), "apiVersion: v1\nkind: X\nmetadata: {name: a}\n"],
)
def test_real_or_absent_bundles_are_not(text: str, tmp_path: Path) -> None:
    assert warnings(tmp_path, text) == ()


@pytest.mark.parametrize(
    "text",
    [
        WEBHOOK.split("webhooks")[0] + "webhooks: 5\n",
        CRD.split("spec")[0] + "spec: [1]\n",
        "apiVersion: v1\nkind: APIService\nmetadata: {name: x}\n",
    ],
)
def test_odd_shapes_break_nothing(text: str, tmp_path: Path) -> None:
    assert warnings(tmp_path, text) == ()


def test_immutable_objects_without_a_hashed_name(tmp_path: Path) -> None:
    (warning,) = warnings(tmp_path, config_map("a", "immutable: true\n") + "---\n" + config_map("b-7h2m98hfbb", "immutable: true\n"))
    assert warning.startswith("ConfigMap a: immutable")


@pytest.mark.parametrize("hook", ["helm.sh/hook: pre-install", "argocd.argoproj.io/hook: PreSync"])
def test_hooks_in_plain_manifests(hook: str, tmp_path: Path) -> None:
    text = f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, annotations: {{{hook}}}}}\n"
    assert "means nothing to gitctl" in warnings(tmp_path, text)[0]


def test_fields_of_the_server(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, uid: u, resourceVersion: '1', creationTimestamp: null}\n"
    assert warnings(tmp_path, text) == ("ConfigMap a: metadata.resourceVersion, metadata.uid left out: only the server sets them",)


def test_very_large_objects(tmp_path: Path) -> None:
    assert "ConfigMap a: 1.4 MiB" in warnings(tmp_path, config_map("a", f"data: {{x: {'y' * 1_450_000}}}\n"))[0]
