"""Which Secrets an object uses, and how: the references that Kubernetes itself knows, and names in custom resources."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitctl.model.manifest import Json


class UseKind(StrEnum):
    """How a Secret is used. NAMED: some field or argument holds its name; ALLOWED: a role lets somebody read it."""

    ENV = "env"
    ENV_FROM = "envFrom"
    VOLUME = "volume"
    SUB_PATH = "subPath"
    DRIVER = "volume driver"
    PULL = "imagePullSecrets"
    TLS = "tls"
    ACCOUNT = "service account"
    NAMED = "named"
    ALLOWED = "role"


_NEEDS_RESTART = frozenset({UseKind.ENV, UseKind.ENV_FROM, UseKind.SUB_PATH, UseKind.DRIVER})
_READ_BY_PODS = _NEEDS_RESTART | {UseKind.VOLUME}


@dataclass(frozen=True, slots=True)
class SecretUse:
    """One reference. `keys` are those that it names, () for all of the Secret; `container` where one container has it."""

    name: str
    how: UseKind
    namespace: str = ""
    keys: tuple[str, ...] = ()
    optional: bool = False
    container: str = ""

    @property
    def needs_restart(self) -> bool:
        """Is the value read once, when a container starts? A plain volume is refreshed by the kubelet."""
        return self.how in _NEEDS_RESTART

    @property
    def read_by_pods(self) -> bool:
        """Do containers get the value? Those of `imagePullSecrets` are the kubelet's alone."""
        return self.how in _READ_BY_PODS

    @property
    def certain(self) -> bool:
        """Does the object not work without the Secret? A name may be that of something else."""
        return not self.optional and self.how not in (UseKind.NAMED, UseKind.ALLOWED)

    def __str__(self) -> str:
        return f"{self.how.value} {', '.join(self.keys)}".rstrip()


def secret_uses(body: Json, *, known: Collection[str] = ()) -> tuple[SecretUse, ...]:
    """The references of an object, each once. `known` are names of Secrets: they are looked for in custom resources, and in arguments
    and variables of containers."""
    namespace = _text(_at(body, "metadata"), "namespace")
    pods = pod_spec(body)
    found = [*pod_uses(pods, namespace, known=known)] if pods else []
    found += _of_kind(body, namespace)
    if not found and _is_custom(body):
        found += [SecretUse(name, UseKind.NAMED, namespace) for name in sorted(set(_texts(body)) & set(known))]
    return tuple(dict.fromkeys(found))


def pod_spec(body: Json) -> Json:
    """The pod's spec in an object that is a pod, or has a template of one; {} in others."""
    spec = _at(body, "spec")
    template = _at(_at(spec, "jobTemplate"), "spec") if body.get("kind") == "CronJob" else spec
    if body.get("kind") == "Pod":
        return spec
    found = _at(_at(template, "template"), "spec") or _at(_at(body, "template"), "spec")
    return found if isinstance(found.get("containers"), list) else {}


def pod_uses(spec: Json, namespace: str, *, known: Collection[str] = ()) -> Iterator[SecretUse]:
    """The references of a pod's spec. An argument or variable that is the name of a `known` Secret is one too."""
    volumes = {_text(volume, "name"): tuple(_of_volume(volume, namespace)) for volume in _maps(spec.get("volumes"))}
    for container in _containers(spec):
        yield from _of_container(container, namespace)
        for mount in _maps(container.get("volumeMounts")):
            if mount.get("subPath") or mount.get("subPathExpr"):
                yield from (_sub_path(use, container) for use in volumes.get(_text(mount, "name"), ()))
        words = {word.rpartition("=")[2].rpartition("/")[2] for word in _words(container)}
        yield from (SecretUse(name, UseKind.NAMED, namespace) for name in sorted(words & set(known)))
    for uses in volumes.values():
        yield from uses
    for pull in _maps(spec.get("imagePullSecrets")):
        yield from _use(_text(pull, "name"), UseKind.PULL, namespace)


def _containers(spec: Json) -> Iterator[Json]:
    for group in ("initContainers", "containers", "ephemeralContainers"):
        yield from _maps(spec.get(group))


def _of_container(container: Json, namespace: str) -> Iterator[SecretUse]:
    name = _text(container, "name")
    for variable in _maps(container.get("env")):
        source = _at(_at(variable, "valueFrom"), "secretKeyRef")
        yield from _use(_text(source, "name"), UseKind.ENV, namespace, source, keys=(_text(source, "key"),), container=name)
    for source in _maps(container.get("envFrom")):
        whole = _at(source, "secretRef")
        yield from _use(_text(whole, "name"), UseKind.ENV_FROM, namespace, whole, container=name)


def _sub_path(use: SecretUse, container: Json) -> SecretUse:
    return SecretUse(use.name, UseKind.SUB_PATH, use.namespace, use.keys, use.optional, _text(container, "name"))


def _of_volume(volume: Json, namespace: str) -> Iterator[SecretUse]:
    whole = _at(volume, "secret")
    yield from _use(_text(whole, "secretName"), UseKind.VOLUME, namespace, whole, keys=_items(whole))
    for source in _maps(_at(volume, "projected").get("sources")):
        part = _at(source, "secret")
        yield from _use(_text(part, "name"), UseKind.VOLUME, namespace, part, keys=_items(part))
    yield from _use(_text(_at(_at(volume, "csi"), "nodePublishSecretRef"), "name"), UseKind.DRIVER, namespace)
    yield from _use(_text(_at(volume, "azureFile"), "secretName"), UseKind.DRIVER, namespace)
    for kind in ("cephfs", "rbd", "iscsi", "flexVolume", "scaleIO", "storageos"):
        yield from _use(_text(_at(_at(volume, kind), "secretRef"), "name"), UseKind.DRIVER, namespace)


def _items(source: Json) -> tuple[str, ...]:
    return tuple(_text(item, "key") for item in _maps(source.get("items")))


def _of_kind(body: Json, namespace: str) -> Iterator[SecretUse]:
    spec = _at(body, "spec")
    match body.get("kind"):
        case "Ingress":
            yield from (use for tls in _maps(spec.get("tls")) for use in _use(_text(tls, "secretName"), UseKind.TLS, namespace))
            yield from _of_annotations(_at(_at(body, "metadata"), "annotations"), namespace)
        case "Gateway":
            for listener in _maps(spec.get("listeners")):
                for one in _maps(_at(listener, "tls").get("certificateRefs")):
                    if one.get("kind", "Secret") == "Secret":
                        yield from _use(_text(one, "name"), UseKind.TLS, _text(one, "namespace") or namespace)
        case "ServiceAccount":
            for group, how in (("secrets", UseKind.ACCOUNT), ("imagePullSecrets", UseKind.PULL)):
                yield from (use for one in _maps(body.get(group)) for use in _use(_text(one, "name"), how, namespace))
        case "Role" | "ClusterRole":
            for rule in _maps(body.get("rules")):
                if any(resource in ("secrets", "*") for resource in _list(rule.get("resources"))):
                    names = [name for name in _list(rule.get("resourceNames")) if isinstance(name, str)]
                    yield from (SecretUse(name, UseKind.ALLOWED, namespace) for name in names)
        case "StorageClass" | "VolumeSnapshotClass":
            yield from _of_parameters(_at(body, "parameters"))
        case _:
            return


def _of_annotations(annotations: Json, namespace: str) -> Iterator[SecretUse]:
    """Of the NGINX controllers: `auth-secret`, `auth-tls-secret` and `basic-auth-secret` are a name, or a namespace and a name."""
    for key, value in _named_by_text(annotations):
        if "/" in key and key.endswith(("auth-secret", "tls-secret")) and isinstance(value, str):
            place, _, name = value.rpartition("/")
            yield from _use(name, UseKind.NAMED, place or namespace)


def _of_parameters(parameters: Json) -> Iterator[SecretUse]:
    for key, name in _named_by_text(parameters):
        if key.endswith("-secret-name") and isinstance(name, str) and "$" not in name:
            yield from _use(name, UseKind.DRIVER, _text(parameters, f"{key.removesuffix('-name')}-namespace"))


def _named_by_text(mapping: Json) -> Iterator[tuple[str, Any]]:
    """The entries with keys as text: YAML has others."""
    return ((str(key), value) for key, value in mapping.items())


def _use(
    name: str, how: UseKind, namespace: str, source: Json | None = None, *, keys: tuple[str, ...] = (), container: str = ""
) -> Iterator[SecretUse]:
    if name:
        yield SecretUse(name, how, namespace, tuple(key for key in keys if key), (source or {}).get("optional") is True, container)


def _is_custom(body: Json) -> bool:
    group, slash, _ = str(body.get("apiVersion", "")).rpartition("/")
    return bool(slash) and "." in group and not group.endswith(".k8s.io")


def _texts(value: Any, key: str = "") -> Iterator[str]:
    """All texts of an object but those of its metadata and of selectors: these are names of other things."""
    if key in ("metadata", "labels", "matchLabels", "selector", "annotations"):
        return
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _words(container: Json) -> Iterator[str]:
    for group in ("command", "args"):
        yield from (word for word in _list(container.get(group)) if isinstance(word, str))
    yield from (_text(variable, "value") for variable in _maps(container.get("env")))


def _at(body: Any, key: str) -> Json:
    found = body.get(key) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _maps(value: Any) -> Iterator[Json]:
    return (item for item in _list(value) if isinstance(item, dict))


def _text(body: Json, key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""
