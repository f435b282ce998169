"""Which pods fail, and how events read."""

from __future__ import annotations

from gitctl.model.manifest import Json
from gitctl.target.kubernetes.explain import EVENT_LINES, event_lines, failing_containers, failing_pods


def pod(name: str, *containers: Json, phase: str = "Running", created: str = "2026-01-01T00:00:00Z") -> Json:
    """A pod with container statuses."""
    return {"metadata": {"name": name, "creationTimestamp": created}, "status": {"phase": phase, "containerStatuses": list(containers)}}


GOOD = {"name": "good", "ready": True, "restartCount": 2, "state": {"running": {}}}
CRASHED = {"name": "crashed", "ready": False, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
ENDED = {"name": "ended", "ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": 1}}}
DONE = {"name": "done", "ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}}


def test_failing_containers() -> None:
    assert list(failing_containers(pod("p", GOOD, CRASHED, ENDED, DONE))) == ["crashed", "ended"]


def test_failing_pods_newest_first_and_few() -> None:
    pods = [pod(str(n), CRASHED, created=f"2026-01-0{n}T00:00:00Z") for n in range(1, 6)]
    assert [p["metadata"]["name"] for p in failing_pods([*pods, pod("fine", GOOD)])] == ["5", "4", "3"]
    assert [p["metadata"]["name"] for p in failing_pods([pod("waits", phase="Pending"), pod("over", DONE, phase="Succeeded")])] == ["waits"]


def event(uid: str, message: str, *, kind: str = "Warning", time: str = "2026-01-01T00:00:00Z", count: int = 1) -> Json:
    """An event."""
    subject = {"uid": uid, "kind": "Pod", "name": "web-1"}
    return {
        "metadata": {},
        "involvedObject": subject,
        "type": kind,
        "reason": "R",
        "message": message,
        "lastTimestamp": time,
        "count": count,
    }


def test_events_are_those_of_the_object_newest_last() -> None:
    events = [event("a", "second", time="2026-01-02T00:00:00Z", count=4), event("a", "first"), event("b", "other")]
    assert event_lines(events, frozenset({"a"})) == ("Warning R: first (Pod/web-1)", "Warning R: second (x4, Pod/web-1)")


def test_normal_events_are_left_out_when_there_are_warnings() -> None:
    assert event_lines([event("a", "pulled", kind="Normal")], frozenset({"a"})) == ("Normal R: pulled (Pod/web-1)",)
    assert event_lines([event("a", "pulled", kind="Normal"), event("a", "bad")], frozenset({"a"})) == ("Warning R: bad (Pod/web-1)",)


def test_events_are_few() -> None:
    assert len(event_lines([event("a", str(n)) for n in range(50)], frozenset({"a"}))) == EVENT_LINES
