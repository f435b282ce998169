"""Secrets that objects bring."""

from __future__ import annotations

from typing import Any

import pytest

from gitctl.model.secretmade import Keeping, SecretMade, secrets_made


def obj(api: str, kind: str, annotations: dict[str, str] | None = None, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "db", "annotations": annotations or {}}, **rest}


ISSUER = {"cert-manager.io/cluster-issuer": "le"}
TLS = {"tls": [{"secretName": "web-tls"}]}
ROWS: list[tuple[str, dict[str, Any], tuple[SecretMade, ...]]] = [
    ("Secret", obj("v1", "Secret", data={"a": ""}, stringData={"b": ""}), (SecretMade("db", Keeping.PLAIN, ("a", "b")),)),
    ("token", obj("v1", "Secret", type="kubernetes.io/service-account-token"), (SecretMade("db", Keeping.PLAIN, None, own=False),)),
    (
        "copied elsewhere",
        obj("v1", "Secret", {"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"}, data={"a": ""}),
        (SecretMade("db", Keeping.PLAIN, ("a",), own=False),),
    ),
    (
        "SealedSecret",
        obj("bitnami.com/v1alpha1", "SealedSecret", spec={"encryptedData": {"a": "x"}, "template": {"data": {"b": "{{.a}}"}}}),
        (SecretMade("db", Keeping.SEALED, ("a", "b")),),
    ),
    (
        "ExternalSecret",
        obj("external-secrets.io/v1", "ExternalSecret", spec={"target": {"name": "x"}, "data": [{"secretKey": "a"}]}),
        (SecretMade("x", Keeping.STORE, ("a",)),),
    ),
    (
        "ExternalSecret with all that a store has",
        obj("external-secrets.io/v1beta1", "ExternalSecret", spec={"dataFrom": [{}]}),
        (SecretMade("db", Keeping.STORE, None),),
    ),
    (
        "VaultStaticSecret",
        obj("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", spec={"destination": {"name": "x"}}),
        (SecretMade("x", Keeping.STORE, None),),
    ),
    ("Certificate", obj("cert-manager.io/v1", "Certificate", spec={"secretName": "x"}), (SecretMade("x", Keeping.OPERATOR),)),
    (
        "Ingress with an issuer",
        obj("networking.k8s.io/v1", "Ingress", ISSUER, spec=TLS),
        (SecretMade("web-tls", Keeping.OPERATOR, own=False),),
    ),
    ("Ingress without one", obj("networking.k8s.io/v1", "Ingress", spec=TLS), ()),
    (
        "Kafka",
        obj("kafka.strimzi.io/v1", "Kafka"),
        tuple(SecretMade(f"db-{name}-ca-cert", Keeping.OPERATOR, own=False) for name in ("cluster", "clients")),
    ),
    ("anything else", obj("v1", "ConfigMap", data={"a": ""}), ()),
    ("a kind of that name elsewhere", obj("example.com/v1", "Secret", data={"a": ""}), ()),
    ("nonsense", obj("external-secrets.io/v1", "ExternalSecret", spec={"data": [3], "target": []}), (SecretMade("db", Keeping.STORE, ()),)),
]


@pytest.mark.parametrize(("body", "made"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_secrets_made(body: dict[str, Any], made: tuple[SecretMade, ...]) -> None:
    assert secrets_made(body) == made
