"""Is a file a manifest, by its content?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitctl.documents import load_all
from gitctl.errors import ManifestError

# Files that look like manifests, and are read by programs on a developer's machine.
_NOT_DELIVERED = (
    "audit.k8s.io/",
    "backstage.io/",
    "builtin",
    "config.kubernetes.io/",
    "gitctl.dev/",
    "k3d.io/",
    "kind.x-k8s.io/",
    "kubeadm.k8s.io/",
    "kubelet.config.k8s.io/",
    "kustomize.config.k8s.io/",
    "skaffold/",
)


def objects_in(content: bytes, path: str) -> tuple[Mapping[str, Any], ...]:
    """The objects of a file of manifests; () for any other file, one that cannot be read included."""
    try:
        values = [loaded.value for loaded in load_all(content, where=path)]
    except ManifestError:
        return ()
    return tuple(values) if values and all(_is_object(value) for value in values) else ()


def _is_object(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    version, kind = value.get("apiVersion"), value.get("kind")
    if not (isinstance(version, str) and isinstance(kind, str)) or version.startswith(_NOT_DELIVERED):
        return False
    return kind.endswith("List") or isinstance(value.get("metadata"), dict)
