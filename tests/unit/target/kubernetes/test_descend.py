"""What live objects own: which kinds are listed for whom, and what is said of those that cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gitctl.model.manifest import Json
from gitctl.target.kubernetes import descend as module
from gitctl.target.kubernetes.descend import descend
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.exchange import Response
from gitctl.target.kubernetes.resource import Resource

LISTABLE = frozenset({"list"})
KINDS = (
    ("apps", "Deployment", "deployments"),
    ("apps", "ReplicaSet", "replicasets"),
    ("", "Pod", "pods"),
    ("", "Secret", "secrets"),
    ("", "ConfigMap", "configmaps"),
    ("cert-manager.io", "Certificate", "certificates"),
    ("acme.cert-manager.io", "Order", "orders"),
    ("other.example.test", "Gadget", "gadgets"),
)
SERVED = Kinds({(group, kind): (Resource(group, "v1", kind, plural, namespaced=True, verbs=LISTABLE),) for group, kind, plural in KINDS})


@dataclass
class Server:
    """Answers LISTs from objects; remembers what was asked. `refused` are plurals that may not be listed."""

    objects: list[Json]
    refused: frozenset[str] = frozenset()
    remaining: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def get(self, path: str, query: Iterable[tuple[str, str]] = (), *, accept: str = "") -> Response:
        """One page."""
        del query
        plural = path.rpartition("/")[2]
        self.asked.append((plural, "names" if "PartialObjectMetadataList" in accept else "whole"))
        if plural in self.refused:
            return answer(403, {"kind": "Status", "message": "no"})
        kind = next(kind for _, kind, one in KINDS if one == plural)
        namespace = path.split("/namespaces/")[1].split("/")[0]
        items = [o for o in self.objects if o["kind"] == kind and o["metadata"]["namespace"] == namespace]
        return answer(200, {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {"remainingItemCount": self.remaining}, "items": items})


def answer(status: int, body: Json) -> Response:
    """A response as the client gives it."""
    return Response.read(status, json.dumps(body).encode(), {})


def thing(kind: str, name: str, *owners: str, namespace: str = "n", api: str = "v1", controller: str = "") -> Json:
    """An object whose uid is its name."""
    references = [{"uid": owner, "controller": owner == controller} for owner in owners]
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace, "uid": name, "ownerReferences": references}}


def names(server: Server, *roots: Json) -> tuple[dict[str, list[str]], list[str]]:
    """Owner → owned names, and what could not be seen."""
    found = descend(server, roots, SERVED)  # type: ignore[arg-type]
    return {owner: [o["metadata"]["name"] for o in some] for owner, some in found.owned.items()}, [str(one) for one in found.unseen]


WEB = thing("Deployment", "web", api="apps/v1")


def test_each_kind_is_listed_once_a_namespace_and_only_where_it_may_be_owned() -> None:
    pods = [thing("Pod", f"p{n}", "rs") for n in range(3)]
    server = Server([thing("ReplicaSet", "rs", "web", api="apps/v1"), *pods, thing("Pod", "stray")])
    second = thing("Deployment", "web2", api="apps/v1")
    assert names(server, WEB, second, thing("ConfigMap", "c")) == ({"web": ["rs"], "rs": ["p0", "p1", "p2"]}, [])
    assert server.asked == [("replicasets", "whole"), ("pods", "whole")]


def test_nothing_is_asked_for_what_owns_nothing() -> None:
    server = Server([])
    assert names(server, thing("ConfigMap", "c"), thing("Secret", "s")) == ({}, [])
    assert server.asked == []


def test_of_kinds_without_a_status_only_metadata_is_asked_for() -> None:
    certificate = thing("Certificate", "tls", api="cert-manager.io/v1")
    order = thing("Order", "tls-1", "tls", api="acme.cert-manager.io/v1")
    server = Server([thing("Secret", "tls-key", "tls"), order])
    assert names(server, certificate) == ({"tls": ["tls-1", "tls-key"]}, [])
    asked = dict(server.asked)
    assert (asked["secrets"], asked["configmaps"], asked["orders"], asked["pods"]) == ("names", "names", "whole", "whole")
    assert "gadgets" not in asked, "another family of API groups"


def test_the_controller_is_the_owner_and_nobody_appears_twice() -> None:
    server = Server(
        [thing("ReplicaSet", "rs", "other", "web", api="apps/v1", controller="web"), thing("Pod", "p", "rs", "web", controller="rs")]
    )
    other = thing("Deployment", "other", api="apps/v1")
    assert names(server, other, WEB)[0] == {"web": ["rs"], "rs": ["p"]}


def test_a_circle_of_owners_ends() -> None:
    server = Server(
        [thing("ReplicaSet", "rs", "web", api="apps/v1"), thing("Pod", "p", "rs"), thing("ReplicaSet", "web", "p", api="apps/v1")]
    )
    assert names(server, WEB)[0] == {"web": ["rs"], "rs": ["p"]}


def test_what_cluster_wide_owners_own_is_looked_for_where_the_app_is() -> None:
    issuer = thing("Certificate", "wide", api="cert-manager.io/v1")
    issuer["metadata"]["namespace"] = ""
    server = Server([thing("Secret", "a", "wide", namespace="n1"), thing("Secret", "b", "wide", namespace="n2")])
    assert names(server, issuer, thing("ConfigMap", "x", namespace="n1"), thing("ConfigMap", "y", namespace="n2"))[0] == {
        "wide": ["a", "b"]
    }


def test_what_may_not_be_listed_or_is_too_much_is_said(monkeypatch: Any) -> None:
    assert names(Server([], refused=frozenset({"replicasets"})), WEB)[1] == ["ReplicaSet in n: no"]
    monkeypatch.setattr(module, "MOST_OBJECTS", 10)
    assert names(Server([], remaining=11), WEB)[1] == ["ReplicaSet in n: more than 10"]


def test_a_kind_is_found_by_any_of_its_names() -> None:
    apps = Resource("apps", "v1", "Deployment", "deployments", True, LISTABLE, ("deployment", "deploy"))
    theirs = Resource("apps.example.test", "v1", "Deployment", "deployments", True, LISTABLE, ("deployment",))
    served = Kinds({("apps.example.test", "Deployment"): (theirs,), ("apps", "Deployment"): (apps,)})
    for word in ("deploy", "deployments", "Deployment", "DEPLOYMENT", "deployment.apps"):
        assert served.called(word) is apps
    assert served.called("deployments.apps.example.test") is theirs
    assert served.called("deploys") is None
