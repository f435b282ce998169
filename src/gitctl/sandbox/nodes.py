"""What a new control plane is given: nodes that kwok plays, and a default storage class."""

from __future__ import annotations

from typing import Any

from gitctl.sandbox.plane import ControlPlane
from gitctl.sandbox.ports import LOOPBACK
from gitctl.sandbox.server import ask, create

NODES = ("node-0", "node-1")
STORAGE_CLASS = "simulated"

# More than any test schedules; pods do not run, so that these are only numbers.
_CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}


def furnish(plane: ControlPlane) -> None:
    """Create nodes and storage class where missing. Raises ClusterError."""
    for name in NODES:
        create(plane, "/api/v1/nodes", _node(name))
    create(plane, "/apis/storage.k8s.io/v1/storageclasses", _storage_class())


def usable(plane: ControlPlane) -> bool:
    """Can a pod be made and scheduled: are the nodes ready, and is the default service account there?"""
    account = ask(plane, "GET", "/api/v1/namespaces/default/serviceaccounts/default")
    return account.code == 200 and all(_node_ready(plane, name) for name in NODES)


def _node_ready(plane: ControlPlane, name: str) -> bool:
    node = ask(plane, "GET", f"/api/v1/nodes/{name}").json()
    conditions = node.get("status", {}).get("conditions", [])
    tainted = any(taint["key"].startswith("node.kubernetes.io/") for taint in node.get("spec", {}).get("taints", []))
    return not tainted and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _node(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "type": "kwok"},
        },
        "status": {
            "capacity": _CAPACITY,
            "allocatable": _CAPACITY,
            # Both, because kwok's first stage empties the list when one of them is missing.
            "addresses": [{"type": "InternalIP", "address": LOOPBACK}, {"type": "Hostname", "address": name}],
        },
    }


def _storage_class() -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE_CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "gitctl.dev/simulated",
        "volumeBindingMode": "Immediate",
        "reclaimPolicy": "Delete",
    }
