"""Shelf: the Secrets of some owners in the state namespace, read by one LIST for a look at many apps."""

from __future__ import annotations

from collections.abc import Collection

from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import owner_label
from gitctl.parallel import mutex
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Response
from gitctl.target.kubernetes.lists import Unlistable, list_all
from gitctl.target.kubernetes.resource import SECRETS

OF = "gitctl.dev/state-of"
"""The label that says whose state, or whose certificates, a Secret holds."""

_LONGEST_SELECTOR = 3000
_ABSENT = {"kind": "Status", "reason": "NotFound"}


class Shelf:
    """What a GET of a Secret of these owners would answer. Where Secrets may not be listed, it is asked for."""

    def __init__(self, client: Client, namespace: str, part: str, owners: Collection[str]) -> None:
        """Reads nothing yet. `part` is the label that all these Secrets carry."""
        self._client = client
        self._namespace = namespace
        self._part = part
        self._labels = frozenset(map(owner_label, owners))
        self._mutex = mutex()
        self._found: dict[str, Json] | None = None
        self._refused = False

    def get(self, name: str, owner: str) -> Response:
        """The Secret of a name. Raises ClusterError family errors when the server cannot be used."""
        with self._mutex:
            if self._found is None and not self._refused:
                self._read()
        if self._found is None or owner_label(owner) not in self._labels:
            return self._client.get(SECRETS.path(ObjectRef("", "Secret", self._namespace, name)))
        body = self._found.get(name)
        return Response(404, b"", {}, _ABSENT) if body is None else Response(200, b"", {}, body)

    def _read(self) -> None:
        names = ",".join(sorted(self._labels))
        whose = f",{OF} in ({names})" if len(names) <= _LONGEST_SELECTOR else ""
        selector = (("labelSelector", f"{self._part} in (root, shard){whose}"),)
        try:
            found = list_all(self._client, SECRETS.collection(self._namespace), selector)
        except Unlistable:
            self._refused = True
            return
        self._found = {item["metadata"]["name"]: item for item in found}
