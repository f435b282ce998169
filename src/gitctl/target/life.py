"""Life: whether the holder of a lock still lives, told from its process on this machine, or by watching the lock for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitctl.model.lock import Holding, Life
from gitctl.parallel import Deadline
from gitctl.protocols import Cancel
from gitctl.target.holder import Holder
from gitctl.target.silence import Silence

TTL = 60.0
"""Seconds of silence, by the clock of who waits, after which a lock may be taken over."""

_POLL = 1.0


@dataclass(frozen=True, slots=True)
class Sight:
    """A lock as it was read. `version` changes with every renewal; times are the holder's own words."""

    holder: Holder
    version: str
    since: str = ""
    renewed: str = ""


def watched(
    read: Callable[[], Sight | None], silence: Silence, me: Holder, *, seconds: float, cancel: Cancel | None = None
) -> Holding | None:
    """Who holds the lock that `read` reads, None when nobody does.

    Looks for at most `seconds`, and no longer than it takes to know: a holder that lives renews every 15 s.
    """
    end = Deadline(seconds)
    first = ""
    while (sight := read()) is not None:
        first = first or sight.version
        silent = silence.seconds(sight.version)
        life = _life(sight, me, moved=sight.version != first, silent=silent)
        if life is not None or end.left() <= 0 or (cancel is not None and cancel.requested()):
            return _holding(sight, me, life or Life.QUIET, silent)
        end.sleep(_POLL)
    return None


def _life(sight: Sight, me: Holder, *, moved: bool, silent: float) -> Life | None:
    """What is certain, None while nothing is."""
    if sight.holder.is_dead(me):
        return Life.GONE
    if moved or sight.holder.lives(me):
        return Life.ALIVE
    return Life.SILENT if silent >= TTL else None


def _holding(sight: Sight, me: Holder, life: Life, silent: float) -> Holding:
    holder = sight.holder
    return Holding(holder.identity, life, holder.host, holder.pid, holder.is_neighbour(me), sight.since, sight.renewed, silent)
