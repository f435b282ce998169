"""Pods with old values: which start counts, which change counts."""

from __future__ import annotations

from typing import Any

import pytest

from gitctl.plan.audit_live import Workload, changed_at, not_restarted

EARLY, CHANGED, LATE = "2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z", "2026-06-01T12:00:00Z"


def entry(time: str, **fields: Any) -> dict[str, Any]:
    return {"manager": "m", "operation": "Apply", "time": time, "fieldsV1": fields}


def secret(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "db", "namespace": "shop", "creationTimestamp": EARLY, "managedFields": list(entries)}}


DATA = {"f:data": {".": {}, "f:password": {}}}
SECRETS = {("shop", "db"): secret(entry(EARLY, **DATA), entry(CHANGED, **DATA), entry(LATE, **{"f:metadata": {"f:labels": {}}}))}
REF = {"name": "db", "key": "password"}


def pod(
    started: str, *, name: str = "web-1", phase: str = "Running", pod_started: str = EARLY, key: str = "password", **spec: Any
) -> dict[str, Any]:
    variables = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": key}}}]
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "env": variables}]} | spec,
        "status": {
            "phase": phase,
            "startTime": pod_started,
            "containerStatuses": [{"name": "c", "state": {"running": {"startedAt": started}}}],
        },
    }


def found(*pods: dict[str, Any], name: str = "Deployment/web") -> list[str]:
    return [one.message for one in not_restarted([Workload(name, pods)], SECRETS)]


def test_a_pod_that_started_before_the_change() -> None:
    (one,) = not_restarted([Workload("Deployment/web", (pod(EARLY), pod(LATE, name="web-2")))], SECRETS)
    assert one.secret == "shop/db"
    assert one.message == f"Deployment/web: 1 of 2 pods started before it changed at {CHANGED}: web-1"
    assert one.hint.startswith("`kubectl -n shop rollout restart Deployment/web`")


MOUNT = {"volumes": [{"name": "v", "secret": {"secretName": "db"}}]}
AS_FILE = [{"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]
BY_SUB_PATH = [{"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/v/a", "subPath": "a"}]}]


@pytest.mark.parametrize(
    ("one", "old"),
    [
        (pod(CHANGED), False),
        (pod(EARLY, phase="Succeeded"), False),
        (pod(EARLY, key="another"), False),
        (pod(EARLY, containers=AS_FILE, **MOUNT), False),
        (pod(EARLY, containers=BY_SUB_PATH, **MOUNT), True),
        (pod(LATE, containers=[{"name": "c"}], volumes=[{"name": "v", "csi": {"nodePublishSecretRef": {"name": "db"}}}]), True),
        (pod(EARLY, containers=[{"name": "waiting", "envFrom": [{"secretRef": {"name": "db"}}]}]), False),
    ],
    ids=["same second", "done", "another key", "a plain volume", "subPath", "volume driver: the pod counts", "not started yet"],
)
def test_what_counts(one: dict[str, Any], old: bool) -> None:
    assert bool(found(one)) is old


def test_many_pods_are_not_all_named_and_other_kinds_have_another_hint() -> None:
    (message,) = found(*(pod(EARLY, name=f"web-{n}") for n in range(5)))
    assert message.endswith("web-0, web-1, web-2 and 2 more")
    (one,) = not_restarted([Workload("Rollout/web", (pod(EARLY),))], SECRETS)
    assert "kubectl" not in one.hint


def test_when_a_secret_changed() -> None:
    assert changed_at(secret()).isoformat() == "2026-06-01T10:00:00+00:00"  # type: ignore[union-attr]
    assert changed_at(secret(entry("nonsense", **DATA), {"time": 3}), ["password"]).isoformat() == "2026-06-01T10:00:00+00:00"  # type: ignore[union-attr]
    assert changed_at({}) is None
