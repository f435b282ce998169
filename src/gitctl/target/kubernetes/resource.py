"""Resource: how a kind is served, and the URL paths that lead to its objects."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from gitctl.model.manifest import ObjectRef


@dataclass(frozen=True, slots=True)
class Resource:
    """One served kind: `plural` as in URLs, `verbs` that the server knows, `aliases` by which people call it (`deploy`, `deployment`)."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def collection(self, namespace: str = "") -> str:
        """The path of all objects, or of those in one namespace."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}"

    def path(self, ref: ObjectRef) -> str:
        """The path of one object."""
        return f"{self.collection(ref.namespace)}/{quote(ref.name, safe='')}"


SECRETS = Resource("", "v1", "Secret", "secrets", namespaced=True)
NAMESPACES = Resource("", "v1", "Namespace", "namespaces", namespaced=False)
LEASES = Resource("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)
LIMITS = Resource("", "v1", "LimitRange", "limitranges", namespaced=True)
EVENTS = Resource("", "v1", "Event", "events", namespaced=True)
PODS = Resource("", "v1", "Pod", "pods", namespaced=True)
REPLICA_SETS = Resource("apps", "v1", "ReplicaSet", "replicasets", namespaced=True)
CRDS = Resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "APIService", "apiservices", namespaced=False)


def split_api_version(api_version: str) -> tuple[str, str]:
    """`apps/v1` → (`apps`, `v1`); `v1` → ("", `v1`)."""
    group, slash, version = api_version.rpartition("/")
    return (group, version) if slash else ("", api_version)
