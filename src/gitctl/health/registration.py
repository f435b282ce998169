"""What extends or divides the API: definitions, API services, namespaces, nodes, signing requests, priority rules."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.live import Live
from gitctl.health.verdict import Check, deleting, failed, healthy, join, progressing, suspended
from gitctl.model.health import Health


def definition(live: Live) -> Health:
    """A CustomResourceDefinition is established; a name taken by another one never will be."""
    names = live.condition("NamesAccepted")
    if names and names.false:
        return failed(str(names))
    schema = live.condition("NonStructuralSchema")
    if schema and schema.true:
        return failed(str(schema))
    established = live.condition("Established")
    if established is None:
        return progressing("not established yet")
    if established.true:
        return healthy("Established=True")
    return (failed if established.false and established.reason != "Installing" else progressing)(str(established))


def api_service(live: Live) -> Health:
    """The aggregated API answers."""
    available = live.condition("Available")
    if available and available.true:
        return healthy(str(available))
    return progressing(str(available) if available else "not available yet")


def namespace(live: Live) -> Health:
    """Active; one that is going names what is left in it."""
    if live.text("status", "phase") == "Terminating":
        return deleting(join(("phase Terminating", namespace_rest(live))))
    return healthy("phase Active")


def namespace_rest(live: Live) -> str:
    """What keeps a namespace from going, as its conditions say."""
    return join(c.message or c.type for c in live.conditions if c.type.startswith("Namespace") and c.true)


def node(live: Live) -> Health:
    """Ready and open to new pods."""
    ready = live.condition("Ready")
    if ready is None:
        return progressing("the kubelet has not reported yet")
    if not ready.true:
        return failed(str(ready))
    return suspended("cordoned: spec.unschedulable is true") if live.flag("spec", "unschedulable") else healthy("Ready=True")


def signing_request(live: Live) -> Health:
    """Approved and signed."""
    for condition in live.conditions:
        if condition.type in ("Denied", "Failed") and condition.status != "False":
            return failed(str(condition))
    if live.text("status", "certificate"):
        return healthy("the certificate is issued")
    approved = live.condition("Approved")
    return progressing("approved, not signed yet" if approved else "not approved yet")


def flow_schema(live: Live) -> Health:
    """Its priority level exists."""
    dangling = live.condition("Dangling")
    return failed(str(dangling)) if dangling and dangling.true else healthy()


def admission_policy(live: Live) -> Health:
    """A ValidatingAdmissionPolicy whose expressions do not type-check may refuse or let through what it should not."""
    warnings = [Live(w) for w in live.every("status", "typeChecking", "expressionWarnings", "*") if isinstance(w, Mapping)]
    if warnings:
        return failed(join(f"{w.text('fieldRef')}: {w.text('warning')}" for w in warnings))
    return healthy()


RULES: Mapping[tuple[str, str], Check] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition,
    ("apiregistration.k8s.io", "APIService"): api_service,
    ("", "Namespace"): namespace,
    ("", "Node"): node,
    ("certificates.k8s.io", "CertificateSigningRequest"): signing_request,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): flow_schema,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): admission_policy,
}
