"""PURE: which resource serves a manifest, and whether it has a namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gitctl.errors import ErrorId, GitctlError, ManifestError, did_you_mean, raise_all
from gitctl.model.manifest import Manifest
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.resource import split_api_version

DEFAULT_NAMESPACE = "default"

# Where a kind that is often missing comes from: said in the error.
_KNOWN_GROUPS = {
    "argoproj.io": "Argo CD or Argo Rollouts",
    "cert-manager.io": "cert-manager",
    "external-secrets.io": "External Secrets",
    "gateway.networking.k8s.io": "the Gateway API",
    "helm.toolkit.fluxcd.io": "Flux",
    "keda.sh": "KEDA",
    "kustomize.toolkit.fluxcd.io": "Flux",
    "kyverno.io": "Kyverno",
    "monitoring.coreos.com": "the Prometheus Operator",
    "networking.istio.io": "Istio",
    "postgresql.cnpg.io": "CloudNativePG",
    "serving.knative.dev": "Knative",
    "snapshot.storage.k8s.io": "the volume snapshot controller",
    "traefik.io": "Traefik",
}


def locate(manifests: Sequence[Manifest], served: Kinds, *, coming: frozenset[tuple[str, str]]) -> tuple[Manifest, ...]:
    """The manifests with their scope settled: no namespace for cluster scope, `default` where a namespace is needed and none is named.

    `coming` are kinds that the same selection defines. Raises ManifestError (or ManyErrors) for kinds that nobody knows.
    """
    scopes = defined_scopes(manifests)
    located, errors = [], list[GitctlError]()
    for manifest in manifests:
        key = (manifest.ref.group, manifest.ref.kind)
        namespaced = _is_namespaced(manifest, served, scopes)
        if namespaced is not None:
            located.append(_scoped(manifest, namespaced))
        elif key in coming or served.is_stale(manifest.ref.group):
            located.append(manifest)
        else:
            errors.append(_unknown(manifest, served))
    raise_all(errors)
    return tuple(located)


def require_foreign(manifests: Iterable[Manifest], state_namespace: str) -> None:
    """Raise ManifestError when an app has the namespace of gitctl's own state among its objects; living in it is fine."""
    raise_all(_not_yours(m) for m in manifests if (m.ref.group, m.ref.kind, m.ref.name) == ("", "Namespace", state_namespace))


def _not_yours(manifest: Manifest) -> ManifestError:
    return ManifestError(
        f"{manifest.ref.short} holds gitctl's own state and cannot be part of an app",
        id=ErrorId.STATE_NAMESPACE,
        where=str(manifest.origin),
        hint="take it (or create_namespace) out: gitctl creates it; or keep the state elsewhere (state_namespace in gitctl.yaml)",
    )


def defined_scopes(manifests: Iterable[Manifest]) -> dict[tuple[str, str], bool]:
    """(group, kind) → namespaced?, for the custom resources that the manifests themselves define."""
    scopes = {}
    for manifest in manifests:
        if manifest.ref.kind == "CustomResourceDefinition":
            spec = manifest.body.get("spec") or {}
            scopes[(str(spec.get("group")), str((spec.get("names") or {}).get("kind")))] = spec.get("scope") != "Cluster"
    return scopes


def _is_namespaced(manifest: Manifest, served: Kinds, scopes: Mapping[tuple[str, str], bool]) -> bool | None:
    _, version = split_api_version(manifest.api_version)
    resource = served.find(manifest.ref.group, manifest.ref.kind, version)
    if resource is not None:
        return resource.namespaced
    return scopes.get((manifest.ref.group, manifest.ref.kind))


def _scoped(manifest: Manifest, namespaced: bool) -> Manifest:
    namespace = (manifest.ref.namespace or DEFAULT_NAMESPACE) if namespaced else ""
    metadata = {k: v for k, v in manifest.body.get("metadata", {}).items() if k != "namespace"}
    if namespace:
        metadata = {**metadata, "namespace": namespace}
    if namespace == manifest.ref.namespace and metadata == manifest.body.get("metadata"):
        return manifest
    return replace(manifest, ref=replace(manifest.ref, namespace=namespace), body={**manifest.body, "metadata": metadata})


def _unknown(manifest: Manifest, served: Kinds) -> ManifestError:
    ref = manifest.ref
    versions = served.versions(ref.group, ref.kind)
    return ManifestError(
        f"{ref.short}: the cluster does not have the kind {ref.kind} of {manifest.api_version}",
        id=ErrorId.KIND_UNKNOWN,
        where=str(manifest.origin),
        hint=f"the cluster serves it as {', '.join(versions)}" if versions else _advice(manifest, served),
    )


def _advice(manifest: Manifest, served: Kinds) -> str:
    group, kind = manifest.ref.group, manifest.ref.kind
    elsewhere = [g or "v1" for g in served.groups_of(kind)]
    if elsewhere:
        return f"the cluster has {kind} in {', '.join(elsewhere)}: check apiVersion"
    near = did_you_mean(kind, served.names()) if "." not in group or group.endswith(".k8s.io") else ""
    if near.startswith("did you mean"):
        return near
    definition = f"{plural(kind)}.{group}" if group else kind
    maker = f" (it comes with {_KNOWN_GROUPS[group]})" if group in _KNOWN_GROUPS else ""
    return f"install the CustomResourceDefinition {definition}{maker}, or add it to the same app"


def plural(kind: str) -> str:
    """The likely name of a kind in URLs, as code generators make it."""
    word = kind.lower()
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"
