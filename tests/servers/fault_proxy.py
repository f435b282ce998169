"""FaultProxy: a real HTTPS proxy in front of an API server that delays, refuses, cuts and counts requests as it is told.

proxy.on(Status(429, retry_after=1), method="PATCH", path=r"/deployments/", times=2)
proxy.on(Call(server.kill), at=5)            # the fifth request from now on
proxy.count(method="PATCH")
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import ClassVar
from urllib.parse import urlsplit

from tests.servers.faults import Call as Call
from tests.servers.faults import Cut as Cut
from tests.servers.faults import Delay as Delay
from tests.servers.faults import Drip as Drip
from tests.servers.faults import Echo as Echo
from tests.servers.faults import Fault as Fault
from tests.servers.faults import Reset as Reset
from tests.servers.faults import Says as Says
from tests.servers.faults import Status as Status
from tests.servers.faults import Truncate as Truncate

from gitctl.sandbox import ControlPlane

LOOPBACK = "127.0.0.1"
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer", "proxy-connection"}
_BLOCK = 65536


@dataclass(frozen=True, slots=True)
class Request:
    """One request that came in; `number` counts from 1."""

    number: int
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class _Rule:
    fault: Fault
    method: str | None
    path: re.Pattern[str]
    query: re.Pattern[str]
    at: int | None
    left: int
    seen: int = 0

    def takes(self, request: Request) -> bool:
        if self.method not in (None, request.method) or not self.path.search(request.path) or not self.query.search(request.query):
            return False
        self.seen += 1
        if self.left == 0 or (self.at is not None and self.seen < self.at):
            return False
        self.left -= 1
        return True


def quoted(body: bytes) -> list[str]:
    """A request's body as it is, and the values of its `data`, decoded where they are base64."""
    found = [body.decode("utf-8", "replace")]
    try:
        data = json.loads(body).get("data") or {}
        for value in data.values():
            found.append(base64.b64decode(value, validate=True).decode("utf-8", "replace"))
    except (ValueError, AttributeError):
        return found
    return found


