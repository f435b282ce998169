"""The objects that the benchmarks apply.

A namespace has 20 ConfigMaps, 10 Secrets, 10 Deployments at 0 replicas, 10 Services: 20 of them are 1,020 objects, 200 are 10,200. An app
of a fleet has 10 objects: a namespace of its own, and some of each kind.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

NAMESPACES = 20
PER_NAMESPACE = {"ConfigMap": 20, "Secret": 10, "Deployment": 10, "Service": 10}
PER_APP = {"ConfigMap": 4, "Secret": 1, "Deployment": 2, "Service": 2}
TOTAL = NAMESPACES * (1 + sum(PER_NAMESPACE.values()))

Object = dict[str, Any]


def total(namespaces: int) -> int:
    """How many objects so many namespaces have."""
    return namespaces * (1 + sum(PER_NAMESPACE.values()))


def write(folder: Path, prefix: str, namespaces: int = NAMESPACES) -> None:
    """One YAML file a namespace, its documents in the order of PER_NAMESPACE; namespaces are called `<prefix>-00` and so on."""
    folder.mkdir(parents=True)
    for number in range(namespaces):
        write_file(folder / f"{number:02d}.yaml", namespace(f"{prefix}-{number:02d}"))


def write_file(file: Path, objects: Iterable[Object]) -> None:
    """A YAML file of some objects."""
    file.write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper, sort_keys=False))


def namespace(name: str, counts: dict[str, int] = PER_NAMESPACE) -> Iterator[Object]:
    """The objects of one namespace, the namespace first."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": "bench"}}}
    makers = {"ConfigMap": config_map, "Secret": secret, "Deployment": deployment, "Service": service}
    for kind, count in counts.items():
        for number in range(count):
            yield makers[kind](name, f"{kind.lower()}-{number:02d}")


def config_map(space: str, name: str) -> Object:
    """Five keys of 200 bytes."""
    data = {f"key-{number}": f"{name} {number} ".ljust(200, "x") for number in range(5)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(space, name), "data": data}


def secret(space: str, name: str) -> Object:
    """Two keys, in the form in which the API server keeps them."""
    data = {key: base64.b64encode(f"{space}/{name}/{key}".encode()).decode() for key in ("user", "password")}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata(space, name), "data": data}


def deployment(space: str, name: str) -> Object:
    """Nothing to schedule: 0 replicas."""
    container = {
        "name": "web",
        "image": "registry.example/web:1.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "LEVEL", "value": "info"}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(space, name), "spec": spec}


def service(space: str, name: str) -> Object:
    """One port."""
    spec = {"selector": {"app": name.replace("service", "deployment")}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(space, name), "spec": spec}


def metadata(space: str, name: str) -> Object:
    """Name, namespace, two labels."""
    return {"name": name, "namespace": space, "labels": {"app": name, "team": "bench"}}
