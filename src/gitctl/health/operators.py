"""Kinds of widespread operators, as constants: what each writes into its status, from the operators' own API references.

Looked up by (group, kind), then (group, `*`), then by the group's suffix (`*.crossplane.io`). What is not here has the generic rule.
"""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.delivery import DELIVERY
from gitctl.health.live import Live
from gitctl.health.stores import STORES
from gitctl.health.table import PHASE, Operator, Words

READY = Operator(ready=("Ready",), strict=True)
_STATIC = Operator(static=True)
_LENIENT = Operator(ready=("Ready",))

_CERTIFICATES = {
    ("cert-manager.io", "Certificate"): Operator(busy=("Issuing",), ready=("Ready",), strict=True),
    ("cert-manager.io", "CertificateRequest"): Operator(
        broken=("Denied", "InvalidRequest"), ready=("Ready",), strict=True, patience=("Pending",)
    ),
    ("cert-manager.io", "Issuer"): READY,
    ("cert-manager.io", "ClusterIssuer"): READY,
    ("acme.cert-manager.io", "Order"): Operator(
        words=(Words(("status", "state"), ("valid",), ("invalid", "expired", "errored")),), message=("status", "reason")
    ),
    ("acme.cert-manager.io", "Challenge"): Operator(
        words=(Words(("status", "state"), ("valid",), ("invalid", "expired", "errored")),), message=("status", "reason")
    ),
    ("trust.cert-manager.io", "Bundle"): Operator(ready=("Synced",), strict=True),
    ("networking.gke.io", "ManagedCertificate"): Operator(
        words=(Words(("status", "certificateStatus"), ("Active",), ("ProvisioningFailedPermanently", "RenewalFailed")),)
    ),
}

_SECRETS = {
    ("bitnami.com", "SealedSecret"): Operator(ready=("Synced",), strict=True),
    ("external-secrets.io", "ExternalSecret"): READY,
    ("external-secrets.io", "ClusterExternalSecret"): READY,
    ("external-secrets.io", "PushSecret"): READY,
    ("external-secrets.io", "SecretStore"): READY,
    ("external-secrets.io", "ClusterSecretStore"): READY,
    ("generators.external-secrets.io", "*"): _STATIC,
    ("secrets.hashicorp.com", "VaultAuth"): Operator(words=(Words(("status", "valid"), ("true",), ("false",)),)),
    ("secrets.hashicorp.com", "VaultConnection"): Operator(words=(Words(("status", "valid"), ("true",), ("false",)),)),
}

_MONITORING = {
    ("monitoring.coreos.com", kind): Operator(
        paused=((("spec", "paused"), "true"),), ready=("Reconciled", "Available"), fatal=("ReconciliationFailed",)
    )
    for kind in ("Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler")
} | {
    ("monitoring.coreos.com", "*"): _STATIC,
    ("operator.victoriametrics.com", "*"): Operator(
        words=(Words(("status", "updateStatus"), ("operational",), ("failed",), ("paused",)),), message=("status", "reason"), static=True
    ),
    ("grafana.integreatly.org", "Grafana"): Operator(
        words=(Words(("status", "stageStatus"), ("success",), ("failed",)), Words(("status", "stage"), ("complete",))),
        message=("status", "lastMessage"),
    ),
    ("opentelemetry.io", "*"): _STATIC,
    ("jaegertracing.io", "Jaeger"): Operator(words=(Words(PHASE, ("Running",), ("Failed",)),)),
}

# Istio writes conditions only where status writing is switched on.
_ISTIO = Operator(if_set=("Reconciled",), static=True)
_CILIUM = Operator(if_set=("Valid",), strict=True, static=True)

