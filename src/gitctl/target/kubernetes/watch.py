"""Watch: current objects first, then every change: list-then-watch per kind, from the list again when the server forgot (410)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, Queue

from gitctl.errors import ClusterError, GitctlError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import OWNER_LABEL
from gitctl.parallel import Deadline, in_background
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request, Stream
from gitctl.target.kubernetes.observe import Wanted, get_one, ref_of
from gitctl.target.kubernetes.resource import Resource

Seen = tuple[ObjectRef, Json | None]

_WIDE_FROM = 4
_LONGEST = 60.0
"""Seconds after which a watch is asked anew: a connection that died silently is noticed then."""

_AGAIN = 1.0
_POLL = 2.0


def watch(client: Client, wanted: Sequence[Wanted], *, seconds: float) -> Iterator[Seen]:
    """Yield objects until `seconds` have passed. Raises ClusterError family errors. Close the iterator to stop earlier."""
    found: Queue[Seen | GitctlError] = Queue()
    stop = Deadline(seconds)
    feeds = [_Feed(client, group.resource, group.namespace, group.refs, found, stop) for group in groups(wanted)]
    for feed in feeds:
        in_background(feed.run, name="watch")
    try:
        yield from _until(found, stop)
    finally:
        stop.cancel()
        for feed in feeds:
            feed.close()


def _until(found: Queue[Seen | GitctlError], stop: Deadline) -> Iterator[Seen]:
    while stop.left() > 0:
        try:
            item = found.get(timeout=min(_AGAIN, stop.left()))
        except Empty:
            continue
        if isinstance(item, GitctlError):
            raise item
        yield item


@dataclass(frozen=True, slots=True)
class Group:
    """Objects that one watch covers; `namespace` is "" for the whole cluster."""

    resource: Resource
    namespace: str
    refs: frozenset[ObjectRef]


def groups(wanted: Sequence[Wanted]) -> list[Group]:
    """One watch a kind and namespace; one for the whole cluster where a kind is spread over many namespaces."""
    by_kind: dict[Resource, dict[str, set[ObjectRef]]] = {}
    for one in wanted:
        by_kind.setdefault(one.resource, {}).setdefault(one.ref.namespace, set()).add(one.ref)
    found = []
    for resource, places in by_kind.items():
        if len(places) < _WIDE_FROM:
            found += [Group(resource, namespace, frozenset(refs)) for namespace, refs in places.items()]
        else:
            found.append(Group(resource, "", frozenset(ref for refs in places.values() for ref in refs)))
    return found


@dataclass(slots=True)
class _Feed:
    """One watch, in a thread of its own."""

    client: Client
    resource: Resource
    namespace: str
    refs: frozenset[ObjectRef]
    found: Queue[Seen | GitctlError]
    stop: Deadline
    stream: Stream | None = field(default=None)

    def run(self) -> None:
        """List and watch until stopped; a failure goes to the reader."""
        try:
            if "watch" not in self.resource.verbs and self.resource.verbs:
                self._poll()
            while self._alive():
                version = self._list()
                while version and self._alive():
                    version = self._watch(version)
        except GitctlError as error:
            self.found.put(error)

    def close(self) -> None:
        """Wake the thread up, so that it sees the end."""
        stream = self.stream
        if stream is not None:
            stream.stop()

    def _alive(self) -> bool:
        return not self.stop.requested() and self.stop.left() > 0

    def _query(self) -> tuple[tuple[str, str], ...]:
        """One object by its name; several by our label, which keeps everybody else's out of the answer."""
        if len(self.refs) == 1:
            return (("fieldSelector", f"metadata.name={next(iter(self.refs)).name}"),)
        return (("labelSelector", OWNER_LABEL),)

    def _list(self) -> str:
        """Report what is there and return the version that a watch goes on from."""
        path = self.resource.collection(self.namespace)
        answer = self.client.get(path, self._query())
        if answer.status in (403, 405):
            self._poll()
            return ""
        if not answer.ok:
            raise failure.error(answer, f"list {self.resource.plural}", where=self.client.where)
        body = answer.json()
        listed = {ref_of(item, self.resource): self._typed(item) for item in body.get("items") or ()}
        for ref in self.refs:
            # What the list does not bring may exist without our label.
            self.found.put((ref, listed[ref] if ref in listed else get_one(self.client, self.resource, ref)))
        return str(body["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> str:
        """Report changes; return the version to go on from, "" to list again."""
        seconds = max(1, int(min(_LONGEST, self.stop.left())))
        query = (*self._query(), ("watch", "true"), ("allowWatchBookmarks", "true"))
        query += (("resourceVersion", version), ("timeoutSeconds", str(seconds)))
        request = Request("GET", self.resource.collection(self.namespace), query, timeout=seconds + 10.0)
        try:
            with self.client.stream(request) as self.stream:
                return self._follow(self.stream, version) if self.stream.status == 200 else self._restart()
        except ClusterError:
            return self._restart()
        finally:
            self.stream = None

    def _follow(self, stream: Stream, version: str) -> str:
        import orjson

        for line in stream.lines():
            if not self._alive():
                return ""
            event = orjson.loads(line) if line else {}
            item = event.get("object") or {}
            match event.get("type"):
                case "ADDED" | "MODIFIED":
                    self._report(item, self._typed(item))
                case "DELETED":
                    self._report(item, None)
                case "ERROR":
                    return self._restart() if item.get("code") != 410 else ""
            version = str(item.get("metadata", {}).get("resourceVersion") or version)
        self.stop.sleep(0.05)  # a server that ends each watch at once must not be hammered
        return version

    def _restart(self) -> str:
        self.stop.sleep(_AGAIN)
        return ""

    def _report(self, item: Json, live: Json | None) -> None:
        ref = ref_of(item, self.resource)
        if ref in self.refs:
            self.found.put((ref, live))

    def _typed(self, item: Json) -> Json:
        return item if "kind" in item else {"apiVersion": self.resource.api_version, "kind": self.resource.kind, **item}

    def _poll(self) -> None:
        """Ask again and again: where lists or watches are not allowed, or not made."""
        before: dict[ObjectRef, str] = {}
        while self._alive():
            began = time.monotonic()
            for ref in sorted(self.refs):
                live = get_one(self.client, self.resource, ref)
                version = str(live["metadata"].get("resourceVersion")) if live else ""
                if before.get(ref) != version:
                    self.found.put((ref, live))
                    before[ref] = version
            self.stop.sleep(max(0.0, _POLL - (time.monotonic() - began)))
