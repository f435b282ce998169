"""API versions that go: when each was deprecated and removed, and what replaces it. Facts of Kubernetes' own API types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gitctl.model.finding import Problem, Rule, Severity

Minor = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Kubernetes versions as (major, minor); `removed` None: it stays. `replacement` is an API version, or a kind of one, "" for none."""

    deprecated: Minor
    removed: Minor | None
    replacement: str = ""


_TABLE: Final = """
v1 ComponentStatus                                                                          1.19 -    -
v1 Endpoints                                                                                1.33 -    discovery.k8s.io/v1 EndpointSlice
admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration ValidatingWebhookConfiguration 1.16 1.22 admissionregistration.k8s.io/v1
admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding  1.31 1.34 admissionregistration.k8s.io/v1
admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy MutatingAdmissionPolicyBinding 1.37 1.40 admissionregistration.k8s.io/v1
apiextensions.k8s.io/v1beta1 CustomResourceDefinition                                       1.16 1.22 apiextensions.k8s.io/v1
apiregistration.k8s.io/v1beta1 APIService                                                   1.19 1.22 apiregistration.k8s.io/v1
apps/v1beta1 ControllerRevision Deployment StatefulSet                                      1.8  1.16 apps/v1
apps/v1beta2 ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet                 1.9  1.16 apps/v1
authentication.k8s.io/v1beta1 TokenReview                                                   1.19 1.22 authentication.k8s.io/v1
authentication.k8s.io/v1beta1 SelfSubjectReview                                             1.30 1.33 authentication.k8s.io/v1
authorization.k8s.io/v1beta1 LocalSubjectAccessReview SelfSubjectAccessReview               1.19 1.22 authorization.k8s.io/v1
authorization.k8s.io/v1beta1 SelfSubjectRulesReview SubjectAccessReview                     1.19 1.22 authorization.k8s.io/v1
autoscaling/v2beta1 HorizontalPodAutoscaler                                                 1.22 1.25 autoscaling/v2
autoscaling/v2beta2 HorizontalPodAutoscaler                                                 1.23 1.26 autoscaling/v2
batch/v1beta1 CronJob                                                                       1.21 1.25 batch/v1
certificates.k8s.io/v1beta1 CertificateSigningRequest                                       1.19 1.22 certificates.k8s.io/v1
certificates.k8s.io/v1beta1 ClusterTrustBundle PodCertificateRequest                        1.37 1.40 certificates.k8s.io/v1
coordination.k8s.io/v1beta1 Lease                                                           1.19 1.22 coordination.k8s.io/v1
coordination.k8s.io/v1beta1 LeaseCandidate                                                  1.36 1.39 coordination.k8s.io/v1
discovery.k8s.io/v1beta1 EndpointSlice                                                      1.21 1.25 discovery.k8s.io/v1
events.k8s.io/v1beta1 Event                                                                 1.22 1.25 events.k8s.io/v1
extensions/v1beta1 DaemonSet Deployment ReplicaSet                                          1.8  1.16 apps/v1
extensions/v1beta1 Ingress                                                                  1.14 1.22 networking.k8s.io/v1
extensions/v1beta1 NetworkPolicy                                                            1.9  1.16 networking.k8s.io/v1
extensions/v1beta1 PodSecurityPolicy                                                        1.11 1.16 -
flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema PriorityLevelConfiguration                  1.23 1.26 flowcontrol.apiserver.k8s.io/v1
flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema PriorityLevelConfiguration                  1.26 1.29 flowcontrol.apiserver.k8s.io/v1
flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema PriorityLevelConfiguration                  1.29 1.32 flowcontrol.apiserver.k8s.io/v1
networking.k8s.io/v1beta1 Ingress IngressClass                                              1.19 1.22 networking.k8s.io/v1
networking.k8s.io/v1beta1 IPAddress ServiceCIDR                                             1.34 1.37 networking.k8s.io/v1
node.k8s.io/v1beta1 RuntimeClass                                                            1.22 1.25 node.k8s.io/v1
policy/v1beta1 PodDisruptionBudget                                                          1.21 1.25 policy/v1
policy/v1beta1 PodSecurityPolicy                                                            1.21 1.25 -
rbac.authorization.k8s.io/v1beta1 ClusterRole ClusterRoleBinding Role RoleBinding           1.17 1.22 rbac.authorization.k8s.io/v1
resource.k8s.io/v1beta1 DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice       1.35 1.38 resource.k8s.io/v1
resource.k8s.io/v1beta2 DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice       1.36 1.39 resource.k8s.io/v1
scheduling.k8s.io/v1beta1 PriorityClass                                                     1.14 1.22 scheduling.k8s.io/v1
storage.k8s.io/v1beta1 CSIDriver StorageClass VolumeAttachment                              1.19 1.22 storage.k8s.io/v1
storage.k8s.io/v1beta1 CSINode                                                              1.17 1.22 storage.k8s.io/v1
storage.k8s.io/v1beta1 CSIStorageCapacity                                                   1.24 1.27 storage.k8s.io/v1
storage.k8s.io/v1beta1 VolumeAttributesClass                                                1.34 1.37 storage.k8s.io/v1
storagemigration.k8s.io/v1beta1 StorageVersionMigration                                     1.37 1.40 storagemigration.k8s.io/v1
"""


def _read(table: str) -> dict[tuple[str, str], Lifecycle]:
    found: dict[tuple[str, str], Lifecycle] = {}
    for row in table.strip().splitlines():
        words = row.split()
        at = next(i for i, word in enumerate(words) if word[0].isdigit())
        replacement = " ".join(words[at + 2 :])
        life = Lifecycle(
            _minor(words[at]), None if words[at + 1] == "-" else _minor(words[at + 1]), "" if replacement == "-" else replacement
        )
        found |= {(words[0], kind): life for kind in words[1:at]}
    return found


def _minor(text: str) -> Minor:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


LIFECYCLES: Final = _read(_TABLE)
"""By (apiVersion, kind)."""


def minor_of(version: str) -> Minor | None:
    """(1, 37) of `1.37`, `v1.37.2`, `1.37+`; None for what is no version."""
    major, _, rest = version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0].rstrip("+")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def judge(api_version: str, kind: str, version: Minor) -> Problem | None:
    """What Kubernetes of a version says to a kind at an API version: nothing, a warning, or that it is gone."""
    life = LIFECYCLES.get((api_version, kind))
    if life is None or version < life.deprecated:
        return None
    hint = f"use {life.replacement}" if life.replacement else "nothing replaces it"
    if life.removed is not None and version >= life.removed:
        return Problem(Rule.REMOVED_API, f"{api_version} {kind} was removed in Kubernetes {_text(life.removed)}", ("apiVersion",), hint)
    until = f", and goes in {_text(life.removed)}" if life.removed else ""
    message = f"{api_version} {kind} is deprecated since Kubernetes {_text(life.deprecated)}{until}"
    return Problem(Rule.DEPRECATED_API, message, ("apiVersion",), hint, Severity.WARNING)


def _text(version: Minor) -> str:
    return f"{version[0]}.{version[1]}"