_MESH = {
    ("networking.istio.io", "*"): _ISTIO,
    ("security.istio.io", "*"): _ISTIO,
    ("telemetry.istio.io", "*"): _ISTIO,
    ("install.istio.io", "IstioOperator"): Operator(
        words=(Words(("status", "status"), ("HEALTHY",), ("ERROR", "ACTION_REQUIRED")),), message=("status", "message")
    ),
    ("gateway.networking.k8s.io", "GatewayClass"): Operator(ready=("Accepted",), strict=True, patience=("Pending", "Waiting")),
    ("traefik.io", "*"): _STATIC,
    ("metallb.io", "*"): _STATIC,
    ("cilium.io", "CiliumNetworkPolicy"): _CILIUM,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): _CILIUM,
    ("projectcontour.io", "HTTPProxy"): Operator(
        words=(Words(("status", "currentStatus"), ("valid",), ("invalid", "orphaned")),), message=("status", "description")
    ),
    ("externaldns.k8s.io", "DNSEndpoint"): _STATIC,
}

_SERVERLESS = {
    ("serving.knative.dev", "*"): READY,
    ("eventing.knative.dev", "*"): READY,
    ("messaging.knative.dev", "*"): READY,
    ("sources.knative.dev", "*"): READY,
    ("operator.knative.dev", "*"): READY,
    ("keda.sh", "ScaledObject"): Operator(
        paused=((("metadata", "annotations", "autoscaling.keda.sh/paused"), "true"),),
        paused_when=("Paused",),
        broken=("Fallback",),
        ready=("Ready",),
        strict=True,
    ),
    ("keda.sh", "ScaledJob"): Operator(paused_when=("Paused",), ready=("Ready",), strict=True),
    ("keda.sh", "TriggerAuthentication"): _STATIC,
    ("keda.sh", "ClusterTriggerAuthentication"): _STATIC,
}

_PACKAGE = Operator(ready=("Installed", "Healthy"), strict=True, patience=("UnpackingPackage", "UnknownPackageRevisionHealth"))

_INFRASTRUCTURE = {
    ("pkg.crossplane.io", "Provider"): _PACKAGE,
    ("pkg.crossplane.io", "Configuration"): _PACKAGE,
    ("pkg.crossplane.io", "Function"): _PACKAGE,
    ("pkg.crossplane.io", "*"): Operator(if_set=("Healthy", "RevisionHealthy", "RuntimeHealthy"), strict=True, static=True),
    ("apiextensions.crossplane.io", "CompositeResourceDefinition"): Operator(ready=("Established",), if_set=("Offered",)),
    ("apiextensions.crossplane.io", "*"): _STATIC,
    ("cluster.x-k8s.io", "Cluster"): Operator(
        paused=((("spec", "paused"), "true"), (("metadata", "annotations", "cluster.x-k8s.io/paused"), "true")),
        words=(Words(PHASE, ("Provisioned",), ("Failed",)),),
        if_set=("Available", "Ready"),
    ),
    ("cluster.x-k8s.io", "Machine"): Operator(
        words=(Words(PHASE, ("Running",), ("Failed",)),), if_set=("Ready",), message=("status", "failureMessage")
    ),
    ("cluster.x-k8s.io", "MachineDeployment"): Operator(
        paused=((("spec", "paused"), "true"),),
        words=(Words(PHASE, ("Running",), ("Failed",)),),
        if_set=("Available", "Ready"),
    ),
    ("cluster.x-k8s.io", "MachinePool"): Operator(
        words=(Words(PHASE, ("Running",), ("Failed",)),), if_set=("Ready",), message=("status", "failureMessage")
    ),
    ("core.cnrm.cloud.google.com", "*"): Operator(words=(Words(("status", "healthy"), ("true",), ("false",)),)),
    ("*.cnrm.cloud.google.com", "*"): Operator(ready=("Ready",), strict=True, patience=("Updating", "Creating"), static=True),
    ("*.services.k8s.aws", "*"): Operator(broken=("ACK.Terminal", "ACK.Recoverable"), ready=("ACK.ResourceSynced",)),
    ("karpenter.sh", "*"): _LENIENT,
    ("operators.coreos.com", "ClusterServiceVersion"): Operator(
        words=(Words(PHASE, ("Succeeded",), ("Failed",)),), message=("status", "message")
    ),
    ("operators.coreos.com", "InstallPlan"): Operator(words=(Words(PHASE, ("Complete",), ("Failed",)),)),
    ("operators.coreos.com", "Subscription"): Operator(
        broken=("CatalogSourcesUnhealthy", "InstallPlanFailed", "ResolutionFailed"),
        words=(Words(("status", "state"), ("AtLatestKnown",)),),
    ),
    ("operators.coreos.com", "CatalogSource"): Operator(
        words=(Words(("status", "connectionState", "lastObservedState"), ("READY",), ("TRANSIENT_FAILURE",)),)
    ),
    ("config.openshift.io", "ClusterOperator"): Operator(broken=("Degraded",), busy=("Progressing",), ready=("Available",), strict=True),
    ("kubevirt.io", "VirtualMachine"): Operator(
        words=(
            Words(
                ("status", "printableStatus"),
                ("Running",),
                ("CrashLoopBackOff", "ErrorUnschedulable", "ErrImagePull", "ImagePullBackOff", "ErrorPvcNotFound", "DataVolumeError"),
                ("Stopped", "Paused"),
            ),
        )
    ),
    ("cdi.kubevirt.io", "DataVolume"): Operator(words=(Words(PHASE, ("Succeeded",), ("Failed",), ("Paused",)),)),
}

