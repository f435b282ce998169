"""State: one root Secret per owner id, written under its resourceVersion; shards are written first and collected last."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gitctl.errors import ClusterError, ErrorId, StateMoved
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import owner_label
from gitctl.model.state import AppState
from gitctl.parallel import map_bounded
from gitctl.target.codec import decode, encode, shard_names
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.exchange import Request, Response
from gitctl.target.kubernetes.lists import NAMES_ONLY, Unlistable, list_all
from gitctl.target.kubernetes.owner import object_name
from gitctl.target.kubernetes.resource import NAMESPACES, SECRETS
from gitctl.target.kubernetes.shelf import OF, Shelf
from gitctl.target.shards import Packed

TYPE = "gitctl.dev/state"
PART = "gitctl.dev/state"
_OWNER = "gitctl.dev/owner"
_KEY = "state"
_READS = 3


@dataclass(frozen=True, slots=True)
class StateStore:
    """The states in one namespace."""

    client: Client
    namespace: str
    shelf: Shelf | None = None

    def read(self, owner: str) -> AppState:
        """The stored state, an empty one when there is none. Raises Forbidden, ClusterError, Refused (newer schema)."""
        for attempt in range(_READS):
            # What was read for many may be older than what it refers to: then it is asked for.
            get = partial(self.shelf.get, owner=owner) if self.shelf and not attempt else self._get
            answer = get(_root_name(owner))
            if answer.absent:
                return AppState(owner)
            self._require(answer, f"read the state of {owner}")
            root = answer.json()
            shards = self._shards(shard_names(_bytes(root)), owner, get)
            if shards is not None:
                return replace(decode(_bytes(root), shards), token=_token(root))
        raise ClusterError(
            f"the inventory of {owner} is incomplete: a part of its state in namespace {self.namespace} is missing",
            id=ErrorId.STATE_DAMAGED,
        )

    def write(self, state: AppState) -> AppState:
        """Store. Raises StateMoved when the stored state is not the one that `state.token` came from; Forbidden, ClusterError."""
        packed = encode(state)
        ensure_namespace(self.client, self.namespace)
        map_bounded(lambda item: self._write_shard(state.owner, *item), packed.shards.items(), limit=WORKERS)
        answer = self._write_root(state, packed)
        self._tidy(state.owner, packed)
        return replace(state, token=_token(answer))

    def list(self) -> tuple[tuple[AppState, ...], tuple[str, ...]]:
        """All states in the namespace, and the owners of those that cannot be read. Raises Forbidden, ClusterError."""
        path = SECRETS.collection(self.namespace)
        try:
            found = list_all(self.client, path, (("labelSelector", f"{PART} in (root, shard)"),))
        except Unlistable as refused:
            raise failure.error(refused.answer, f"list states in namespace {self.namespace}", where=self.client.where) from None
        parts = {item["metadata"]["name"].rpartition("-")[2]: _bytes(item) for item in found if _label(item) == "shard"}
        states, damaged = [], []
        for root in (item for item in found if _label(item) == "root" and item.get("type") == TYPE):
            try:
                states.append(replace(decode(_bytes(root), parts), token=_token(root)))
            except ClusterError:
                damaged.append(str((root["metadata"].get("annotations") or {}).get(_OWNER) or root["metadata"]["name"]))
        return tuple(states), tuple(damaged)

    def remove(self, owner: str) -> None:
        """Forget an owner id: the root first, so that nobody reads half of it. Raises Forbidden, ClusterError."""
        answer = self.client.send(Request("DELETE", self._path(_root_name(owner))))
        if answer.status != 404:
            self._require(answer, f"remove the state of {owner}")
        self._tidy(owner, Packed(b"", {}))

    def _write_root(self, state: AppState, packed: Packed) -> Json:
        name = _root_name(state.owner)
        body = self._secret(state.owner, name, "root", packed.root)
        if state.token:
            uid, _, version = state.token.partition(":")
            body["metadata"] |= {"uid": uid, "resourceVersion": version}
            answer = self.client.send(Request("PUT", self._path(name), body=body))
        else:
            answer = self.client.send(Request("POST", SECRETS.collection(self.namespace), body=body))
        if answer.ok:
            return answer.json()
        if answer.status in (404, 409):
            return self._written_already(name, packed, state.owner)
        self._require(answer, f"write the state of {state.owner}")
        raise AssertionError  # `_require` raises for every refusal

    def _written_already(self, name: str, packed: Packed, owner: str) -> Json:
        """After a refusal: our own write, when its answer was lost and it was sent again; else somebody else's."""
        answer = self.client.get(self._path(name))
        if answer.ok and _bytes(answer.json()) == packed.root:
            return answer.json()
        raise StateMoved(f"the state of {owner} was changed by another run", hint="run the command again")

    def _write_shard(self, owner: str, suffix: str, data: bytes) -> None:
        body = self._secret(owner, _shard_name(owner, suffix), "shard", data) | {"immutable": True}
        answer = self.client.send(Request("POST", SECRETS.collection(self.namespace), body=body))
        if answer.status != 409:  # the same name is the same content
            self._require(answer, f"write the state of {owner}")

    def _shards(self, names: Iterable[str], owner: str, get: Callable[[str], Response]) -> Mapping[str, bytes] | None:
        """The shards of a root; None when one is missing: the root was replaced meanwhile."""
        wanted = list(names)
        answers = map_bounded(lambda suffix: get(_shard_name(owner, suffix)), wanted, limit=WORKERS)
        if any(a.absent for a in answers):
            return None
        for answer in answers:
            self._require(answer, f"read the state of {owner}")
        return {suffix: _bytes(a.json()) for suffix, a in zip(wanted, answers, strict=True)}

    def _tidy(self, owner: str, packed: Packed) -> None:
        """Collect shards that no root needs, and write again one that another run took for unneeded. Never fails a sync."""
        selector = (("labelSelector", f"{PART}=shard,{OF}={owner_label(owner)}"),)
        try:
            found = list_all(self.client, SECRETS.collection(self.namespace), selector, accept=NAMES_ONLY)
        except Unlistable:
            return
        names = {item["metadata"]["name"] for item in found}
        needed = {_shard_name(owner, suffix): suffix for suffix in packed.shards}
        for name in names - needed.keys():
            self.client.send(Request("DELETE", self._path(name)))
        for name in needed.keys() - names:
            self._write_shard(owner, needed[name], packed.shards[needed[name]])

    def _secret(self, owner: str, name: str, part: str, data: bytes) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": TYPE,
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": {PART: part, OF: owner_label(owner)},
                "annotations": {_OWNER: owner},
            },
            "data": {_KEY: base64.b64encode(data).decode("ascii")},
        }

    def _get(self, name: str) -> Response:
        return self.client.get(self._path(name))

    def _path(self, name: str) -> str:
        return SECRETS.path(ObjectRef("", "Secret", self.namespace, name))

    def _require(self, answer: Response, doing: str) -> None:
        if not answer.ok:
            raise failure.error(answer, doing, where=f"namespace {self.namespace}, {self.client.where}")


def ensure_namespace(client: Client, namespace: str) -> None:
    """Create the state namespace when it is missing. Not being allowed to look is no reason to stop: the write will tell."""
    answer = client.get(NAMESPACES.path(ObjectRef("", "Namespace", "", namespace)))
    if answer.status != 404:
        return
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    answer = client.send(Request("POST", NAMESPACES.collection(), body=body))
    if not answer.ok and answer.status != 409:
        raise failure.error(answer, f"create the state namespace {namespace}", where=client.where)


def _root_name(owner: str) -> str:
    return object_name(owner, "gitctl")


def _shard_name(owner: str, suffix: str) -> str:
    return f"{_root_name(owner)}-{suffix}"


def _bytes(secret: Json) -> bytes:
    return base64.b64decode((secret.get("data") or {}).get(_KEY, ""))


def _token(root: Json) -> str:
    return f"{root['metadata']['uid']}:{root['metadata']['resourceVersion']}"


def _label(secret: Json) -> str:
    return str((secret["metadata"].get("labels") or {}).get(PART, ""))
