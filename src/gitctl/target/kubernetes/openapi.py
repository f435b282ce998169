"""OpenAPI v3: what the server publishes about its kinds, one document an API version, each kept by the hash that the server gives it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ClusterError, ErrorId
from gitctl.model.manifest import Json
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Response
from gitctl.target.kubernetes.remember import remember, remembered, server_key

_HASH = re.compile(r"[?&]hash=([0-9A-Za-z]{16,128})\b")
_ROOT = "/openapi/v3"
_HINT = "leave out --offline once, or name --kubernetes-version"


@dataclass(frozen=True, slots=True)
class PublishedSchemas:
    """The documents of one server. `paths` leads from an API version (`apps/v1`) to its document; `version` is Kubernetes' (`1.37`)."""

    client: Client
    folder: Path
    paths: Mapping[str, str]
    version: str
    offline: bool = False

    def document(self, api_version: str) -> Json:
        """The OpenAPI document of an API version: from the cache when the server's hash is that of a kept one. {} for a version that
        is not served. Raises ClusterError family errors; offline also for a document that was not kept."""
        path = self.paths.get(api_version)
        if path is None:
            return {}
        found = _HASH.search(path)
        kept = self.folder / f"{found[1].lower()}.json" if found else None
        body = remembered(kept)[1] if kept else b""
        if body:
            return Response.read(200, body, {}).json()
        if self.offline:
            raise ClusterError(f"no schemas of {api_version} were kept", id=ErrorId.CLUSTER_UNREACHABLE, hint=_HINT)
        answer = self.client.get(path)
        if not answer.ok:
            raise failure.error(answer, f"get the schemas of {api_version}", where=self.client.where)
        if kept:
            remember(kept, "openapi", answer.body)
        return answer.json()


def published(client: Client, cache: Path, *, offline: bool) -> PublishedSchemas:
    """What the server publishes now, or what was kept. Raises ClusterError family errors; offline also when nothing was kept."""
    folder = cache / "openapi"
    kept = folder / f"index-{server_key(client)}.json"
    if offline:
        version, body = remembered(kept)
        if not body:
            raise ClusterError(f"no schemas of {client.where} were kept", id=ErrorId.CLUSTER_UNREACHABLE, hint=_HINT)
        return PublishedSchemas(client, folder, _paths(Response.read(200, body, {}).json()), version, offline=True)
    about = client.get("/version")
    answer = client.get(_ROOT)
    if not (answer.ok and about.ok):
        raise failure.error(answer if about.ok else about, f"get {_ROOT}", where=client.where)
    version = f"{about.json().get('major')}.{about.json().get('minor')}".rstrip("+")
    remember(kept, version, answer.body)
    return PublishedSchemas(client, folder, _paths(answer.json()), version)


def _paths(index: Json) -> dict[str, str]:
    """`api/v1` and `apis/apps/v1` as `v1` and `apps/v1`."""
    found = {}
    for name, entry in (index.get("paths") or {}).items():
        root, _, api_version = name.partition("/")
        url = str(entry.get("serverRelativeURL", "")) if isinstance(entry, dict) else ""
        if root in ("api", "apis") and api_version and url.startswith(f"{_ROOT}/"):
            found[api_version] = url
    return found
