"""Store: certificates in the state namespace, apart from the inventory. A cache: what cannot be read or written is done without."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import partial
from typing import Any

from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import owner_label
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.exchange import Request, Response
from gitctl.target.kubernetes.lists import NAMES_ONLY, Unlistable, list_all
from gitctl.target.kubernetes.owner import object_name
from gitctl.target.kubernetes.proof.packing import Damaged, Folder, decode, encode, shard_names
from gitctl.target.kubernetes.proof.seal import Seal
from gitctl.target.kubernetes.resource import SECRETS
from gitctl.target.kubernetes.shelf import OF, Shelf

TYPE = "gitctl.dev/certificates"
PART = "gitctl.dev/certificates"
_DATA = "certificates"
_KEY_NAME = "gitctl-certificate-key"
_KEY_BYTES = 32


class Unkept(Exception):
    """Certificates were not stored; says why."""


@dataclass(frozen=True, slots=True)
class CertificateStore:
    """The certificates in one state namespace."""

    client: Client
    namespace: str

    def key(self) -> tuple[Seal | None, bool]:
        """The key of this namespace's certificates, and whether there is certainly none yet. Raises ClusterError family errors."""
        answer = self.client.get(self._path(_KEY_NAME))
        key = _bytes(answer.json()) if answer.ok else b""
        return (Seal(key) if len(key) >= _KEY_BYTES else None), answer.status == 404

    def read(self, owner: str, shelf: Shelf | None = None) -> Folder | None:
        """The certificates of an owner; None where there are none to be read. Raises ClusterError family errors."""
        get = partial(shelf.get, owner=owner) if shelf else self._get
        answer = get(_root_name(owner))
        if not answer.ok:
            return None
        try:
            root = _bytes(answer.json())
            names = shard_names(root)
            answers = map_bounded(lambda n: get(_shard_name(owner, n)), names, limit=WORKERS)
            return decode(root, {n: _bytes(a.json()) for n, a in zip(names, answers, strict=True) if a.ok})
        except Damaged:
            return None

    def make_key(self, seal: Seal) -> None:
        """Make this key the namespace's. Raises Unkept, also when another run was first; ClusterError family errors."""
        self._create(self._secret(_KEY_NAME, {PART: "key"}, seal.key) | {"immutable": True}, "write a key")

    def write(self, owner: str, folder: Folder) -> None:
        """Store: shards first, then the root; then shards that nothing needs are deleted. Raises Unkept, ClusterError family errors."""
        packed = encode(folder)
        labels = {PART: "shard", OF: owner_label(owner)}
        secrets = [self._secret(_shard_name(owner, name), labels, data) | {"immutable": True} for name, data in packed.shards.items()]
        map_bounded(lambda body: self._create(body, "write certificates", there=True), secrets, limit=WORKERS)
        root = self._secret(_root_name(owner), {PART: "root", OF: owner_label(owner)}, packed.root)
        answer = self.client.send(Request("PUT", self._path(_root_name(owner)), body=root))
        if answer.status == 404:
            self._create(root, "write certificates")
        elif not answer.ok:
            raise Unkept(_why(answer, "write certificates"))
        self._tidy(owner, {_shard_name(owner, name) for name in packed.shards})

    def remove(self, owner: str) -> None:
        """Forget an owner's certificates, where that is allowed."""
        self.client.send(Request("DELETE", self._path(_root_name(owner))))
        self._tidy(owner, set())

    def _tidy(self, owner: str, needed: set[str]) -> None:
        selector = (("labelSelector", f"{PART}=shard,{OF}={owner_label(owner)}"),)
        try:
            found = list_all(self.client, SECRETS.collection(self.namespace), selector, accept=NAMES_ONLY)
        except Unlistable:
            return
        for name in {item["metadata"]["name"] for item in found} - needed:
            self.client.send(Request("DELETE", self._path(name)))

    def _create(self, body: Json, doing: str, *, there: bool = False) -> None:
        answer = self.client.send(Request("POST", SECRETS.collection(self.namespace), body=body))
        if not answer.ok and not (there and answer.status == 409):
            raise Unkept(_why(answer, doing))

    def _secret(self, name: str, labels: dict[str, str], data: bytes) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": TYPE,
            "metadata": {"name": name, "namespace": self.namespace, "labels": labels},
            "data": {_DATA: base64.b64encode(data).decode("ascii")},
        }

    def _get(self, name: str) -> Response:
        return self.client.get(self._path(name))

    def _path(self, name: str) -> str:
        return SECRETS.path(ObjectRef("", "Secret", self.namespace, name))


def _why(answer: Response, doing: str) -> str:
    return f"{doing}: {failure.explain(answer, sensitive=True)}"


def _root_name(owner: str) -> str:
    return object_name(owner, "gitctl-certificates")


def _shard_name(owner: str, suffix: str) -> str:
    return f"{_root_name(owner)}-{suffix}"


def _bytes(secret: Json) -> bytes:
    try:
        return base64.b64decode((secret.get("data") or {}).get(_DATA, ""))
    except ValueError:
        return b""
