"""Lock: one run at a time per owner id, without trusting anybody's clock.

A holder renews every 15 s. Others take over when the lease has not moved for 60 s by their own clock, which runs on between their
runs, or at once when the holder was a process of this machine that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import Interrupted, Locked
from gitctl.model.manifest import Json
from gitctl.model.outcome import Event, EventKind
from gitctl.parallel import Deadline, in_background
from gitctl.protocols import Cancel, Emit
from gitctl.target.holder import this_run
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.held import HeldLease
from gitctl.target.kubernetes.lease import TTL, Leases, held_by, holder_of, version_of
from gitctl.target.kubernetes.state import ensure_namespace
from gitctl.target.silence import Silence

_POLL = 1.0


@dataclass(frozen=True, slots=True)
class Locks:
    """The locks in one namespace. `notes` is the folder where silences are noted."""

    client: Client
    namespace: str
    notes: Path

    @contextmanager
    def hold(self, owner: str, *, timeout: float, emit: Emit, cancel: Cancel | None = None) -> Iterator[HeldLease]:
        """Hold the lock of an owner id. Raises Locked after `timeout` seconds (0: at once), Interrupted; Forbidden, ClusterError."""
        ensure_namespace(self.client, self.namespace)
        held = HeldLease(Leases(self.client, self.namespace), owner, this_run())
        self._acquire(held, timeout, emit, cancel)
        stop = Deadline()
        in_background(lambda: held.keep(stop), name="lease")
        try:
            yield held
        finally:
            stop.cancel()
            held.release()

    def _acquire(self, held: HeldLease, timeout: float, emit: Emit, cancel: Cancel | None) -> None:
        leases = Leases(self.client, self.namespace)
        deadline = Deadline(timeout)
        said = False
        while True:
            lease = leases.read(held.owner)
            if (lease is None or self._is_free(lease, held)) and held.take(lease):
                return
            if deadline.left() <= 0:
                raise _locked(held.owner, lease)
            if not said and lease is not None:
                emit(Event(EventKind.WAITING, f"waiting for the lock: {held_by(lease)}"))
                said = True
            deadline.sleep(_POLL)
            if cancel is not None and cancel.requested():
                raise Interrupted(f"interrupted while waiting for the lock of {held.owner}")

    def _is_free(self, lease: Json, held: HeldLease) -> bool:
        holder = holder_of(lease)
        if not holder.identity or holder.is_dead(held.me):
            return True
        return self._silence(held.owner).seconds(version_of(lease)) >= TTL

    def _silence(self, owner: str) -> Silence:
        endpoint = self.client.access.endpoint
        return Silence(self.notes, f"{endpoint.server}\n{endpoint.ca}\n{self.namespace}\n{owner}")


def _locked(owner: str, lease: Json | None) -> Locked:
    return Locked(
        f"{owner} is locked: {held_by(lease) if lease else 'another run was faster'}",
        hint=f"wait for it (--lock-timeout 5m), or try again: a holder that is silent for {TTL:g} s is taken over",
    )
