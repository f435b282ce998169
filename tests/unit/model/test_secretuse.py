"""References to Secrets, one row a way to write one."""

from __future__ import annotations

from typing import Any

import pytest

from gitctl.model.secretuse import SecretUse, UseKind, pod_spec, secret_uses


def pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": []} | spec}


def mounted(volume: dict[str, Any], **mount: Any) -> dict[str, Any]:
    return pod(volumes=[{"name": "v", **volume}], containers=[{"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/v", **mount}]}])


def env(**entry: Any) -> dict[str, Any]:
    return pod(containers=[{"name": "c", "env": [entry]}])


VOLUME = SecretUse("db", UseKind.VOLUME, "shop")
REFERENCES: list[tuple[str, dict[str, Any], tuple[SecretUse, ...]]] = [
    (
        "env",
        env(name="P", valueFrom={"secretKeyRef": {"name": "db", "key": "password"}}),
        (SecretUse("db", UseKind.ENV, "shop", ("password",), container="c"),),
    ),
    (
        "optional env",
        env(name="P", valueFrom={"secretKeyRef": {"name": "db", "key": "password", "optional": True}}),
        (SecretUse("db", UseKind.ENV, "shop", ("password",), optional=True, container="c"),),
    ),
    (
        "envFrom of an init container",
        pod(initContainers=[{"name": "i", "envFrom": [{"secretRef": {"name": "db"}}]}]),
        (SecretUse("db", UseKind.ENV_FROM, "shop", container="i"),),
    ),
    ("volume", mounted({"secret": {"secretName": "db"}}), (VOLUME,)),
    (
        "items of a volume",
        mounted({"secret": {"secretName": "db", "items": [{"key": "a", "path": "x"}]}}),
        (SecretUse("db", UseKind.VOLUME, "shop", ("a",)),),
    ),
    (
        "subPath",
        mounted({"secret": {"secretName": "db"}}, subPath="a"),
        (SecretUse("db", UseKind.SUB_PATH, "shop", container="c"), VOLUME),
    ),
    ("projected", mounted({"projected": {"sources": [{"configMap": {"name": "x"}}, {"secret": {"name": "db"}}]}}), (VOLUME,)),
    ("csi", mounted({"csi": {"driver": "d", "nodePublishSecretRef": {"name": "db"}}}), (SecretUse("db", UseKind.DRIVER, "shop"),)),
    ("azureFile", mounted({"azureFile": {"secretName": "db", "shareName": "s"}}), (SecretUse("db", UseKind.DRIVER, "shop"),)),
    ("rbd", mounted({"rbd": {"secretRef": {"name": "db"}}}), (SecretUse("db", UseKind.DRIVER, "shop"),)),
    ("pull", pod(imagePullSecrets=[{"name": "db"}]), (SecretUse("db", UseKind.PULL, "shop"),)),
    ("argument", pod(containers=[{"name": "c", "args": ["--tls=shop/db", "db2"]}]), (SecretUse("db", UseKind.NAMED, "shop"),)),
    ("value of a variable", env(name="SECRET", value="db"), (SecretUse("db", UseKind.NAMED, "shop"),)),
    ("name of a container", pod(containers=[{"name": "db"}]), ()),
]


@pytest.mark.parametrize(("body", "uses"), [row[1:] for row in REFERENCES], ids=[row[0] for row in REFERENCES])
def test_references_of_pods(body: dict[str, Any], uses: tuple[SecretUse, ...]) -> None:
    assert secret_uses(body, known={"db"}) == uses


def obj(api: str, kind: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "db", "namespace": "shop", "labels": {"app": "db"}}, **rest}


OBJECTS: list[tuple[str, dict[str, Any], tuple[SecretUse, ...]]] = [
    ("Ingress", obj("networking.k8s.io/v1", "Ingress", spec={"tls": [{"secretName": "db"}]}), (SecretUse("db", UseKind.TLS, "shop"),)),
    (
        "Gateway",
        obj(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            spec={"listeners": [{"tls": {"certificateRefs": [{"name": "db", "namespace": "certs"}, {"kind": "Other", "name": "x"}]}}]},
        ),
        (SecretUse("db", UseKind.TLS, "certs"),),
    ),
    (
        "ServiceAccount",
        obj("v1", "ServiceAccount", imagePullSecrets=[{"name": "db"}], secrets=[{"name": "t"}]),
        (SecretUse("t", UseKind.ACCOUNT, "shop"), SecretUse("db", UseKind.PULL, "shop")),
    ),
    (
        "Role",
        obj("rbac.authorization.k8s.io/v1", "Role", rules=[{"resources": ["secrets"], "resourceNames": ["db"], "verbs": ["get"]}]),
        (SecretUse("db", UseKind.ALLOWED, "shop"),),
    ),
    ("Role for others", obj("rbac.authorization.k8s.io/v1", "Role", rules=[{"resources": ["pods"], "resourceNames": ["db"]}]), ()),
    (
        "StorageClass",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "s"},
            "parameters": {
                "csi.storage.k8s.io/node-stage-secret-name": "db",
                "csi.storage.k8s.io/node-stage-secret-namespace": "ceph",
                "csi.storage.k8s.io/provisioner-secret-name": "${pvc.name}",
            },
        },
        (SecretUse("db", UseKind.DRIVER, "ceph"),),
    ),
    ("custom", obj("example.com/v1", "Backup", spec={"auth": [{"secret": "db"}]}), (SecretUse("db", UseKind.NAMED, "shop"),)),
    ("custom, by its labels only", obj("example.com/v1", "Backup", spec={"selector": {"app": "db"}}), ()),
    ("ConfigMap", obj("v1", "ConfigMap", data={"a": "db"}), ()),
]


@pytest.mark.parametrize(("body", "uses"), [row[1:] for row in OBJECTS], ids=[row[0] for row in OBJECTS])
def test_references_of_other_objects(body: dict[str, Any], uses: tuple[SecretUse, ...]) -> None:
    assert secret_uses(body, known={"db"}) == uses


def test_pods_are_found_in_every_object_that_makes_some() -> None:
    spec = {"containers": [{"name": "c"}]}
    assert pod_spec(obj("apps/v1", "StatefulSet", spec={"template": {"spec": spec}})) == spec
    assert pod_spec(obj("batch/v1", "CronJob", spec={"jobTemplate": {"spec": {"template": {"spec": spec}}}})) == spec
    assert pod_spec(obj("argoproj.io/v1alpha1", "Rollout", spec={"template": {"spec": spec}})) == spec
    assert pod_spec(obj("v1", "PodTemplate", template={"spec": spec})) == spec
    assert pod_spec(obj("cert-manager.io/v1", "Certificate", spec={"template": {"spec": {}}})) == {}


@pytest.mark.parametrize(
    "bad", [{}, {"spec": 3}, {"kind": "Pod", "spec": {"containers": [3, {"env": [None, {"valueFrom": []}]}], "volumes": {}}}]
)
def test_nothing_that_comes_from_outside_raises(bad: dict[str, Any]) -> None:
    assert secret_uses(bad, known={"db"}) == ()


def test_what_a_use_means() -> None:
    restart = {one for one in UseKind if SecretUse("db", one).needs_restart}
    assert restart == {UseKind.ENV, UseKind.ENV_FROM, UseKind.SUB_PATH, UseKind.DRIVER}
    assert not SecretUse("db", UseKind.PULL).read_by_pods
    assert SecretUse("db", UseKind.VOLUME).read_by_pods
    assert not SecretUse("db", UseKind.NAMED).certain
    assert not SecretUse("db", UseKind.ENV, optional=True).certain
