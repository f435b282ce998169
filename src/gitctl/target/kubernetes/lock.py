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
from gitctl.model.lock import Holding, Life
from gitctl.model.manifest import Json
from gitctl.model.outcome import Event, EventKind
from gitctl.parallel import Deadline, in_background
from gitctl.protocols import Cancel, Emit
from gitctl.target.holder import this_run
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.held import HeldLease
from gitctl.target.kubernetes.lease import Leases, held_by, holder_of, sight_of, version_of
from gitctl.target.kubernetes.state import ensure_namespace
from gitctl.target.life import TTL, watched
from gitctl.target.silence import Silence

GRACE = 10.0
"""Seconds until a run that was evicted while it lived has ended what it had under way."""

_POLL = 1.0
_TRIES = 5


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
        with self._kept(held):
            yield held

    def holding(self, owner: str, *, seconds: float, cancel: Cancel | None = None) -> Holding | None:
        """Who holds the lock of an owner id, None when nobody does; looks for at most `seconds`. Raises Forbidden, ClusterError."""
        leases = Leases(self.client, self.namespace)
        return watched(lambda: sight_of(leases.read(owner)), self._silence(owner), this_run(), seconds=seconds, cancel=cancel)

    @contextmanager
    def evict(self, owner: str, found: Holding, *, emit: Emit) -> Iterator[HeldLease]:
        """Take the lock from the holder that was found, and hold it. Raises Locked when another has it by now; Forbidden, ClusterError.

        A holder that lives notices at its next write, `FRESH` seconds from now at the latest; what it has under way is waited for.
        """
        held = HeldLease(Leases(self.client, self.namespace), owner, this_run())
        self._take_from(held, found.holder)
        with self._kept(held):
            if found.life is Life.ALIVE:
                emit(Event(EventKind.WAITING, f"waiting {GRACE:g} s until what {found.holder} has under way is over"))
                Deadline().sleep(GRACE)
            yield held

    def _take_from(self, held: HeldLease, identity: str) -> None:
        leases = Leases(self.client, self.namespace)
        for _ in range(_TRIES):
            lease = leases.read(held.owner)
            if lease is not None and holder_of(lease).identity not in (identity, ""):
                raise _locked(held.owner, lease)
            if held.take(lease, evicts=identity):
                return
        raise _locked(held.owner, leases.read(held.owner))

    @contextmanager
    def _kept(self, held: HeldLease) -> Iterator[None]:
        """Renew in the background while inside; nothing is written once the lock is lost; give it back at the end."""
        stop = Deadline()
        in_background(lambda: held.keep(stop), name="lease")
        try:
            with self.client.guarded(held.check):
                yield
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
