"""Watch: current objects first, then every change: list-then-watch per kind, from the list again when the server forgot (410)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, Queue

from gitctl.errors import ClusterError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import OWNER_LABEL, owner_label
from gitctl.parallel import Deadline, in_background
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request, Stream
from gitctl.target.kubernetes.labelled import Wanted, ref_of
from gitctl.target.kubernetes.observe import get_one, look_up
from gitctl.target.kubernetes.resource import Resource

Seen = tuple[ObjectRef, Json | None]

_WIDE_FROM = 4
_LONGEST = 60.0
"""Seconds after which a watch is asked anew: a connection that died silently is noticed then."""

_AGAIN = 1.0
_POLL = 2.0
_BUSY = 429


def watch(client: Client, wanted: Sequence[Wanted], *, owners: Collection[str], seconds: float) -> Iterator[Seen]:
    """Yield objects until `seconds` have passed. Raises ClusterError family errors. Close the iterator to stop earlier.

    `owners` are the objects' owner ids, "" among them when some are not known.
    """
    found: Queue[Seen | Exception] = Queue()
    stop = Deadline(seconds)
    selector = label_selector(owners)
    feeds = [_Feed(client, group, selector, found, stop) for group in groups(wanted)]
    for feed in feeds:
        in_background(feed.run, name="watch")
    try:
        yield from _until(found, stop)
    finally:
        stop.cancel()
        for feed in feeds:
            feed.close()


def label_selector(owners: Collection[str]) -> str:
    """What the objects have in common: it keeps everybody else's out of the answers."""
    return f"{OWNER_LABEL} in ({','.join(sorted(map(owner_label, owners)))})" if owners and all(owners) else OWNER_LABEL


def _until(found: Queue[Seen | Exception], stop: Deadline) -> Iterator[Seen]:
    while stop.left() > 0:
        try:
            item = found.get(timeout=min(_AGAIN, stop.left()))
        except Empty:
            continue
        if isinstance(item, Exception):
            raise item
        yield item


@dataclass(frozen=True, slots=True)
class Group:
    """Objects that one watch covers; `namespace` is "" for the whole cluster."""

    resource: Resource
    namespace: str
    refs: frozenset[ObjectRef]

    @property
    def path(self) -> str:
        """Where the objects are listed."""
        return self.resource.collection(self.namespace)


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
    group: Group
    selector: str
    found: Queue[Seen | Exception]
    stop: Deadline
    stream: Stream | None = field(default=None)

    def run(self) -> None:
        """List and watch until stopped; what goes wrong goes to the reader."""
        try:
            if self.group.resource.verbs and "watch" not in self.group.resource.verbs:
                self._poll()
            while self._alive():
                version = self._list()
                while version and self._alive():
                    version = self._watch(version)
        except Exception as error:
            self.found.put(error)

    def close(self) -> None:
        """Wake the thread up, so that it sees the end."""
        stream = self.stream
        if stream is not None:
            stream.stop()

    def _alive(self) -> bool:
        return not self.stop.requested() and self.stop.left() > 0

    def _query(self) -> tuple[tuple[str, str], ...]:
        """One object by its name, several by our label."""
        if len(self.group.refs) == 1:
            return (("fieldSelector", f"metadata.name={next(iter(self.group.refs)).name}"),)
        return (("labelSelector", self.selector),)

    def _list(self) -> str:
        """Report what is there and return the version that a watch goes on from."""
        resource, refs = self.group.resource, self.group.refs
        answer = self.client.get(self.group.path, self._query())
        if answer.status in (403, 405):
            self._poll()
            return ""
        if not answer.ok:
            raise failure.error(answer, f"list {resource.plural}", where=self.client.where)
        body = answer.json()
        listed: dict[ObjectRef, Json | None] = {ref_of(item, resource): self._typed(item) for item in body.get("items") or ()}
        # What the list does not bring may exist without our label.
        listed |= look_up(self.client, [Wanted(ref, resource) for ref in refs if ref not in listed]).objects
        for ref in refs & listed.keys():
            self.found.put((ref, listed[ref]))
        return str(body["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> str:
        """Report changes; return the version to go on from, "" to list again."""
        seconds = max(1, int(min(_LONGEST, self.stop.left())))
        query = (*self._query(), ("watch", "true"), ("allowWatchBookmarks", "true"))
        query += (("resourceVersion", version), ("timeoutSeconds", str(seconds)))
        request = Request("GET", self.group.path, query, timeout=seconds + 10.0)
        try:
            with self.client.stream(request) as self.stream:
                return self._follow(self.stream, version) if self.stream.status == 200 else self._refused(self.stream, version)
        except ClusterError:
            return self._restart()
        finally:
            self.stream = None

    def _follow(self, stream: Stream, version: str) -> str:
        import orjson

        for line in stream.lines():
            if not self._alive():
                return ""
            try:
                event = orjson.loads(line)
            except orjson.JSONDecodeError:
                return self._restart()
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

    def _refused(self, stream: Stream, version: str) -> str:
        """A busy server has forgotten nothing: it need not list again."""
        if stream.status != _BUSY:
            return self._restart()
        self.stop.sleep(max(_AGAIN, stream.retry_after))
        return version

    def _restart(self) -> str:
        self.stop.sleep(_AGAIN)
        return ""

    def _report(self, item: Json, live: Json | None) -> None:
        ref = ref_of(item, self.group.resource)
        if ref in self.group.refs:
            self.found.put((ref, live))

    def _typed(self, item: Json) -> Json:
        resource = self.group.resource
        return item if "kind" in item else {"apiVersion": resource.api_version, "kind": resource.kind, **item}

    def _poll(self) -> None:
        """Ask again and again: where lists or watches are not allowed, or not made."""
        before: dict[ObjectRef, str] = {}
        while self._alive():
            began = time.monotonic()
            for ref in sorted(self.group.refs):
                live = get_one(self.client, self.group.resource, ref)
                version = str(live["metadata"].get("resourceVersion")) if live else ""
                if before.get(ref) != version:
                    self.found.put((ref, live))
                    before[ref] = version
            self.stop.sleep(max(0.0, _POLL - (time.monotonic() - began)))
