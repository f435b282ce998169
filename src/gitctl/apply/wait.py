"""Wait: until objects are healthy, or gone. Watches, never polls; ends early when there is nothing left to wait for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gitctl.apply.board import NOT_SEEN, Board, blockers
from gitctl.errors import ClusterError, Unreachable
from gitctl.health.assess import assess
from gitctl.model.app import HealthRule
from gitctl.model.health import Health
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import Event, EventKind, ObjectHealth
from gitctl.parallel import Deadline, map_bounded, ticking
from gitctl.protocols import Emit, Target

Wanted = tuple[ObjectRef, str]
News = tuple[ObjectRef, Json | None]

TICK = 0.25
_FIRST_WATCH = 5.0
_LONGEST_WATCH = 60.0
_AGAIN = 1.0


def wait_healthy(
    refs: Sequence[Wanted],
    target: Target,
    *,
    rules: tuple[HealthRule, ...] = (),
    deadline: Deadline,
    emit: Emit,
    cancel: Deadline,
    app: str = "",
) -> tuple[ObjectHealth, ...]:
    """The health of (ref, api version) pairs, in their order, once all are settled or have failed for good, or at the end of time.

    Whatever is not settled then comes with its events and its pods' last log lines. A target that cannot be reached is tried
    again until the deadline and then reported as unknown. Raises other ClusterErrors.
    """
    board = Board(tuple(ref for ref, _ in refs), rules, emit, app)
    lost = ""
    for news in _news(refs, target, deadline, cancel) if refs else ():
        if isinstance(news, Unreachable):
            lost = str(news)
        elif news:
            lost = ""
            board.put(*news)
        if not board.is_waiting:
            break
        board.tell()
    if lost:
        board.lost(lost)
    return _explained(board, target)


def wait_gone(
    refs: Sequence[Wanted],
    target: Target,
    *,
    uids: Mapping[ObjectRef, str] | None = None,
    deadline: Deadline,
    emit: Emit,
    cancel: Deadline,
    app: str = "",
) -> tuple[ObjectHealth, ...]:
    """The objects that are still there at the end of time, with what holds them; () once all are gone.

    An object with another uid than the one in `uids` is a namesake: the one that was waited for is gone.
    """
    left: dict[ObjectRef, Health] = {ref: NOT_SEEN for ref, _ in refs}
    told = ""
    for news in _news(refs, target, deadline, cancel) if refs else ():
        if isinstance(news, tuple) and news[0] in left:
            ref, live = news
            if live is None or _is_namesake(live, (uids or {}).get(ref, "")):
                del left[ref]
            else:
                left[ref] = assess(live)
        if not left:
            break
        message = f"waiting until {len(left)} are gone: {blockers(left, left)}"
        if news is None and message != told:
            told = message
            emit(Event(EventKind.WAITING, message, None, app))
    return tuple(ObjectHealth(ref, health) for ref, health in left.items())


def _news(refs: Sequence[Wanted], target: Target, deadline: Deadline, cancel: Deadline) -> Iterator[News | Unreachable | None]:
    """Everything that watches bring, None in silence, an error where the target was away. Ends with the time or on Ctrl-C.

    Watches start short, so that one that is left early does not linger, and each begins with the objects as they are.
    """
    seconds = _FIRST_WATCH
    while True:
        try:
            for news in ticking(target.watch(refs, seconds=max(_AGAIN, min(seconds, deadline.left()))), every=TICK):
                yield news
                if cancel.requested() or (news is None and not deadline.left()):
                    return
        except Unreachable as error:
            yield error
            cancel.sleep(min(_AGAIN, deadline.left()))
        if cancel.requested() or not deadline.left():
            return
        seconds = min(_LONGEST_WATCH, seconds * 2)


def _is_namesake(live: Json, uid: str) -> bool:
    metadata = live.get("metadata")
    return bool(uid) and isinstance(metadata, dict) and metadata.get("uid") != uid


def _explained(board: Board, target: Target) -> tuple[ObjectHealth, ...]:
    bad = board.bad
    details = dict(zip(bad, map_bounded(lambda ref: _explain(target, ref, board.live.get(ref)), bad, limit=4), strict=True))
    return tuple(ObjectHealth(ref, health, *details.get(ref, ((), ()))) for ref, health in board.health.items())


def _explain(target: Target, ref: ObjectRef, live: Json | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return target.explain(ref, live)
    except ClusterError as error:
        return (f"events are not available: {error}",), ()
