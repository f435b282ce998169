"""What rendering assumes about the API server, asked of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fixtures.commands import Runner

from gitctl.render.normal import normal
from gitctl.render.scope import CLUSTER_SCOPED

APPS = {"apiVersion": "apps/v1", "kind": "Deployment"}
TEMPLATE = {
    "metadata": {"creationTimestamp": None, "labels": {"app": "x"}},
    "spec": {"containers": [{"name": "a", "image": "a:1"}]},
}

WRITTEN: dict[str, dict[str, Any]] = {
    "secret": {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "labels": {"a": None}, "annotations": {"b": None, "c": "d"}, "creationTimestamp": None},
        "data": {"a": "Y\nQ==", "b": "b2xk", "c": None},
        "stringData": {"b": "new", "d": None},
    },
    "configmap": {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"a": None, "b": "x"},
        "binaryData": {"c": "Y\nQ=="},
    },
    "deployment": {
        **APPS,
        "metadata": {"name": "a", "creationTimestamp": None},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": TEMPLATE},
        "status": {},
    },
    "service": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a"},
        "spec": {"ports": [{"port": 80.0}], "clusterIP": "None"},
        "status": {"loadBalancer": {}},
    },
}


def stored(kubectl: Runner, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the server would make of the object; what differs with every request is taken out."""
    done = kubectl("apply", "--server-side", "--dry-run=server", "-n", namespace, "-o", "json", "-f", "-", stdin=json.dumps(body))
    found = dict(done.json())
    for key in ("uid", "creationTimestamp", "resourceVersion"):
        found["metadata"].pop(key, None)
    return found


@pytest.mark.parametrize("name", WRITTEN)
def test_the_server_makes_the_same_of_an_object_and_of_its_normal_form(name: str, kubectl: Runner, namespace: str) -> None:
    body = WRITTEN[name]
    assert normal(body) != body
    assert stored(kubectl, namespace, normal(body)) == stored(kubectl, namespace, body)


def test_every_kind_without_namespace_of_the_server_is_in_the_table(kubectl: Runner) -> None:
    listed = kubectl("api-resources", "--namespaced=false", "--no-headers").stdout.splitlines()
    columns = [line.split() for line in listed]
    # CRDs of other tests have groups of their own.
    kinds = {(c[-3].rpartition("/")[0], c[-1]) for c in columns if c[-3].rpartition("/")[0].endswith("k8s.io") or "/" not in c[-3]}
    assert kinds <= CLUSTER_SCOPED
    assert len(kinds) > 20


def test_no_kind_of_the_table_has_a_namespace(kubectl: Runner) -> None:
    listed = kubectl("api-resources", "--namespaced=true", "--no-headers").stdout.splitlines()
    kinds = {(c[-3].rpartition("/")[0], c[-1]) for c in map(str.split, listed)}
    assert not kinds & CLUSTER_SCOPED
