"""Which Secrets an object brings into its namespace: itself, or what a controller makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitctl.model.manifest import Json


class Keeping(StrEnum):
    """Where the values of a Secret are: encrypted in Git, sealed in Git, in plain text in Git, in a store, or made by an operator."""

    ENCRYPTED = "encrypted"
    SEALED = "sealed"
    PLAIN = "plain"
    STORE = "store"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class SecretMade:
    """A Secret by its name in the object's namespace. `keys` None: not known before it is made. `own`: it is there for being used, so that
    nobody's using it is a finding; what operators make beside their work is not."""

    name: str
    keeping: Keeping
    keys: tuple[str, ...] | None = None
    own: bool = True


Makes = Callable[[Json], Iterator[SecretMade]]

_USED_BY_ITS_TYPE = frozenset(
    {"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1", "gitctl.dev/state"}
)
_USED_BY_ITS_LABEL = (
    "argocd.argoproj.io/secret-type",
    "sealedsecrets.bitnami.com/sealed-secrets-key",
    "fluxcd.io/",
    "toolkit.fluxcd.io/",
)
# Controllers that copy a Secret to other namespaces.
_COPIED = ("reflector.v1.k8s.emberstack.com/", "replicator.v1.mittwald.de/", "kubed.appscode.com/sync")


def secrets_made(body: Json) -> tuple[SecretMade, ...]:
    """What an object brings. The keeping of a Secret itself is PLAIN: whether its values were encrypted is known by who read the file."""
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    makes = _TABLE.get((group, str(body.get("kind", ""))))
    return tuple(makes(body)) if makes else ()


def sealed_texts(body: Json) -> Mapping[str, str]:
    """Key → ciphertext of a SealedSecret; nothing for other objects."""
    if not any(one.keeping is Keeping.SEALED for one in secrets_made(body)):
        return {}
    return {str(key): text for key, text in _at(_at(body, "spec"), "encryptedData").items() if isinstance(text, str) and text}


def _secret(body: Json) -> Iterator[SecretMade]:
    keys = tuple(dict.fromkeys(map(str, (*_at(body, "data"), *_at(body, "stringData")))))
    # A token of an account is filled in by the cluster.
    made_later = str(body.get("type")) in _USED_BY_ITS_TYPE
    yield SecretMade(_name(body), Keeping.PLAIN, None if made_later else keys, own=not _is_used_by_itself(body))


def _is_used_by_itself(body: Json) -> bool:
    labels, annotations = (_at(_at(body, "metadata"), group) for group in ("labels", "annotations"))
    marks = (*labels, *annotations)
    return str(body.get("type")) in _USED_BY_ITS_TYPE or any(str(mark).startswith((*_USED_BY_ITS_LABEL, *_COPIED)) for mark in marks)


def _sealed(body: Json) -> Iterator[SecretMade]:
    spec = _at(body, "spec")
    template = _at(spec, "template")
    keys = tuple(dict.fromkeys(map(str, (*_at(spec, "encryptedData"), *_at(template, "data")))))
    yield SecretMade(_name(template) or _name(body), Keeping.SEALED, keys, own=not _is_used_by_itself(template))


def _external(body: Json) -> Iterator[SecretMade]:
    spec = _at(body, "spec")
    target = _at(spec, "target")
    listed = [one.get("secretKey") for one in _maps(spec.get("data"))]
    open_ended = spec.get("dataFrom") or target.get("template") or not all(isinstance(key, str) for key in listed)
    name = target.get("name")
    yield SecretMade(
        name if isinstance(name, str) and name else _name(body), Keeping.STORE, None if open_ended else tuple(map(str, listed))
    )


def _certificate(body: Json) -> Iterator[SecretMade]:
    # ca.crt is not there with every issuer, and keystores are extra: which keys there will be is not known.
    name = _at(body, "spec").get("secretName")
    if isinstance(name, str):
        yield SecretMade(name, Keeping.OPERATOR)


