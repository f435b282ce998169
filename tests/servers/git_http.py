"""GitServer: real Git repositories over HTTP with basic authentication, faults on demand. `git http-backend` does the work."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import ClassVar
from urllib.parse import urlsplit


class GitServer:
    """Serves every repository below `root` at `url`. With `password` it asks for it; `broken` requests get a 503 first.

    `seen` are (path, user) of the requests that were let in; `redirect` sends every request to another server.
    """

    def __init__(self, root: Path, *, user: str = "", password: str = "") -> None:
        self.root = root
        self.user = user
        self.password = password
        self.broken = 0
        self.redirect = ""
        self.seen: list[tuple[str, str]] = []
        self.authorizations: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> GitServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """No answer from now on."""
        self._http.shutdown()
        self._http.server_close()

    def admits(self, header: str) -> bool:
        """Does an Authorization header carry the password?"""
        wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return not self.password or header == f"Basic {wanted}"


class _Handler(BaseHTTPRequestHandler):
    """One request. `hub` is set by a subclass of each server."""

    protocol_version = "HTTP/1.1"
    hub: ClassVar[GitServer]

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def _answer(self, body: bytes) -> None:
        given = self.headers.get("Authorization", "")
        if given:
            self.hub.authorizations.append(given)
        if self.hub.redirect:
            return self._send(302, {"Location": self.hub.redirect + self.path})
        if self.hub.broken > 0:
            self.hub.broken -= 1
            return self._send(503, {})
        if not self.hub.admits(given):
            return self._send(401, {"WWW-Authenticate": 'Basic realm="git"'})
        self.hub.seen.append((self.path, self.hub.user if given else ""))
        return self._backend(body)

    def _backend(self, body: bytes) -> None:
        """CGI (RFC 3875): headers, an empty line, the answer."""
        parts = urlsplit(self.path)
        env = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.hub.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": self.hub.user or "anyone",
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=False)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self._send(int(headers.pop("Status", "200 OK").split()[0]), headers, answer)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().strip(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, code: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `seen`, not a log."""
