"""The only threads: bounded maps that keep order, and cancellation."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Deadline:
    """A point in time and a flag: `requested()` is true once the flag is set; `left()` are the seconds until the end."""

    def __init__(self, seconds: float = float("inf")) -> None:
        self._end = time.monotonic() + seconds
        self._flag = threading.Event()
        self._bells: tuple[Bell, ...] = ()

    def cancel(self) -> None:
        """Nothing new may start from now on."""
        self._flag.set()
        for bell in self._bells:
            bell.ring()

    def wakes(self, bell: Bell) -> None:
        """Ring a bell when cancelled."""
        self._bells = (*self._bells, bell)

    def requested(self) -> bool:
        """True once cancelled. Running out of time does not cancel: see `left`."""
        return self._flag.is_set()

    def left(self) -> float:
        """Seconds that remain, never negative."""
        return max(0.0, self._end - time.monotonic())

    def sleep(self, seconds: float) -> None:
        """Sleep, but wake up when cancelled."""
        self._flag.wait(min(seconds, self.left()))


class Bell:
    """Wakes one thread that waits for any of several things. Rings that nobody waited for are kept, as one.

    A queue and no event: a signal handler may ring while the main thread is about to wait, and an event's lock would hold both up.
    """

    def __init__(self) -> None:
        self._rings: queue.SimpleQueue[None] = queue.SimpleQueue()

    def ring(self) -> None:
        """Wake the waiting thread; callable from anywhere."""
        if self._rings.empty():
            self._rings.put(None)

    def wait(self, seconds: float) -> None:
        """Return at the next ring, at once for one since the last wait, at the latest after `seconds`."""
        try:
            self._rings.get(timeout=max(0.0, seconds))
            while True:
                self._rings.get_nowait()
        except queue.Empty:
            return


def map_bounded(work: Callable[[T], R], items: Iterable[T], *, limit: int = 16) -> list[R]:
    """Call `work` on every item, at most `limit` at a time; results in the order of the items.

    The first exception is raised after the calls in flight have ended; calls not started are dropped.
    """
    todo = list(items)
    if len(todo) <= 1 or limit <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(max_workers=min(limit, len(todo)), thread_name_prefix="gitctl") as pool:
        futures = [pool.submit(work, item) for item in todo]
        try:
            return [f.result() for f in futures]
        except BaseException:
            for f in futures:
                f.cancel()
            raise


def in_background(work: Callable[[], None], *, name: str) -> threading.Thread:
    """Start a daemon thread (lease renewal, watches)."""
    thread = threading.Thread(target=work, name=f"gitctl-{name}", daemon=True)
    thread.start()
    return thread


class Gate:
    """Lets at most `limit` threads be inside at a time. The limit may change; those that are inside stay.

    A thread that is inside enters again without waiting: where all who are inside wanted that, each would wait for the others for ever.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._moved = threading.Condition()
        self._own = threading.local()

    @property
    def limit(self) -> int:
        """How many may be inside."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        """Those who wait see it at once."""
        with self._moved:
            self._limit = limit
            self._moved.notify_all()

    def __enter__(self) -> None:
        if not self._depth:
            with self._moved:
                self._moved.wait_for(lambda: self._inside < self._limit)
                self._inside += 1
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            with self._moved:
                self._inside -= 1
                self._moved.notify()

    @property
    def _depth(self) -> int:
        """How often this thread entered."""
        depth: int = getattr(self._own, "depth", 0)
        return depth

    @_depth.setter
    def _depth(self, depth: int) -> None:
        self._own.depth = depth


def mutex() -> threading.Lock:
    """A lock for a few lines of shared state inside one process."""
    return threading.Lock()


_END = object()


def ticking(items: Iterable[T], *, every: float) -> Iterator[T | None]:
    """The items as a background thread gets them, and None after each silence of `every` seconds.

    Ends with the items; what they raise is raised here. Once the caller stops, the thread stops at its next item.
    """
    ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stopped = threading.Event()

    def read() -> None:
        try:
            for item in items:
                ready.put((item, None))
                if stopped.is_set():
                    break
            ready.put((_END, None))
        except BaseException as error:
            ready.put((_END, error))

    in_background(read, name="ticking")
    try:
        yield from _ticks(ready, every)
    finally:
        stopped.set()


def _ticks(ready: queue.SimpleQueue[Any], every: float) -> Iterator[Any]:
    while True:
        try:
            item, error = ready.get(timeout=every)
        except queue.Empty:
            yield None
            continue
        if item is _END:
            if error is not None:
                raise error
            return
        yield item
