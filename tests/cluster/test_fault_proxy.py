"""The fault proxy itself: each fault as a client sees it, and true answers otherwise."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.fixtures.commands import run
from tests.servers.fault_proxy import Call, Cut, Delay, FaultProxy, Reset, Status, Truncate

from gitctl.sandbox.server import create


@pytest.fixture
def client(fault_proxy: FaultProxy) -> Iterator[http.client.HTTPSConnection]:
    """A connection to the proxy that checks its certificate."""
    parts = urlsplit(fault_proxy.server)
    trust = ssl.create_default_context(cafile=str(fault_proxy.plane.authority))
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=20, context=trust)
    yield connection
    connection.close()


def ask(client: http.client.HTTPSConnection, proxy: FaultProxy, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    """One request with the admin token."""
    headers = {"Authorization": f"Bearer {proxy.plane.token}", "Content-Type": "application/json", "Accept": "application/json"}
    client.request(method, path, body, headers)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_without_rules_answers_are_the_servers_own(fault_proxy: FaultProxy, client: http.client.HTTPSConnection, namespace: str) -> None:
    code, body = ask(client, fault_proxy, "GET", f"/api/v1/namespaces/{namespace}")
    assert (code, json.loads(body)["metadata"]["name"]) == (200, namespace)
    config_map = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"k": "v" * 200_000}})
    assert ask(client, fault_proxy, "POST", f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All", config_map)[0] == 201
    code, body = ask(client, fault_proxy, "GET", "/api/v1/namespaces/nobody-has-this")
    assert (code, json.loads(body)["reason"]) == (404, "NotFound")
    assert [(r.number, r.method, r.query) for r in fault_proxy.requests] == [(1, "GET", ""), (2, "POST", "dryRun=All"), (3, "GET", "")]
    assert fault_proxy.count(method="GET", path="/namespaces/") == 2
    fault_proxy.clear()
    assert fault_proxy.requests == ()


def test_kubectl_works_through_it(fault_proxy: FaultProxy, namespace: str, tmp_path: Path) -> None:
    done = run(("kubectl", "--kubeconfig", str(fault_proxy.kubeconfig), "get", "namespace", namespace, "-o", "name"), cwd=tmp_path)
    assert done.expect().stdout == f"namespace/{namespace}\n"
    assert fault_proxy.count(path=namespace) == 1
    assert fault_proxy.plane.server not in fault_proxy.kubeconfig.read_text()


def test_a_rule_hits_as_often_as_it_says(fault_proxy: FaultProxy, client: http.client.HTTPSConnection) -> None:
    fault_proxy.on(Status(503), path="/version$", times=2)
    codes = [ask(client, fault_proxy, "GET", path)[0] for path in ("/version", "/readyz", "/version", "/version")]
    assert codes == [503, 200, 503, 200]


def test_a_rule_can_wait_for_request_k(fault_proxy: FaultProxy, client: http.client.HTTPSConnection) -> None:
    fault_proxy.on(Status(500), at=3, method="GET")
    assert [ask(client, fault_proxy, "GET", "/version")[0] for _ in range(4)] == [200, 200, 500, 200]


def test_429_carries_retry_after(fault_proxy: FaultProxy, client: http.client.HTTPSConnection) -> None:
    fault_proxy.on(Status(429, retry_after=2, reason="TooManyRequests"))
    client.request("GET", "/version")
    answer = client.getresponse()
    assert (answer.status, answer.getheader("Retry-After"), json.loads(answer.read())["reason"]) == (429, "2", "TooManyRequests")


def test_delay_holds_the_request(fault_proxy: FaultProxy, client: http.client.HTTPSConnection) -> None:
    fault_proxy.on(Delay(0.5))
    began = time.monotonic()
    assert ask(client, fault_proxy, "GET", "/version")[0] == 200
    assert time.monotonic() - began >= 0.5


def test_reset_before_the_server_saw_the_request(fault_proxy: FaultProxy, client: http.client.HTTPSConnection, namespace: str) -> None:
    fault_proxy.on(Reset(), method="POST")
    assert not created_under_fault(fault_proxy, client, namespace)


def test_reset_after_the_server_did_its_work(fault_proxy: FaultProxy, client: http.client.HTTPSConnection, namespace: str) -> None:
    fault_proxy.on(Reset(after_server=True), method="POST")
    assert created_under_fault(fault_proxy, client, namespace)


def created_under_fault(proxy: FaultProxy, client: http.client.HTTPSConnection, namespace: str) -> bool:
    """Create a ConfigMap over a connection that is reset; is it there?"""
    body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
    with pytest.raises(ConnectionError):
        ask(client, proxy, "POST", f"/api/v1/namespaces/{namespace}/configmaps", body)
    client.close()
    return ask(client, proxy, "GET", f"/api/v1/namespaces/{namespace}/configmaps/x")[0] == 200


def test_cut_ends_in_the_middle_of_the_body(fault_proxy: FaultProxy, client: http.client.HTTPSConnection) -> None:
    fault_proxy.on(Cut(after_bytes=10))
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        ask(client, fault_proxy, "GET", "/version")


def test_truncate_is_valid_http_and_invalid_json(fault_proxy: FaultProxy, client: http.client.HTTPSConnection) -> None:
    fault_proxy.on(Truncate())
    code, body = ask(client, fault_proxy, "GET", "/version")
    assert code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_function_is_called_before_the_request_goes_on(
    fault_proxy: FaultProxy, client: http.client.HTTPSConnection, namespace: str
) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "just-in-time"}}
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    fault_proxy.on(Call(lambda: create(fault_proxy.plane, path, body)), method="GET", path="just-in-time")
    assert ask(client, fault_proxy, "GET", f"{path}/just-in-time")[0] == 200


def test_watches_stream_through(fault_proxy: FaultProxy, client: http.client.HTTPSConnection, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    headers = {"Authorization": f"Bearer {fault_proxy.plane.token}"}
    client.request("GET", f"{path}?watch=true&fieldSelector=metadata.name%3Dseen", headers=headers)
    answer = client.getresponse()
    create(fault_proxy.plane, path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "seen"}})
    event = json.loads(answer.readline())
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "seen")
    client.close()
