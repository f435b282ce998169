"""Kinds, scopes, and the hints for kinds that nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, ManifestError, ManyErrors
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin
from gitctl.target.kubernetes.discover import Kinds, parse
from gitctl.target.kubernetes.locate import locate, plural, require_foreign
from gitctl.target.kubernetes.resource import Resource, split_api_version


def version(name: str, *resources: tuple[str, str, str], freshness: str = "Current") -> Json:
    """One version of a group in discovery: (plural, kind, scope)."""
    listed = [
        {"resource": plural_name, "responseKind": {"kind": kind}, "scope": scope, "verbs": ["get", "list"]}
        for plural_name, kind, scope in resources
    ]
    return {"version": name, "freshness": freshness, "resources": listed}


CORE = {"items": [{"versions": [version("v1", ("configmaps", "ConfigMap", "Namespaced"), ("namespaces", "Namespace", "Cluster"))]}]}
GROUPS = {
    "items": [
        {"metadata": {"name": "apps"}, "versions": [version("v1", ("deployments", "Deployment", "Namespaced"))]},
        {
            "metadata": {"name": "autoscaling"},
            "versions": [
                version("v2", ("horizontalpodautoscalers", "HorizontalPodAutoscaler", "Namespaced")),
                version("v1", ("horizontalpodautoscalers", "HorizontalPodAutoscaler", "Namespaced")),
            ],
        },
        {"metadata": {"name": "metrics.k8s.io"}, "versions": [version("v1beta1", freshness="Stale")]},
    ]
}
SERVED: Kinds = parse([CORE, GROUPS])


def manifest(api_version: str, kind: str, namespace: str = "", **body: Any) -> Manifest:
    """A manifest named x."""
    metadata = {"name": "x"} | ({"namespace": namespace} if namespace else {})
    group, _ = split_api_version(api_version)
    full = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}
    return Manifest(ObjectRef(group, kind, namespace, "x"), api_version, full, Origin("x.yaml", 3))


def test_discovery_is_read() -> None:
    found = SERVED.find("autoscaling", "HorizontalPodAutoscaler")
    assert found is not None
    assert found.api_version == "autoscaling/v2"
    assert SERVED.find("autoscaling", "HorizontalPodAutoscaler", "v1") is not None
    assert SERVED.find("autoscaling", "HorizontalPodAutoscaler", "v9") is None
    assert SERVED.is_stale("metrics.k8s.io")
    assert not SERVED.is_stale("apps")
    assert SERVED.find("", "Namespace") == Resource("", "v1", "Namespace", "namespaces", False, frozenset({"get", "list"}))


def test_paths() -> None:
    deployments = SERVED.find("apps", "Deployment")
    namespaces = SERVED.find("", "Namespace")
    assert deployments is not None
    assert namespaces is not None
    assert deployments.path(ObjectRef("apps", "Deployment", "a b", "c/d")) == "/apis/apps/v1/namespaces/a%20b/deployments/c%2Fd"
    assert namespaces.path(ObjectRef("", "Namespace", "", "a")) == "/api/v1/namespaces/a"


def test_a_namespace_is_dropped_or_added_by_scope() -> None:
    cluster, none, named = locate(
        [manifest("v1", "Namespace", "shop"), manifest("v1", "ConfigMap"), manifest("v1", "ConfigMap", "shop")], SERVED, coming=frozenset()
    )
    assert (cluster.ref.namespace, cluster.body["metadata"]) == ("", {"name": "x"})
    assert (none.ref.namespace, none.body["metadata"]["namespace"]) == ("default", "default")
    assert named == manifest("v1", "ConfigMap", "shop")


@pytest.mark.parametrize(("scope", "namespace"), [("Cluster", ""), ("Namespaced", "shop")])
def test_the_scope_of_a_kind_that_comes_along_is_read_from_its_definition(scope: str, namespace: str) -> None:
    spec = {"group": "example.com", "names": {"kind": "Widget"}, "scope": scope}
    crd = manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", spec=spec)
    with pytest.raises(ManifestError):
        locate([crd], SERVED, coming=frozenset())
    served = Kinds(SERVED.served | {(crd.ref.group, crd.ref.kind): (Resource(crd.ref.group, "v1", crd.ref.kind, "crds", False),)})
    located = locate([crd, manifest("example.com/v1", "Widget", "shop")], served, coming=frozenset({("example.com", "Widget")}))
    assert located[1].ref.namespace == namespace


def test_a_kind_of_an_api_that_does_not_answer_is_not_called_unknown() -> None:
    one = manifest("metrics.k8s.io/v1beta1", "PodMetrics", "shop")
    assert locate([one], SERVED, coming=frozenset()) == (one,)


def test_all_unknown_kinds_are_named_at_once() -> None:
    with pytest.raises(ManyErrors) as caught:
        locate([manifest("a.example.com/v1", "One"), manifest("b.example.com/v1", "Two")], SERVED, coming=frozenset())
    assert len(caught.value.errors) == 2


@pytest.mark.parametrize(
    ("api_version", "kind", "hint"),
    [
        ("cert-manager.io/v1", "Certificate", "certificates.cert-manager.io (it comes with cert-manager)"),
        ("example.com/v1", "Policy", "policies.example.com"),
        ("apps/v2", "Deployment", "serves it as apps/v1"),
        ("extensions/v1beta1", "Deployment", "has Deployment in apps"),
        ("apps/v1", "Deploymnt", "did you mean 'Deployment'?"),
        ("v1", "Configmap", "did you mean 'ConfigMap'?"),
    ],
)
def test_unknown_kinds_get_a_hint(api_version: str, kind: str, hint: str) -> None:
    with raises(ErrorId.KIND_UNKNOWN) as caught:
        locate([manifest(api_version, kind)], SERVED, coming=frozenset())
    assert hint in caught.value.hint
    assert "x.yaml:3" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "name"), [("Policy", "policies"), ("Ingress", "ingresses"), ("Gateway", "gateways"), ("Widget", "widgets"), ("Box", "boxes")]
)
def test_plurals(kind: str, name: str) -> None:
    assert plural(kind) == name


def test_the_namespace_of_the_state_is_no_apps() -> None:
    namespace = manifest("v1", "Namespace")
    require_foreign([namespace, manifest("v1", "ConfigMap", "state")], "state")
    with raises(ErrorId.STATE_NAMESPACE, match="gitctl's own state"):
        require_foreign([namespace], "x")
