"""Discovery: which kinds the server has. Two requests (aggregated discovery), answered from a private cache when nothing changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gitctl.errors import ClusterError, ErrorId
from gitctl.model.manifest import Json
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request, Response
from gitctl.target.kubernetes.remember import remember, remembered, server_key
from gitctl.target.kubernetes.resource import Resource

_ACCEPT = ",".join(f"application/json;g=apidiscovery.k8s.io;v={v};as=APIGroupDiscoveryList" for v in ("v2", "v2beta1"))
_ROOTS = ("/api", "/apis")


@dataclass(frozen=True, slots=True)
class Kinds:
    """All served kinds. `stale` are (group, version) pairs whose backend did not answer the API server: nothing is known of them."""

    served: dict[tuple[str, str], tuple[Resource, ...]] = field(default_factory=dict)
    stale: frozenset[tuple[str, str]] = frozenset()

    def find(self, group: str, kind: str, version: str = "") -> Resource | None:
        """The resource of a kind at a version, or at the server's preferred one; None when it is not served."""
        served = self.served.get((group, kind), ())
        return next((r for r in served if not version or r.version == version), None)

    def is_stale(self, group: str) -> bool:
        """Does the server fail to learn what some version of this group has?"""
        return any(g == group for g, _ in self.stale)

    def groups_of(self, kind: str) -> tuple[str, ...]:
        """Groups that serve a kind of this name."""
        return tuple(g for g, k in self.served if k == kind)

    def called(self, word: str) -> Resource | None:
        """The resource that people mean by `deploy`, `deployments`, `Deployment` or `deployment.apps`; built-in groups win."""
        name, _, group = word.lower().partition(".")
        found = [r for (g, _), served in self.served.items() for r in served[:1] if group in ("", g) and name in _words(r)]
        return min(found, key=lambda r: (r.group.count("."), r.group), default=None)

    def names(self) -> frozenset[str]:
        """All kinds, for suggestions."""
        return frozenset(k for _, k in self.served)

    def versions(self, group: str, kind: str) -> tuple[str, ...]:
        """API versions at which a kind is served, the preferred one first."""
        return tuple(r.api_version for r in self.served.get((group, kind), ()))


def _words(resource: Resource) -> tuple[str, ...]:
    return (resource.kind.lower(), resource.plural, *resource.aliases)


def discover(client: Client, cache: Path) -> Kinds:
    """Ask the server. Raises ClusterError family errors."""
    return parse(map_bounded(lambda root: _fetch(client, root, _cache_file(client, cache, root)), _ROOTS, limit=2))


def parse(lists: Iterable[Json]) -> Kinds:
    """Read APIGroupDiscoveryList objects."""
    served: dict[tuple[str, str], tuple[Resource, ...]] = {}
    stale: set[tuple[str, str]] = set()
    for group in (item for discovered in lists for item in discovered.get("items") or ()):
        name = group.get("metadata", {}).get("name", "")
        for version in group.get("versions") or ():
            if version.get("freshness") == "Stale":
                stale.add((name, version["version"]))
            for entry in version.get("resources") or ():
                resource = _resource(name, version["version"], entry)
                key = (resource.group, resource.kind)
                served[key] = (*served.get(key, ()), resource)
    return Kinds(served, frozenset(stale))


def _resource(group: str, version: str, entry: Json) -> Resource:
    return Resource(
        group=group,
        version=version,
        kind=entry.get("responseKind", {}).get("kind", ""),
        plural=entry["resource"],
        namespaced=entry.get("scope") == "Namespaced",
        verbs=frozenset(entry.get("verbs") or ()),
        aliases=(*filter(None, [entry.get("singularResource")]), *(entry.get("shortNames") or ())),
    )


def _fetch(client: Client, root: str, cached: Path) -> Json:
    etag, body = remembered(cached)
    answer = client.send(Request("GET", root, accept=_ACCEPT, etag=etag))
    if answer.status == 304:
        return Response.read(200, body, {}).json()
    if not answer.ok:
        raise failure.error(answer, f"discover {root}", where=client.where)
    found = answer.json()
    if found.get("kind") != "APIGroupDiscoveryList":
        raise ClusterError(
            f"the server is too old: {client.where}", id=ErrorId.SERVER_TOO_OLD, hint="gitctl needs Kubernetes 1.27 or newer"
        )
    remember(cached, answer.headers.get("ETag", ""), answer.body)
    return found


def _cache_file(client: Client, cache: Path, root: str) -> Path:
    return cache / "discovery" / f"{server_key(client)}{root.replace('/', '-')}.json"
