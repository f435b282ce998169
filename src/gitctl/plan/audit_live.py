"""Pods that run with an old value of a Secret: started before it last changed. Pure, from live objects as they were read.

When a Secret changed is the newest time in its `managedFields` of who owns a used key. The API server moves that time when the manager
changes any of its fields, so a new label looks like a new value: in doubt a pod counts as old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitctl.model.audit import AuditFinding, AuditRule
from gitctl.model.manifest import Json
from gitctl.model.quantity import counted
from gitctl.model.secretuse import SecretUse, pod_uses
from gitctl.plan.audit import Key, shown

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Workload:
    """An object of an app (`Deployment/web`) with its live pods."""

    name: str
    pods: tuple[Json, ...]


def not_restarted(workloads: Iterable[Workload], secrets: Mapping[Key, Json]) -> tuple[AuditFinding, ...]:
    """A finding for each workload and Secret. `secrets` are live ones with their `managedFields`; their values are not needed."""
    return tuple(found for one in workloads for found in _of_workload(one, secrets))


def _of_workload(workload: Workload, secrets: Mapping[Key, Json]) -> Iterator[AuditFinding]:
    old: dict[Key, dict[str, datetime]] = {}
    running = [pod for pod in workload.pods if _at(pod, "status").get("phase") == "Running"]
    for pod in running:
        for key, changed in _outlived(pod, secrets):
            pods = old.setdefault(key, {})
            name = str(_at(pod, "metadata").get("name", ""))
            pods[name] = max(changed, pods.get(name, changed))
    for key, pods in sorted(old.items()):
        when = max(pods.values()).strftime("%Y-%m-%dT%H:%M:%SZ")
        how_many = f"{len(pods)} of {counted(len(running), 'pod')}"
        message = f"{workload.name}: {how_many} started before it changed at {when}: {_listed(sorted(pods))}"
        yield AuditFinding(AuditRule.NOT_RESTARTED, shown(key), message, _hint(workload.name, key[0]))


def _hint(name: str, namespace: str) -> str:
    if name.partition("/")[0] in ("Deployment", "StatefulSet", "DaemonSet"):
        return f"`kubectl -n {namespace} rollout restart {name}`; `restart_on_secret_change: true` does it from now on"
    return "let its controller make these pods anew"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _outlived(pod: Json, secrets: Mapping[Key, Json]) -> Iterator[tuple[Key, datetime]]:
    """The Secrets that changed since the containers started that read them once, with the time of the change."""
    namespace = str(_at(pod, "metadata").get("namespace", ""))
    for use in pod_uses(_at(pod, "spec"), namespace):
        key = (namespace, use.name)
        if not use.needs_restart or key not in secrets:
            continue
        changed, started = changed_at(secrets[key], use.keys), _started(pod, use)
        if changed and started and started < changed:
            yield key, changed


def changed_at(secret: Json, keys: Sequence[str] = ()) -> datetime | None:
    """When the data of a Secret (or of these keys) last changed, at the latest; its creation where nobody owns any."""
    entries = _at(secret, "metadata").get("managedFields")
    times = [_time(entry.get("time")) for entry in _maps(entries) if _owns(entry, keys)]
    found = [time for time in times if time]
    return max(found) if found else _time(_at(secret, "metadata").get("creationTimestamp"))


def _owns(entry: Json, keys: Sequence[str]) -> bool:
    fields = _at(entry, "fieldsV1")
    owned = {**_at(fields, "f:data"), **_at(fields, "f:stringData")}
    return any(f"f:{key}" in owned for key in keys) if keys else bool(owned)


def _started(pod: Json, use: SecretUse) -> datetime | None:
    """When the container that reads it started; the pod, for what is read before any container starts."""
    status = _at(pod, "status")
    if not use.container:
        return _time(status.get("startTime"))
    for group in ("containerStatuses", "initContainerStatuses"):
        for one in _maps(status.get(group)):
            if one.get("name") == use.container:
                return _time(_at(_at(one, "state"), "running").get("startedAt"))
    return None


def _maps(value: Any) -> Iterator[Json]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _at(body: Any, key: str) -> Json:
    found = body.get(key) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}
