"""Watching the real API server: current objects first, then changes, also after cuts and forgotten versions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
from tests.cluster.target.bench import Bench, configmap
from tests.fixtures.commands import Runner
from tests.servers.fault_proxy import FaultProxy, Reset, Status

from gitctl.errors import Unreachable
from gitctl.model.manifest import Json, ObjectRef

Seen = tuple[ObjectRef, Json | None]


def watched(bench: Bench, *bodies: Json, seconds: float = 20.0) -> Iterator[Seen]:
    """Watch some objects."""
    manifests = bench.locate(*bodies)
    return bench.target.watch([(m.ref, m.api_version) for m in manifests], seconds=seconds)


def until(news: Iterator[Seen], wanted: Callable[[Seen], bool]) -> Seen:
    """The first item that fits; the test fails when the watch ends before."""
    for item in news:
        if wanted(item):
            return item
    raise AssertionError("the watch ended without what was waited for")


def test_current_objects_come_first(bench: Bench) -> None:
    bench.sync(configmap("one"), configmap("two"))
    news = watched(bench, configmap("one"), configmap("two"), configmap("three"))
    first = {ref.name: live is not None for ref, live in (next(news) for _ in range(3))}
    assert first == {"one": True, "two": True, "three": False}


def test_changes_and_deletes_follow(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap())
    news = watched(bench, configmap())
    _, live = next(news)
    assert live is not None
    assert (live["kind"], live["apiVersion"]) == ("ConfigMap", "v1")
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--type=merge", "-p", '{"data":{"a":"2"}}')
    until(news, lambda item: item[1] is not None and item[1]["data"]["a"] == "2")
    kubectl("delete", "cm", "web", "-n", bench.namespace)
    until(news, lambda item: item[1] is None)


def test_objects_in_many_namespaces_share_a_watch(
    open_bench: Callable[..., Bench], new_namespace: Callable[[], str], fault_proxy: FaultProxy, kubectl: Runner
) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = []
    for _ in range(5):
        body = configmap()
        body["metadata"]["namespace"] = new_namespace()
        bodies.append(body)
    bench.sync(*bodies)
    news = watched(bench, *bodies)
    assert all(next(news)[1] for _ in range(5))
    last = bodies[-1]["metadata"]["namespace"]
    kubectl("delete", "cm", "web", "-n", last)
    ref, _ = until(news, lambda item: item[1] is None)
    assert ref.namespace == last
    assert fault_proxy.count(query="watch=true") == 1


def test_many_that_are_gone_cost_few_requests(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = [configmap(f"c{n}") for n in range(30)]
    manifests = bench.locate(*bodies)
    fault_proxy.clear()
    news = bench.target.watch([(m.ref, m.api_version) for m in manifests], seconds=5)
    assert [next(news)[1] for _ in range(30)] == [None] * 30
    assert fault_proxy.count() <= 3


def test_an_object_without_our_label_is_seen_as_well(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap("one"))
    kubectl("create", "cm", "two", "-n", bench.namespace)
    news = watched(bench, configmap("one"), configmap("two"))
    assert all(live is not None for _, live in (next(news), next(news)))


def test_a_watch_ends_with_its_time(bench: Bench) -> None:
    bench.sync(configmap())
    began = time.monotonic()
    assert len(list(watched(bench, configmap(), seconds=1.2))) == 1
    assert 1.0 < time.monotonic() - began < 4


@pytest.mark.parametrize("fault", [Status(410), Status(500), Reset()], ids=["gone", "error", "reset"])
def test_a_watch_that_fails_begins_anew(
    open_bench: Callable[..., Bench], fault_proxy: FaultProxy, kubectl: Runner, fault: Status | Reset
) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bench.sync(configmap())
    fault_proxy.on(fault, query="watch=true", times=2)
    news = watched(bench, configmap())
    next(news)
    kubectl("delete", "cm", "web", "-n", bench.namespace)
    until(news, lambda item: item[1] is None)


def test_a_busy_server_is_not_asked_for_a_list_again(open_bench: Callable[..., Bench], fault_proxy: FaultProxy, kubectl: Runner) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bench.sync(configmap())
    fault_proxy.on(Status(429, retry_after=1), query="watch=true", times=2)
    news = watched(bench, configmap())
    next(news)
    lists = fault_proxy.count(path="/configmaps$", query="^(?!.*watch=true)")
    kubectl("delete", "cm", "web", "-n", bench.namespace)
    until(news, lambda item: item[1] is None)
    assert fault_proxy.count(path="/configmaps$", query="^(?!.*watch=true)") == lists
    assert fault_proxy.count(query="watch=true") == 3


def test_a_version_that_the_server_forgot_leads_back_to_the_list(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from gitctl.target.kubernetes import watch

    bench.sync(configmap())
    true = watch._Feed._watch
    asked: list[str] = []

    def stale(feed: watch._Feed, version: str) -> str:
        asked.append(version)
        return true(feed, "1" if len(asked) == 1 else version)

    monkeypatch.setattr(watch._Feed, "_watch", stale)
    news = watched(bench, configmap(), seconds=5)
    assert next(news)[1] is not None
    assert next(news)[1] is not None  # from the second list
    assert len(asked) >= 1


def test_a_server_that_is_gone_is_an_error(
    open_bench: Callable[..., Bench], fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitctl.target.kubernetes import client

    monkeypatch.setattr(client, "_BUDGET", 1.0)
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bench.sync(configmap())
    fault_proxy.on(Status(500), query="watch=true")
    news = watched(bench, configmap())
    next(news)
    fault_proxy.on(Reset(), times=-1)
    with pytest.raises(Unreachable):
        until(news, lambda item: item[1] is None)


def test_a_kind_that_is_gone_is_reported_as_gone(bench: Bench) -> None:
    ref = ObjectRef("gone.example.com", "Widget", bench.namespace, "x")
    assert next(bench.target.watch([(ref, "gone.example.com/v1")], seconds=5)) == (ref, None)


def test_events_explain(bench: Bench) -> None:
    (live,) = bench.sync(configmap())
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web.1", "namespace": bench.namespace},
        "involvedObject": {"kind": "ConfigMap", "name": "web", "namespace": bench.namespace, "uid": live["metadata"]["uid"]},
        "reason": "Broken",
        "message": "it does\nnot work",
        "type": "Warning",
        "count": 3,
        "source": {"component": "test"},
    }
    from gitctl.target.kubernetes.exchange import Request

    answer = bench.client.send(Request("POST", f"/api/v1/namespaces/{bench.namespace}/events", body=body))
    assert answer.ok, json.loads(answer.body)
    events, logs = bench.target.explain(bench.ref(live), live)
    assert events == ("Warning Broken: it does not work (x3, ConfigMap/web)",)
    assert logs == ()
    assert bench.target.explain(bench.ref(live), None) == ((), ())
