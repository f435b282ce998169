"""Feed: one watch, in a thread of its own: a LIST, then a WATCH from its version on, for as long as it is wanted.

What is cut off goes on from the version of the last event or bookmark; from the LIST again only when the server has forgotten that
version (410), or counts otherwise than before (it was put back from a copy).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gitctl.errors import GitctlError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import Deadline
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request, Stream
from gitctl.target.kubernetes.follow.board import Board
from gitctl.target.kubernetes.follow.glance import NOTHING, Glance
from gitctl.target.kubernetes.follow.place import Place
from gitctl.target.kubernetes.labelled import ref_of
from gitctl.target.kubernetes.lists import Unlistable, pages, typed

IDLE_SECONDS = 90.0
"""A server sends a bookmark each minute. A connection that says nothing for longer is taken for dead."""

_LONGEST = (240, 300)
"""Seconds that one WATCH is asked for: another number for each, so that they do not all end at once."""

_FIRST, _CAP = 0.2, 30.0
_SHORTEST = 1.0
_DENIED = (403, 405)


class Denied(Exception):
    """The place may not be listed or watched."""


@dataclass(slots=True)
class Feed:
    """`told(feed, why)` hears that it is cut off (why), or goes on (""); `refused(place)` that it ended because it is not allowed."""

    client: Client
    place: Place
    labels: str
    board: Board
    told: Callable[[Feed, str], None]
    refused: Callable[[Place], None]
    stop: Deadline = field(default_factory=Deadline)
    _stream: Stream | None = None
    _failures: int = 0

    def run(self) -> None:
        """Until closed, or refused."""
        version = ""
        try:
            while not self.stop.requested():
                version = self._guarded(self._list if not version else self._watch, version)
        except Denied:
            self.refused(self.place)

    def close(self) -> None:
        """End it; its thread may take a moment."""
        self.stop.cancel()
        stream = self._stream
        if stream is not None:
            stream.stop()

    def _guarded(self, step: Callable[[str], str], version: str) -> str:
        """One step; after one that failed a pause. The version to go on from, "" for the LIST."""
        try:
            return step(version)
        except _Cut as cut:
            self._pause(str(cut), cut.seconds)
            return cut.version
        except GitctlError as error:
            self._pause(error.message)
        except (LookupError, TypeError, AttributeError, ValueError):
            self._pause("the answer is not from a Kubernetes API server")
        return version

    def _pause(self, why: str, least: float = 0.0) -> None:
        self._failures += 1
        if self.stop.requested():
            return
        if why:
            self.told(self, why)
        waiting = min(_CAP, _FIRST * 2.0 ** min(self._failures - 1, 10)) * random.uniform(0.5, 1.0)
        self.stop.sleep(max(waiting, least))

    def _list(self, _version: str) -> str:
        """What is there now, page by page: only what is followed is kept, and of that a glance."""
        found: dict[ObjectRef, Glance] = {}
        version = ""
        try:
            for body in pages(self.client, self.place.path, self.place.query(self.labels)):
                version = version or str(body.get("metadata", {}).get("resourceVersion", ""))
                found.update(self._glances(body))
        except Unlistable as refused:
            answer = refused.answer
            if answer.status in _DENIED:
                raise Denied from None
            if answer.status != 404:
                raise _Cut("", f"cannot list {self.place}: {failure.explain(answer, sensitive=True)}") from None
            # Not served any more: nothing of it is there, and somebody shall look at once.
            self.board.listed(self.place, {})
            raise _Cut("", f"{self.place.resource.plural} are not served") from None
        if not self.stop.requested():
            self.board.listed(self.place, found)
        return version

    def _glances(self, body: Json) -> dict[ObjectRef, Glance]:
        items = ((ref_of(item, self.place.resource), item) for item in typed(body))
        return {ref: self.board.glance(item) for ref, item in items if self.board.follows(ref)}

    def _watch(self, version: str) -> str:
        seconds = random.randint(*_LONGEST)
        query = (*self.place.query(self.labels), ("watch", "true"), ("allowWatchBookmarks", "true"))
        query += (("resourceVersion", version), ("timeoutSeconds", str(seconds)))
        with self.client.stream(Request("GET", self.place.path, query, timeout=IDLE_SECONDS)) as stream:
            self._stream = stream
            try:
                if stream.status in _DENIED:
                    raise Denied
                if stream.status == 410:
                    raise _Cut("", "the server forgot the version")
                if stream.status != 200:
                    raise _Cut(version, f"the server answered {stream.status}", stream.retry_after)
                if self._failures:
                    self.told(self, "")
                return self._follow(stream, version, seconds + 2 * IDLE_SECONDS)
            finally:
                self._stream = None

    def _follow(self, stream: Stream, version: str, longest: float) -> str:
        """Read events until the answer ends; the version to go on from. A line that was cut off is asked for again."""
        import orjson

        began = time.monotonic()
        for line in stream.lines(longest):
            if self.stop.requested():
                return version
            try:
                event = orjson.loads(line)
                version = self._take(event.get("type"), event["object"], version)
            except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError):
                raise _Cut(version, "the answer is no watch") from None
            self._failures = 0
        if time.monotonic() - began < _SHORTEST:
            # A server that ends each watch at once must not be hammered.
            raise _Cut(version, "")
        self._failures = 0
        return version

    def _take(self, kind: str, item: Json, version: str) -> str:
        if kind == "ERROR":
            gone = item.get("code") == 410
            raise _Cut("" if gone else version, str(item.get("reason") or "an error") if not gone else "the server forgot the version")
        newer = str(item["metadata"]["resourceVersion"])
        if kind == "BOOKMARK":
            if newer.isdecimal() and version.isdecimal() and int(newer) < int(version):
                raise _Cut("", "the server counts otherwise than before")
            return newer
        ref = ref_of(item, self.place.resource)
        if self.board.follows(ref):
            self.board.saw(ref, NOTHING if kind == "DELETED" else self.board.glance(item))
        return newer


class _Cut(Exception):
    """The watch is to be asked for again from `version` ("": from the LIST on), after `seconds` at the earliest."""

    def __init__(self, version: str, why: str, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.version = version
        self.seconds = seconds