def _ingress(body: Json) -> Iterator[SecretMade]:
    """cert-manager makes the certificate of an Ingress that names an issuer."""
    if not any(str(key).startswith(("cert-manager.io/", "kubernetes.io/tls-acme")) for key in _at(_at(body, "metadata"), "annotations")):
        return
    for tls in _maps(_at(body, "spec").get("tls")):
        if isinstance(tls.get("secretName"), str):
            yield SecretMade(tls["secretName"], Keeping.OPERATOR, own=False)


def _gateway(body: Json) -> Iterator[SecretMade]:
    if not any(str(key).startswith("cert-manager.io/") for key in _at(_at(body, "metadata"), "annotations")):
        return
    for listener in _maps(_at(body, "spec").get("listeners")):
        for one in _maps(_at(listener, "tls").get("certificateRefs")):
            if isinstance(one.get("name"), str):
                yield SecretMade(one["name"], Keeping.OPERATOR, own=False)


def _named(*path: str, suffixes: tuple[str, ...] = ("",), keeping: Keeping = Keeping.OPERATOR, own: bool = False) -> Makes:
    """The name is at a path of the object; `suffixes` are what operators add to it."""

    def makes(body: Json) -> Iterator[SecretMade]:
        value: Any = body
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            yield from (SecretMade(value + suffix, keeping, own=own) for suffix in suffixes)

    return makes


def _sops_operator(body: Json) -> Iterator[SecretMade]:
    for one in _maps(_at(body, "spec").get("secretTemplates")):
        if isinstance(one.get("name"), str):
            yield SecretMade(one["name"], Keeping.ENCRYPTED)


_VAULT = _named("spec", "destination", "name", keeping=Keeping.STORE, own=True)
_OBJECT = ("metadata", "name")
_TABLE: Mapping[tuple[str, str], Makes] = {
    ("", "Secret"): _secret,
    ("bitnami.com", "SealedSecret"): _sealed,
    ("external-secrets.io", "ExternalSecret"): _external,
    ("secrets.hashicorp.com", "VaultStaticSecret"): _VAULT,
    ("secrets.hashicorp.com", "VaultDynamicSecret"): _VAULT,
    ("secrets.hashicorp.com", "VaultPKISecret"): _VAULT,
    ("secrets.hashicorp.com", "HCPVaultSecretsApp"): _VAULT,
    ("onepassword.com", "OnePasswordItem"): _named(*_OBJECT, keeping=Keeping.STORE, own=True),
    ("infisical.com", "InfisicalSecret"): _named("spec", "managedSecretReference", "secretName", keeping=Keeping.STORE, own=True),
    ("secrets.doppler.com", "DopplerSecret"): _named("spec", "managedSecret", "name", keeping=Keeping.STORE, own=True),
    ("spv.no", "AzureKeyVaultSecret"): _named("spec", "output", "secret", "name", keeping=Keeping.STORE, own=True),
    ("isindir.github.com", "SopsSecret"): _sops_operator,
    ("cert-manager.io", "Certificate"): _certificate,
    ("cert-manager.io", "Issuer"): _named("spec", "acme", "privateKeySecretRef", "name"),
    ("networking.k8s.io", "Ingress"): _ingress,
    ("gateway.networking.k8s.io", "Gateway"): _gateway,
    ("kafka.strimzi.io", "KafkaUser"): _named(*_OBJECT),
    ("kafka.strimzi.io", "Kafka"): _named(*_OBJECT, suffixes=("-cluster-ca-cert", "-clients-ca-cert")),
    ("postgresql.cnpg.io", "Cluster"): _named(*_OBJECT, suffixes=("-app", "-superuser", "-ca", "-server", "-replication")),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): _named(
        *_OBJECT, suffixes=("-es-elastic-user", "-es-http-certs-public", "-es-http-certs-internal")
    ),
    ("rabbitmq.com", "RabbitmqCluster"): _named(*_OBJECT, suffixes=("-default-user", "-erlang-cookie")),
    ("objectbucket.io", "ObjectBucketClaim"): _named(*_OBJECT),
}


def _name(body: Json) -> str:
    name = _at(body, "metadata").get("name")
    return name if isinstance(name, str) else ""


def _at(body: Any, key: str) -> Json:
    found = body.get(key) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _maps(value: Any) -> Iterator[Json]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