_POLICIES = {
    ("kyverno.io", "ClusterPolicy"): READY,
    ("kyverno.io", "Policy"): READY,
    ("kyverno.io", "*"): _STATIC,
    ("policies.kyverno.io", "*"): Operator(words=(Words(("status", "conditionStatus", "ready"), ("true",)),), static=True),
    ("templates.gatekeeper.sh", "ConstraintTemplate"): Operator(
        errors=(("status", "byPod", "*", "errors"),), words=(Words(("status", "created"), ("true",)),)
    ),
    # `enforced` says that the audit and the webhook know the constraint; violations are not the constraint's fault.
    ("constraints.gatekeeper.sh", "*"): Operator(errors=(("status", "byPod", "*", "errors"),)),
}

OPERATORS: Mapping[tuple[str, str], Operator] = {
    **_CERTIFICATES,
    **_SECRETS,
    **_MONITORING,
    **_MESH,
    **_SERVERLESS,
    **_INFRASTRUCTURE,
    **_POLICIES,
    **DELIVERY,
    **STORES,
}

_CROSSPLANE = Operator(
    paused=((("metadata", "annotations", "crossplane.io/paused"), "true"),),
    ready=("Synced", "Ready"),
    if_set=("LastAsyncOperation",),
    final=("Synced", "LastAsyncOperation"),
)
_CROSSPLANE_SETTINGS = (
    "ProviderConfig",
    "ClusterProviderConfig",
    "StoreConfig",
    "ProviderConfigUsage",
    "ClusterProviderConfigUsage",
    "Usage",
)
_CLAIM_KEYS = ("crossplane", "compositionRef", "compositionSelector", "compositionUpdatePolicy")


def operator_of(live: Live) -> tuple[Operator, str] | None:
    """The description of the object's kind, and its name (`cert-manager.io/Certificate`)."""
    group, kind = live.group, live.kind
    suffix = "*." + group.partition(".")[2]
    for key in ((group, kind), (group, "*"), (suffix, kind), (suffix, "*")):
        if key in OPERATORS:
            return OPERATORS[key], f"{group}/{kind}"
    crossplane = _crossplane(live)
    return (crossplane, f"{group}/{kind}") if crossplane else None


def _crossplane(live: Live) -> Operator | None:
    """Managed resources live in the provider's groups; claims and composites in groups of the user's own, known by their spec."""
    if live.group.endswith((".crossplane.io", ".upbound.io")):
        return _STATIC if live.kind in _CROSSPLANE_SETTINGS else _CROSSPLANE
    return _CROSSPLANE if any(live.at("spec", key) is not None for key in _CLAIM_KEYS) else None
