"""Environment: reads of a cluster what its epochs are made of: one batch for all kinds, then definitions, namespaces, parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from gitctl.model.certificate import Epoch
from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.exchange import JSON
from gitctl.target.kubernetes.lists import NAMES_ONLY, Unlistable, list_all
from gitctl.target.kubernetes.proof.clock import server_clock
from gitctl.target.kubernetes.proof.epoch import Place, Rules, epoch_of, schema_hashes
from gitctl.target.kubernetes.proof.parameters import Unreadable, parameters_of
from gitctl.target.kubernetes.resource import API_SERVICES, CRDS, LIMITS, NAMESPACES, Resource

FRESH_SECONDS = 5.0
"""How long what was read is taken for what holds."""

_GROUP = "admissionregistration.k8s.io"
_KINDS = (
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
# Their webhooks do as these objects say; what the webhook configurations say stays the same.
_ENGINES = frozenset(
    {"kyverno.io", "policies.kyverno.io"}
    | {f"{part}.gatekeeper.sh" for part in ("config", "constraints", "expansion", "externaldata", "mutations", "templates")}
)
# The one kind that the API server's own admission judges by other objects at each update.
_LIMITED = frozenset({("", "PersistentVolumeClaim")})
_WIDE_FROM = 4

Key = tuple[Resource, str]
"""A kind, and a namespace ("" for cluster scope)."""


class Environment:
    """What holds in the cluster, as of when it was read."""

    def __init__(self, client: Client, kinds: Kinds) -> None:
        """Read what all kinds share. Raises ClusterError family errors when the server cannot be used at all."""
        self._client = client
        self._kinds = kinds
        self._began = time.monotonic()
        self._clock = int(time.time())
        self._epochs: dict[Key, Epoch | None] = {}
        self._definitions: dict[Resource, Json | None] = {}
        self._namespaces: dict[str, Json] = {}
        self._absent: set[str] = set()
        try:
            self._rules: Rules | None = self._read()
        except Unreadable:
            self._rules = None

    @property
    def readable(self) -> bool:
        """May the rules be read at all?"""
        return self._rules is not None

    @property
    def fresh(self) -> bool:
        """Is it so new that it may be gone by?"""
        return time.monotonic() - self._began <= FRESH_SECONDS

    @property
    def now(self) -> int:
        """The server's clock, in seconds since 1970."""
        return self._clock + int(time.monotonic() - self._began)

    def prepare(self, keys: Collection[Key]) -> None:
        """Find the epochs of kinds in namespaces, all at a time."""
        new = [key for key in dict.fromkeys(keys) if key not in self._epochs]
        if self._rules is not None:
            self._read_definitions({resource for resource, _ in new} - self._definitions.keys())
            self._read_namespaces({namespace for _, namespace in new} - self._namespaces.keys() - {""})
        found = zip(new, map_bounded(self._find, new, limit=WORKERS), strict=True)
        # A namespace that is not there may be made in this run: its epoch is looked for again.
        self._epochs |= {key: epoch for key, epoch in found if epoch or key[1] not in self._absent}

    def epoch(self, resource: Resource, namespace: str) -> Epoch | None:
        """The epoch of a kind in a namespace, None when it cannot be known."""
        key = (resource, namespace)
        if key not in self._epochs:
            self.prepare([key])
        return self._epochs.get(key)

    def _read(self) -> Rules:
        """One batch of requests at the same time. Raises Unreadable."""
        if self._kinds.is_stale(_GROUP):
            raise Unreadable
        admission = [partial(self._list, self._kinds.find(_GROUP, kind)) for kind in _KINDS]
        reads: list[Callable[[], Any]] = [
            self._version,
            partial(self._object, "/openapi/v3"),
            partial(self._list, API_SERVICES),
            *admission,
            *(partial(self._engine, resource) for resource in self._engines()),
        ]
        version, openapi, services, *found = map_bounded(lambda read: read(), reads, limit=WORKERS)
        engines = found[len(_KINDS) :]
        return Rules(
            version=version,
            openapi=schema_hashes(openapi),
            services=services,
            webhooks=(*found[0], *found[1]),
            policies=((found[2], found[3]), (found[4], found[5])),
            engines=None if None in engines else tuple(item for listed in engines for item in listed),
        )

    def _version(self) -> Json:
        answer = self._client.get("/version")
        if not answer.ok:
            raise Unreadable
        self._clock = server_clock(answer.headers, otherwise=self._clock)
        return answer.json()

    def _object(self, path: str, *, missing: bool = False) -> Json | None:
        answer = self._client.get(path)
        if answer.status == 404 and missing:
            return None
        if not answer.ok:
            raise Unreadable
        return answer.json()

    def _list(self, resource: Resource | None, namespace: str = "", name: str = "", *, accept: str = JSON) -> tuple[Json, ...]:
        """All objects of a kind, or those of a name; none where the server does not know the kind."""
        if resource is None:
            return ()
        query = (("fieldSelector", f"metadata.name={name}"),) if name else ()
        try:
            return tuple(list_all(self._client, resource.collection(namespace), query, accept=accept))
        except Unlistable:
            raise Unreadable from None

    def _engine(self, resource: Resource) -> tuple[Json, ...] | None:
        try:
            return self._list(resource, accept=NAMES_ONLY)
        except Unreadable:
            return None

    def _engines(self) -> list[Resource]:
        served = (found[0] for (group, _), found in self._kinds.served.items() if group in _ENGINES and found)
        return sorted((r for r in served if "list" in r.verbs), key=lambda r: (r.group, r.plural))

    def _read_definitions(self, resources: Iterable[Resource]) -> None:
        """Groups without a dot are built in; of the others only the server knows."""
        custom = [r for r in resources if "." in r.group]
        paths = [CRDS.path(ObjectRef("", "", "", f"{r.plural}.{r.group}")) for r in custom]
        self._definitions |= dict(zip(custom, map_bounded(self._definition, paths, limit=WORKERS), strict=True))

    def _definition(self, path: str) -> Json | None:
        try:
            return self._object(path, missing=True) or {}
        except Unreadable:
            return None

    def _read_namespaces(self, names: set[str]) -> None:
        """Many are LISTed, also when they come one by one: they were made by this run, all at about the same time."""
        if names and len(names) + len(self._namespaces) >= _WIDE_FROM:
            with suppress(Unreadable):
                self._namespaces |= {item["metadata"]["name"]: item for item in self._list(NAMESPACES)}
                self._absent = names - self._namespaces.keys()
                return
        rest = sorted(names - self._namespaces.keys())
        answers = map_bounded(lambda n: self._client.get(NAMESPACES.path(ObjectRef("", "Namespace", "", n))), rest, limit=WORKERS)
        self._namespaces |= {name: answer.json() for name, answer in zip(rest, answers, strict=True) if answer.ok}
        self._absent = {name for name, answer in zip(rest, answers, strict=True) if answer.status == 404}

    def _find(self, key: Key) -> Epoch | None:
        resource, namespace = key
        definition = self._definitions.get(resource, {})
        place = self._namespaces.get(namespace)
        if self._rules is None or definition is None or (namespace and place is None):
            return None
        try:
            parameters = parameters_of(self._rules.policies_of(resource), namespace, self._kinds, self._list)
            limits = self._list(LIMITS, namespace) if (resource.group, resource.kind) in _LIMITED else ()
        except Unreadable:
            return None
        return epoch_of(resource, self._rules, Place(definition or None, place, parameters, limits))