class FaultProxy:
    """Runs from `with` to its end. Thread-safe: rules may be added while requests are under way."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self.context = plane.context
        self.kubeconfig = folder / "kubeconfig-through-proxy"
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._requests: list[Request] = []
        self._weather: Callable[[Request], Fault | None] | None = None
        self._server = _Server(self)

    def __enter__(self) -> FaultProxy:
        self.kubeconfig.write_text(self.plane.kubeconfig.read_text().replace(self.plane.server, self.server))
        self.kubeconfig.chmod(0o600)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def server(self) -> str:
        """The proxy's URL."""
        return f"https://{LOOPBACK}:{self._server.server_address[1]}"

    def on(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        path: str = "",
        query: str = "",
        at: int | None = None,
        times: int = 1,
    ) -> None:
        """Apply the fault to the next `times` requests that match (regular expressions, searched); negative: to all.

        `at`: the first of them is the at-th match from now on, counting from 1. Several rules may hit one request: in the order given.
        """
        with self._lock:
            self._rules.append(_Rule(fault, method, re.compile(path), re.compile(query), at, times))

    def weather(self, draw: Callable[[Request], Fault | None] | None) -> None:
        """From now on `draw` is asked for a fault for each request; None ends that. One call at a time; it must not ask the proxy."""
        with self._lock:
            self._weather = draw

    def clear(self) -> None:
        """Forget rules, weather and requests."""
        with self._lock:
            self._rules.clear()
            self._weather = None
            self._requests.clear()

    def drop_all(self) -> None:
        """Drop all connections, those with a stream under way too."""
        for connection in tuple(self._server.connections):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests so far."""
        with self._lock:
            return tuple(self._requests)

    def count(self, *, method: str | None = None, path: str = "", query: str = "") -> int:
        """How many requests matched."""
        found = (r for r in self.requests if method in (None, r.method) and re.search(path, r.path) and re.search(query, r.query))
        return sum(1 for _ in found)

    def _arrived(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[Fault, ...]:
        parts = urlsplit(target)
        with self._lock:
            request = Request(len(self._requests) + 1, method, parts.path, parts.query, headers, body)
            self._requests.append(request)
            drawn = self._weather(request) if self._weather else None
            return (*((drawn,) if drawn else ()), *(rule.fault for rule in self._rules if rule.takes(request)))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        pki = proxy.plane.files.pki
        self.trust = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
        self.connections: set[socket.socket] = set()
        super().__init__((LOOPBACK, 0), _Handler)
        # The handshake is made by the connection's own thread: a client that never speaks must not hold up the others.
        self.socket = identity.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what this proxy is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    server: _Server
    # TCP without delay: a watch event is one small write.
    disable_nagle_algorithm: ClassVar[bool] = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)
        self.upstream: http.client.HTTPSConnection | None = None

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        if self.upstream:
            self.upstream.close()
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are counted, not logged."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the client went away before it had sent all: no server does anything then
            return
        faults = self.server.proxy._arrived(self.command, self.path, dict(self.headers.items()), body)
        for fault in faults:
            match fault:
                case Delay(seconds):
                    time.sleep(seconds)
                case Call(function, after_server=False):
                    function()
                case Status():
                    self._answer_error(fault)
                    return
                case Echo(code):
                    self._echo(code, body)
                    return
                case Says(text):
                    self._say(text)
                    return
                case Reset(after_server=False):
                    self._drop()
                    return
                case Reset() | Cut() | Truncate() | Drip() | Call():
                    pass
        self._forward(body, faults)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _forward(self, body: bytes, faults: tuple[Fault, ...]) -> None:
        try:
            answer = self._ask(body)
        except (OSError, http.client.HTTPException):
            self._drop()  # the server is away: the client sees what it would see without us
            return
        streams = answer.getheader("Content-Length") is None and self.command != "HEAD"
        late = [f for f in faults if isinstance(f, Reset | Cut | Truncate | Drip) or (isinstance(f, Call) and f.after_server)]
        if late and streams and isinstance(late[0], Cut):
            self._stream(answer, late[0].after_bytes)
        elif late:
            self._spoil(answer, late[0], streams and "watch=true" in self.path)
        elif streams:
            self._stream(answer)
        else:
            self._send(answer, answer.read())

    def _ask(self, body: bytes) -> http.client.HTTPResponse:
        """Pass the request on; a kept connection that the server has closed meanwhile is opened again once."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        for fresh in (self.upstream is None, True):
            if fresh:
                port = self.server.proxy.plane.ports.api_server
                self.upstream = http.client.HTTPSConnection(LOOPBACK, port, timeout=3600, context=self.server.trust)
            assert self.upstream
            try:
                self.upstream.request(self.command, self.path, body or None, headers)
                return self.upstream.getresponse()
            except (OSError, http.client.HTTPException):
                self.upstream.close()
                if fresh:
                    self.upstream = None
                    raise
        raise AssertionError("unreachable")

    def _head(self, answer: http.client.HTTPResponse, framing: tuple[str, str]) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP | {"date", "server"}:
                self.send_header(name, value)
        self.send_header(*framing)
        self.end_headers()

    def _send(self, answer: http.client.HTTPResponse, body: bytes) -> None:
        length = answer.getheader("Content-Length") or "0" if self.command == "HEAD" else str(len(body))
        self._head(answer, ("Content-Length", length))
        self.wfile.write(body)

    def _stream(self, answer: http.client.HTTPResponse, limit: int | None = None) -> None:
        """Pass on what comes; the connection is dropped after `limit` bytes."""
        self._head(answer, ("Transfer-Encoding", "chunked"))
        try:
            while block := answer.read1(_BLOCK if limit is None else min(_BLOCK, limit)):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
                limit = None if limit is None else limit - len(block)
                if limit == 0:
                    self._drop()
                    return
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            self._drop()

    def _spoil(self, answer: http.client.HTTPResponse, fault: Reset | Cut | Truncate | Drip | Call, watches: bool) -> None:
        # A watch has no end that could be waited for: it is broken in its first lines.
        body = answer.read1(_BLOCK) if watches and not isinstance(fault, Reset | Call) else b"" if watches else answer.read()
        match fault:
            case Reset():
                self._drop()
            case Call(function):
                function()
                self._drop()
            case Truncate() if not watches:
                self._send(answer, body[: len(body) // 2])
            case Cut() | Truncate() | Drip():
                self._head(answer, ("Content-Length", str(len(body) + watches)))
                self._write_part(body, fault)
                self._drop()

    def _write_part(self, body: bytes, fault: Cut | Truncate | Drip) -> None:
        match fault:
            case Drip(pause, most):
                for byte in body[: min(most, len(body) - 1)]:
                    self.wfile.write(bytes((byte,)))
                    time.sleep(pause)
            case Cut(after_bytes):
                self.wfile.write(body[: min(after_bytes, len(body) - 1)])
            case Truncate():
                self.wfile.write(body[: len(body) // 2])

    def _say(self, text: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text))

    def _answer_error(self, fault: Status) -> None:
        message = f"the fault proxy answers {fault.code}"
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": fault.code}
        body = b"<html>nobody here</html>" if fault.page else json.dumps(status | {"reason": fault.reason, "message": message}).encode()
        self.send_response(fault.code)
        self.send_header("Content-Type", "text/html" if fault.page else "application/json")
        self.send_header("Content-Length", str(len(body)))
        if fault.retry_after is not None:
            self.send_header("Retry-After", f"{fault.retry_after:g}")
        self.end_headers()
        self.wfile.write(body)

    def _echo(self, code: int, body: bytes) -> None:
        said = " ".join(quoted(body))
        causes = [{"reason": "FieldValueInvalid", "message": f"Invalid value: {said}", "field": f"data.password[{said}]"}]
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code, "reason": "Invalid"}
        status |= {"message": f'denied the request: "{said}"', "details": {"name": said, "causes": causes}}
        answer = json.dumps(status).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Warning", '299 - "' + said.encode("ascii", "replace").decode().replace("\n", " ").replace('"', "'") + '"')
        self.end_headers()
        self.wfile.write(answer)

    def _drop(self) -> None:
        """Close at once with a TCP reset, not with a polite end."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.close(self.connection)
