"""Which kinds have no namespace, as far as that is known without a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gitctl.model.manifest import Json

GroupKind = tuple[str, str]

# `kubectl api-resources --namespaced=false` of Kubernetes 1.37, and of the APIs that clusters commonly add.
CLUSTER_SCOPED: Final[frozenset[GroupKind]] = frozenset(
    (group, kind)
    for group, kinds in {
        "": "ComponentStatus Namespace Node PersistentVolume",
        "admissionregistration.k8s.io": (
            "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration "
            "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
        ),
        "apiextensions.k8s.io": "CustomResourceDefinition",
        "apiregistration.k8s.io": "APIService",
        "authentication.k8s.io": "SelfSubjectReview TokenReview",
        "authorization.k8s.io": "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
        "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
        "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
        "internal.apiserver.k8s.io": "StorageVersion",
        "networking.k8s.io": "IngressClass IPAddress ServiceCIDR",
        "node.k8s.io": "RuntimeClass",
        "policy": "PodSecurityPolicy",
        "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
        "resource.k8s.io": "DeviceClass DeviceTaintRule ResourceSlice",
        "scheduling.k8s.io": "PriorityClass",
        "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
        "storagemigration.k8s.io": "StorageVersionMigration",
        "gateway.networking.k8s.io": "GatewayClass",
        "snapshot.storage.k8s.io": "VolumeSnapshotClass VolumeSnapshotContent",
        "cert-manager.io": "ClusterIssuer",
        "external-secrets.io": "ClusterExternalSecret ClusterPushSecret ClusterSecretStore",
        "kyverno.io": "ClusterCleanupPolicy ClusterPolicy",
        "trust.cert-manager.io": "Bundle",
        "karpenter.sh": "NodeClaim NodePool",
    }.items()
    for kind in kinds.split()
)


def cluster_scoped(bodies: Iterable[Json]) -> frozenset[GroupKind]:
    """The kinds known to be without a namespace: the built-in table, corrected by the definitions among the objects."""
    known = set(CLUSTER_SCOPED)
    for body in bodies:
        if body.get("kind") == "CustomResourceDefinition":
            defined, scope = _definition(body)
            known.discard(defined)
            if scope == "Cluster":
                known.add(defined)
    return frozenset(known)


def _definition(body: Json) -> tuple[GroupKind, str]:
    spec = body.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    names = spec.get("names")
    kind = names.get("kind") if isinstance(names, dict) else ""
    return (str(spec.get("group", "")), str(kind)), str(spec.get("scope", ""))


def group_of(api_version: str) -> str:
    """`apps` of `apps/v1`, "" of `v1`."""
    return api_version.rpartition("/")[0]
