"""Lease: one run at a time per owner id, without trusting anybody's clock.

A holder renews every 15 s. Others take over when the lease has not moved for 60 s by their own clock, or at once when the holder was
a process of this machine that is gone. The holder stops writing 50 s after its last renewal: 10 s are left for a request under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gitctl.errors import GitctlError, Locked
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import Event, EventKind
from gitctl.parallel import Deadline, in_background
from gitctl.protocols import Emit
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request, Response
from gitctl.target.kubernetes.holder import Holder, boottime, this_run
from gitctl.target.kubernetes.owner import object_name
from gitctl.target.kubernetes.resource import LEASES
from gitctl.target.kubernetes.silence import Silence
from gitctl.target.kubernetes.state import ensure_namespace

TTL = 60.0
RENEW = 15.0
SAFE = 50.0
_POLL = 1.0
_PREFIX = "holder.gitctl.dev/"


@dataclass(frozen=True, slots=True)
class LeaseStore:
    """The leases in one namespace. `notes` remembers silences."""

    client: Client
    namespace: str
    notes: Path

    @contextmanager
    def hold(self, owner: str, *, timeout: float, emit: Emit) -> Iterator[HeldLease]:
        """Hold the lock of an owner id. Raises Locked after `timeout` seconds; Forbidden, ClusterError."""
        ensure_namespace(self.client, self.namespace)
        held = HeldLease(self, owner, this_run())
        self._acquire(held, timeout, emit)
        stop = Deadline()
        in_background(lambda: held.keep(stop), name="lease")
        try:
            yield held
        finally:
            stop.cancel()
            held.release()

    def _acquire(self, held: HeldLease, timeout: float, emit: Emit) -> None:
        deadline = Deadline(timeout)
        said = False
        while True:
            lease = self.read(held.owner)
            if (lease is None or self._is_free(lease, held)) and held.take(lease):
                return
            if deadline.left() <= 0:
                raise _locked(held.owner, lease)
            if not said and lease is not None:
                emit(Event(EventKind.WAITING, f"waiting for the lock: {_held_by(lease)}"))
                said = True
            deadline.sleep(_POLL)

    def _is_free(self, lease: Json, held: HeldLease) -> bool:
        holder = _holder(lease)
        if not holder.identity or holder.is_dead(held.me):
            return True
        return bool(self.silence(held.owner).seconds(_version(lease)) >= TTL)

    def silence(self, owner: str) -> Silence:
        """What was noted about the lock of an owner id."""
        endpoint = self.client.access.endpoint
        return Silence(self.notes, f"{endpoint.server}\n{endpoint.ca}\n{self.namespace}\n{owner}")

    def read(self, owner: str) -> Json | None:
        """The Lease object, None when there is none."""
        answer = self.client.get(self.path(owner))
        if answer.status == 404:
            return None
        if not answer.ok:
            raise self.error(answer, owner)
        return answer.json()

    def path(self, owner: str) -> str:
        """Where the Lease of an owner id is."""
        return LEASES.path(ObjectRef(LEASES.group, LEASES.kind, self.namespace, object_name(owner, "gitctl")))

    def error(self, answer: Response, owner: str) -> GitctlError:
        """The error for a refused request."""
        return failure.error(answer, f"lock {owner} (a lease in namespace {self.namespace})", where=self.client.where)


class HeldLease:
    """A lease that this run holds, or is about to."""

    def __init__(self, store: LeaseStore, owner: str, me: Holder) -> None:
        self.owner = owner
        self.me = me
        self._store = store
        self._lease: Json | None = None
        self._renewed = 0.0
        self._lost = ""

    def check(self) -> None:
        """Raise Locked when the lock is lost, or may be."""
        if not self._lost and boottime() - self._renewed > SAFE:
            self._lost = f"it could not be renewed for {SAFE:g} s"
        if self._lost:
            raise Locked(f"the lock of {self.owner} is lost: {self._lost}", hint="nothing more is written; run the command again")

    def take(self, lease: Json | None) -> bool:
        """Write our name into a free lease; False when another run was faster. Raises Forbidden, ClusterError."""
        body = self._body(lease)
        before = boottime()
        if lease is None:
            answer = self._send(Request("POST", LEASES.collection(self._store.namespace), body=body))
        else:
            answer = self._send(Request("PUT", self._store.path(self.owner), body=body))
        if not answer.ok and answer.status in (404, 409):
            # Ours all the same, when the answer to our write was lost and it was sent again.
            now = self._store.read(self.owner)
            if now is None or _holder(now).identity != self.me.identity:
                return False
            self._lease, self._renewed = now, before
            return True
        if not answer.ok:
            raise self._store.error(answer, self.owner)
        self._lease, self._renewed = answer.json(), before
        return True

    def keep(self, stop: Deadline) -> None:
        """Renew until told to stop, or until the lock is lost."""
        waiting = RENEW
        while not self._lost:
            stop.sleep(waiting)
            if stop.requested():
                return
            try:
                waiting = RENEW if self._renew() else 1.0
            except GitctlError:
                waiting = 1.0

    def _renew(self) -> bool:
        """Renew once. True when it worked, or when there is nothing more to renew."""
        lease = self._store.read(self.owner)
        if lease is None or _holder(lease).identity != self.me.identity:
            self._lost = f"it is {_held_by(lease)} now" if lease else "it was deleted"
            return True
        if boottime() - self._renewed > TTL:
            self._lost = f"it was not renewed for {TTL:g} s"
            return True
        return self.take(lease)

    def release(self) -> None:
        """Give the lock back. What fails here ends by itself after the silence."""
        if self._lost or self._lease is None:
            return
        try:
            lease = self._store.read(self.owner)
            if lease is not None and _holder(lease).identity == self.me.identity:
                still = {key: lease["metadata"][key] for key in ("uid", "resourceVersion")}
                options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": still}
                self._send(Request("DELETE", self._store.path(self.owner), body=options))
        except GitctlError:
            return

    def _send(self, request: Request) -> Response:
        return self._store.client.send(request)

    def _body(self, lease: Json | None) -> Json:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = (lease or {}).get("spec") or {}
        mine = spec.get("holderIdentity") == self.me.identity
        transitions = int(spec.get("leaseTransitions") or 0)
        metadata: Json = {
            "name": object_name(self.owner, "gitctl"),
            "namespace": self._store.namespace,
            "annotations": {"gitctl.dev/owner": self.owner, **_annotations(self.me)},
        }
        if lease is not None:
            metadata |= {k: lease["metadata"][k] for k in ("uid", "resourceVersion")}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": self.me.identity,
                "leaseDurationSeconds": int(TTL),
                "acquireTime": spec["acquireTime"] if mine else now,
                "renewTime": now,
                "leaseTransitions": transitions if mine or lease is None else transitions + 1,
            },
        }


def _annotations(holder: Holder) -> dict[str, str]:
    values = {"host": holder.host, "boot": holder.boot, "pids": holder.pids, "pid": str(holder.pid), "started": holder.started}
    return {_PREFIX + key: value for key, value in values.items()}


def _holder(lease: Json) -> Holder:
    noted = lease["metadata"].get("annotations") or {}
    text = {key: str(noted.get(_PREFIX + key, "")) for key in ("host", "boot", "pids", "pid", "started")}
    pid = int(text["pid"]) if text["pid"].isdecimal() else -1
    identity = str((lease.get("spec") or {}).get("holderIdentity") or "")
    known = text["boot"] if pid > 0 else ""
    return Holder(identity, text["host"], known, text["pids"], pid, text["started"])


def _version(lease: Json) -> str:
    return f"{lease['metadata']['uid']}:{lease['metadata']['resourceVersion']}"


def _held_by(lease: Json) -> str:
    spec = lease.get("spec") or {}
    return f"held by {spec.get('holderIdentity')} since {str(spec.get('acquireTime', ''))[:19]}Z"


def _locked(owner: str, lease: Json | None) -> Locked:
    return Locked(
        f"{owner} is locked: {_held_by(lease) if lease else 'another run was faster'}",
        hint=f"wait for it (--lock-timeout 5m), or try again: a holder that is silent for {TTL:g} s is taken over",
    )
