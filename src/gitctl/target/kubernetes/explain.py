"""Explain: why an object does not get healthy: its events, those of its pods, and the last lines of failing containers. Best effort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitctl.errors import ClusterError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request
from gitctl.target.kubernetes.lists import Unlistable, list_all
from gitctl.target.kubernetes.resource import EVENTS, PODS, REPLICA_SETS

EVENT_LINES = 10
LOG_LINES = 10
_PODS = 3
_LOG_SECONDS = 10.0

Texts = tuple[str, ...]


def explain(client: Client, ref: ObjectRef, live: Json | None) -> tuple[Texts, Texts]:
    """Events (newest last) and log lines; empty where there are none, or where looking is not allowed."""
    if live is None:
        return (), ()
    pods = failing_pods(_pods(client, ref, live))
    subjects = [live, *pods, *(_replica_sets(client, live) if ref.kind == "Deployment" else ())]
    uids = frozenset(str(s["metadata"].get("uid", "")) for s in subjects)
    events = event_lines(_listed(client, EVENTS.collection(ref.namespace or "default"), ()), uids)
    logs = map_bounded(lambda one: _log(client, *one), [(p, c) for p in pods for c in failing_containers(p)])
    return events, tuple(line for lines in logs for line in lines)


def _pods(client: Client, ref: ObjectRef, live: Json) -> list[Json]:
    if ref.kind == "Pod" and not ref.group:
        return [live]
    labels = ((live.get("spec") or {}).get("selector") or {}) if ref.kind != "Service" else {}
    selector = ",".join(f"{k}={v}" for k, v in sorted((labels.get("matchLabels") or {}).items())) if isinstance(labels, dict) else ""
    if not (ref.namespace and selector):
        return []
    return _listed(client, PODS.collection(ref.namespace), (("labelSelector", selector),))


def _listed(client: Client, path: str, query: Iterable[tuple[str, str]]) -> list[Json]:
    try:
        return list_all(client, path, query)
    except (Unlistable, ClusterError):
        return []


def failing_pods(pods: Iterable[Json]) -> list[Json]:
    """Pods that have a failing container or do not run, the newest first, at most three."""
    bad = [p for p in pods if not _runs(p) or next(failing_containers(p), None)]
    return sorted(bad, key=lambda p: str(p["metadata"].get("creationTimestamp", "")), reverse=True)[:_PODS]


def _runs(pod: Json) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Running", "Succeeded")


def failing_containers(pod: Json) -> Iterator[str]:
    """Containers that ended with an error, or wait after one."""
    status = pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state, last = container.get("state") or {}, container.get("lastState") or {}
        ended = state.get("terminated") or last.get("terminated") or {}
        if ended.get("exitCode") or (not container.get("ready") and container.get("restartCount")):
            yield str(container["name"])


def _replica_sets(client: Client, deployment: Json) -> list[Json]:
    """A Deployment's own ReplicaSets: a quota that stops all pods is reported there."""
    metadata = deployment["metadata"]
    found = _listed(client, REPLICA_SETS.collection(metadata["namespace"]), ())
    return [r for r in found if any(o.get("uid") == metadata.get("uid") for o in r["metadata"].get("ownerReferences") or ())]


def event_lines(events: Iterable[Json], subjects: frozenset[str]) -> Texts:
    """`Warning BackOff: back-off restarting … (x4, Pod/web-1)` for events about some uids, newest last, normal ones only if no other."""
    about = [e for e in events if (e.get("involvedObject") or {}).get("uid") in subjects]
    chosen = [e for e in about if e.get("type") != "Normal"] or about
    chosen.sort(key=_when)
    return tuple(dict.fromkeys(_event_line(e) for e in chosen))[-EVENT_LINES:]


def _when(event: Json) -> str:
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"), event["metadata"].get("creationTimestamp"))
    return str(next((t for t in times if t), ""))


def _event_line(event: Json) -> str:
    subject = event.get("involvedObject") or {}
    count = (event.get("series") or {}).get("count") or event.get("count") or 1
    times = f"x{count}, " if count > 1 else ""
    text = " ".join(str(event.get("message") or "").split())
    return f"{event.get('type', '')} {event.get('reason', '')}: {text} ({times}{subject.get('kind')}/{subject.get('name')})"


def _log(client: Client, pod: Json, container: str) -> list[str]:
    """The last lines of a container; of its previous run when it is between two."""
    metadata = pod["metadata"]
    path = f"{PODS.collection(metadata['namespace'])}/{metadata['name']}/log"
    query = [("container", container), ("tailLines", str(LOG_LINES))]
    for previous in ((), (("previous", "true"),)):
        try:
            answer = client.send(Request("GET", path, (*query, *previous), accept="*/*", repeatable=False, timeout=_LOG_SECONDS))
        except ClusterError:
            return []
        if answer.ok and answer.body.strip():
            return [f"{metadata['name']}/{container}: {line}" for line in answer.body.decode("utf-8", "replace").splitlines()]
    return []
