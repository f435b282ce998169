"""Lease: the object that a lock is, one per owner id, and the requests about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gitctl.errors import GitctlError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.target.holder import Holder
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request, Response
from gitctl.target.kubernetes.owner import object_name
from gitctl.target.kubernetes.resource import LEASES
from gitctl.target.life import TTL, Sight

_PREFIX = "holder.gitctl.dev/"
_EVICTED = f"{_PREFIX}evicted"


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases in one namespace."""

    client: Client
    namespace: str

    def read(self, owner: str) -> Json | None:
        """The Lease of an owner id, None when there is none. Raises Forbidden, ClusterError."""
        answer = self.client.get(self._path(owner))
        if answer.absent:
            return None
        if not answer.ok:
            raise self.error(answer, owner)
        return answer.json()

    def write(self, owner: str, holder: Holder, before: Json | None, *, evicts: str = "") -> Response:
        """Make the holder's name stand in the lease, if the lease still is `before`: 404 or 409 when it is not.

        `evicts` is the identity of a holder that shall read there that it has lost the lock."""
        body = self._body(owner, holder, before)
        if evicts:
            body["metadata"]["annotations"][_EVICTED] = evicts
        if before is None:
            return self.client.send(Request("POST", LEASES.collection(self.namespace), body=body, guarded=False))
        return self.client.send(Request("PUT", self._path(owner), body=body, guarded=False))

    def remove(self, owner: str, lease: Json) -> Response:
        """Delete the lease, if it still is the given one."""
        still = {key: lease["metadata"][key] for key in ("uid", "resourceVersion")}
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": still}
        return self.client.send(Request("DELETE", self._path(owner), body=options, guarded=False))

    def error(self, answer: Response, owner: str) -> GitctlError:
        """The error for a refused request."""
        return failure.error(answer, f"lock {owner} (a lease in namespace {self.namespace})", where=self.client.where)

    def _path(self, owner: str) -> str:
        return LEASES.path(ObjectRef(LEASES.group, LEASES.kind, self.namespace, object_name(owner, "gitctl")))

    def _body(self, owner: str, holder: Holder, before: Json | None) -> Json:
        metadata: Json = {
            "name": object_name(owner, "gitctl"),
            "namespace": self.namespace,
            "annotations": {"gitctl.dev/owner": owner, **_annotations(holder)},
        }
        if before is not None:
            metadata |= {key: before["metadata"][key] for key in ("uid", "resourceVersion")}
        return {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": metadata, "spec": _spec(holder, before)}


def _spec(holder: Holder, before: Json | None) -> Json:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = (before or {}).get("spec") or {}
    renews = spec.get("holderIdentity") == holder.identity
    return {
        "holderIdentity": holder.identity,
        "leaseDurationSeconds": int(TTL),
        "acquireTime": spec.get("acquireTime") or now if renews else now,
        "renewTime": now,
        "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (before is not None and not renews),
    }


def _annotations(holder: Holder) -> dict[str, str]:
    values = {"host": holder.host, "boot": holder.boot, "pids": holder.pids, "pid": str(holder.pid), "started": holder.started}
    return {_PREFIX + key: value for key, value in values.items()}


def holder_of(lease: Json) -> Holder:
    """Who holds a lease; the identity is "" when nobody does. Where the process is not noted, nothing is known about its end."""
    noted = lease["metadata"].get("annotations") or {}
    text = {key: str(noted.get(_PREFIX + key, "")) for key in ("host", "boot", "pids", "pid", "started")}
    pid = int(text["pid"]) if text["pid"].isdecimal() else 0
    identity = str((lease.get("spec") or {}).get("holderIdentity") or "")
    return Holder(identity, text["host"], text["boot"] if pid else "", text["pids"], pid, text["started"])


def version_of(lease: Json) -> str:
    """Changes with every renewal."""
    return f"{lease['metadata']['uid']}:{lease['metadata']['resourceVersion']}"


def held_by(lease: Json) -> str:
    """`held by ada@host:1f2e since 2026-01-01T00:00:00Z`, by the holder's own clock."""
    spec = lease.get("spec") or {}
    return f"held by {spec.get('holderIdentity')} since {str(spec.get('acquireTime', ''))[:19]}Z"


def evicted_by(lease: Json, identity: str) -> str:
    """Who took the lock away from this identity by hand, "" when nobody did."""
    evicted = (lease["metadata"].get("annotations") or {}).get(_EVICTED)
    return holder_of(lease).identity if evicted == identity else ""


def sight_of(lease: Json | None) -> Sight | None:
    """A lease as a lock that is looked at, None when nobody holds it."""
    if lease is None or not holder_of(lease).identity:
        return None
    spec = lease.get("spec") or {}
    return Sight(holder_of(lease), version_of(lease), _to_seconds(spec.get("acquireTime")), _to_seconds(spec.get("renewTime")))


def _to_seconds(time: object) -> str:
    return f"{str(time)[:19]}Z" if time else ""
