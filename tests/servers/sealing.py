"""A stand-in for the controller of Sealed Secrets, behind a Service, so that the API server's own proxy leads to it.

It serves a real certificate under /v1/cert.pem. It opens nothing: what the controller makes of a SealedSecret is written by the test.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import pytest
from tests.fixtures.commands import Runner


def own_address() -> str:
    """An IPv4 address of this machine that is no loopback one: endpoints may not have those. Skips where there is none."""
    try:
        said = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        said = []
    found = [text for text in said if (address := ipaddress.ip_address(text)).version == 4 and not address.is_loopback]
    if not found:
        pytest.skip("this machine has no address but the loopback one")
    return found[0]


class CertificateServer:
    """Answers with `pem`; `asked` are the paths that it was asked for."""

    def __init__(self, pem: bytes) -> None:
        self.pem = pem
        self.asked: list[str] = []
        self._address = own_address()
        self._server = ThreadingHTTPServer((self._address, 0), self._handler())

    def __enter__(self) -> CertificateServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def publish(self, kubectl: Runner, namespace: str, name: str) -> None:
        """A Service of this name leads here. The proxy wants a pod at the end: one that nobody schedules, with our address."""
        ports = [{"name": "http", "port": self._server.server_address[1], "protocol": "TCP"}]
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports}}
        spec = {"schedulerName": "nobody", "containers": [{"name": "controller", "image": "example.test/controller:1"}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        address = {"ip": self._address, "targetRef": {"kind": "Pod", "name": name, "namespace": namespace}}
        subsets = [{"addresses": [address], "ports": ports}]
        endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name}, "subsets": subsets}
        objects = {"apiVersion": "v1", "kind": "List", "items": [service, pod, endpoints]}
        kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(objects))
        status = {"status": {"phase": "Running", "podIP": self._address, "podIPs": [{"ip": self._address}]}}
        kubectl("-n", namespace, "patch", "pod", name, "--subresource=status", "--type=merge", "-p", json.dumps(status))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                self.send_response(200 if self.path == "/v1/cert.pem" else 404)
                self.send_header("Content-Length", str(len(outer.pem)))
                self.end_headers()
                self.wfile.write(outer.pem)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler
