"""Definitions: kinds that come and go: is a kind that is not served gone for good, and is a new one served yet?"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from gitctl.errors import ErrorId, NotHealthy
from gitctl.model.manifest import Json, ObjectRef
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.lists import Unlistable, list_all
from gitctl.target.kubernetes.resource import API_SERVICES, CRDS

SERVED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Registry:
    """What may define kinds: CRDs and the services of aggregated APIs. None: not allowed to look."""

    crds: list[Json] | None
    services: list[Json] | None

    @classmethod
    def read(cls, client: Client) -> Registry:
        """Ask the server. Raises ClusterError family errors."""
        return cls(_listed(client, CRDS.collection()), _listed(client, API_SERVICES.collection()))

    def why_unknown(self, ref: ObjectRef) -> str:
        """Why nothing can be said about an object whose kind is not served; "" when kind and object are certainly gone."""
        if self.crds is None or self.services is None:
            return f"the kind {ref.kind} is not served, and there is no right to see whether it is still defined"
        if any(_defines(crd, ref.group, ref.kind) for crd in self.crds):
            return f"the kind {ref.kind} is defined but not served"
        if any(_aggregates(service, ref.group) for service in self.services):
            return f"the API of {ref.group} is registered, but its backend does not answer"
        return ""

    def crd(self, group: str, kind: str) -> Json | None:
        """The definition of a kind."""
        return next((c for c in self.crds or () if _defines(c, group, kind)), None)


def _listed(client: Client, path: str) -> list[Json] | None:
    try:
        return list_all(client, path)
    except Unlistable:
        return None


def _defines(crd: Json, group: str, kind: str) -> bool:
    spec = crd.get("spec") or {}
    return bool(spec.get("group") == group and (spec.get("names") or {}).get("kind") == kind)


def _aggregates(service: Json, group: str) -> bool:
    spec = service.get("spec") or {}
    return bool(spec.get("group") == group and spec.get("service"))


def wait_served(client: Client, kinds: Collection[tuple[str, str, str]], discover: Callable[[], Kinds]) -> Kinds:
    """Wait until kinds (group, kind, version, "" for any) are served: Established, in discovery, and answering.

    Raises NotHealthy after a minute.
    """
    end = time.monotonic() + SERVED_SECONDS
    waiting = 0.05
    while True:
        served = discover()
        missing = [key for key in kinds if not _answers(client, served, key)]
        if not missing:
            return served
        if time.monotonic() > end:
            raise _not_served(client, missing)
        time.sleep(waiting)
        waiting = min(1.0, waiting * 1.6)


def _answers(client: Client, served: Kinds, key: tuple[str, str, str]) -> bool:
    """Discovery may show a kind some time before requests for it work."""
    resource = served.find(*key)
    if resource is None:
        return False
    return client.get(resource.collection(), (("limit", "1"),)).status != 404


def _not_served(client: Client, missing: list[tuple[str, str, str]]) -> NotHealthy:
    registry = Registry.read(client)
    reasons = []
    for group, kind, _ in missing:
        conditions = ((registry.crd(group, kind) or {}).get("status") or {}).get("conditions") or ()
        bad = [f"{c['type']}={c['status']} {c.get('message', '')}".strip() for c in conditions if _blocks(c)]
        reasons.append(f"{kind}.{group}: {'; '.join(bad) or 'not defined'}")
    names = ", ".join(".".join(filter(None, (kind, version, group))) for group, kind, version in missing)
    return NotHealthy(
        f"{names} not served after {SERVED_SECONDS:g} s",
        id=ErrorId.DEFINITION_NOT_SERVED,
        details=reasons,
        hint="look at the CustomResourceDefinition",
    )


def _blocks(condition: Json) -> bool:
    wanted = "False" if condition["type"] in ("Terminating", "NonStructuralSchema") else "True"
    return bool(condition["status"] != wanted)
