"""Held: a lock in this run's hands: renewed in the background, checked before every write, given back at the end."""

from __future__ import annotations

from gitctl.errors import ErrorId, GitctlError, Locked
from gitctl.model.manifest import Json
from gitctl.parallel import Deadline, mutex
from gitctl.target.holder import Holder, boottime
from gitctl.target.kubernetes.lease import Leases, evicted_by, held_by, holder_of
from gitctl.target.life import TTL

RENEW = 15.0
SAFE = 50.0
"""Seconds since the last renewal after which nothing more is written: less than the TTL, so that a request under way has ended by then."""

FRESH = 1.0
"""Seconds for which a look at the lease is believed. Who was evicted writes for at most so long: see `GRACE` in lock.py."""

_AGAIN = 1.0
NOBODY = Holder(identity="", host="", boot="", pids="", pid=0, started="")
"""Whose name stands in a lease that is free: for accounts that may write leases and not delete them."""


class HeldLease:
    """A lease that this run holds, or is about to."""

    def __init__(self, leases: Leases, owner: str, me: Holder) -> None:
        """Asks nothing of the server yet."""
        self.owner = owner
        self.me = me
        self._leases = leases
        self._renewed = float("-inf")
        self._seen = float("-inf")
        self._looking = mutex()
        self._lost = ""

    def check(self) -> None:
        """Raise Locked when the lock is lost, or may be; ClusterError when the lease cannot be read.

        A process that was stopped and goes on, and one that was evicted, are told here: what was last seen of the lease is believed
        for `FRESH` seconds. Threads that ask at the same time share one look.
        """
        asked = boottime()
        with self._looking:
            if not self._lost and boottime() - self._renewed > SAFE:
                self._lost = f"it could not be renewed for {SAFE:g} s"
            if not self._lost and asked - self._seen > FRESH:
                self._look()
        if self._lost:
            raise Locked(
                f"the lock of {self.owner} is lost: {self._lost}",
                id=ErrorId.LOCK_LOST,
                hint="nothing more is written; run the command again",
            )

    def _look(self) -> None:
        at = boottime()
        lease = self._leases.read(self.owner)
        if self._is_ours(lease):
            self._seen = at
        else:
            self._lost = self._taken(lease)

    def take(self, lease: Json | None, *, evicts: str = "") -> bool:
        """Write our name into a lease that is free, ours, or of `evicts`; False when another run was faster.

        Raises Forbidden, ClusterError."""
        before = boottime()
        answer = self._leases.write(self.owner, self.me, lease, evicts=evicts)
        if not answer.ok and answer.status not in (404, 409):
            raise self._leases.error(answer, self.owner)
        # A refusal may be about our own write: when its answer was lost, it was sent again.
        ours = answer.ok or self._is_ours(self._leases.read(self.owner))
        if ours:
            self._renewed = self._seen = before
        return ours

    def keep(self, stop: Deadline) -> None:
        """Renew until told to stop, or until the lock is lost. Runs in the background."""
        waiting = RENEW
        while not self._lost:
            stop.sleep(waiting)
            if stop.requested():
                return
            try:
                waiting = RENEW if self._renew() else _AGAIN
            except GitctlError:
                waiting = _AGAIN

    def _renew(self) -> bool:
        lease = self._leases.read(self.owner)
        if not self._is_ours(lease):
            self._lost = self._taken(lease)
            return False
        if boottime() - self._renewed > TTL:
            self._lost = f"it could not be renewed for {TTL:g} s"
            return False
        return self.take(lease)

    def _taken(self, lease: Json | None) -> str:
        if lease is None:
            return "it was deleted (gitctl unlock ends so)"
        by = evicted_by(lease, self.me.identity)
        return f"evicted by {by} (gitctl unlock)" if by else f"it is {held_by(lease)} now"

    def release(self) -> None:
        """Give the lock back. Where that fails, it ends by its own silence."""
        try:
            lease = self._leases.read(self.owner)
            if lease is None or not self._is_ours(lease):
                return
            if self._leases.remove(self.owner, lease).status == 403:
                self._leases.write(self.owner, NOBODY, lease)
        except GitctlError:
            return

    def _is_ours(self, lease: Json | None) -> bool:
        return lease is not None and holder_of(lease).identity == self.me.identity
