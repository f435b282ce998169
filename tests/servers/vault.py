"""What Vault's HTTP API answers, from a table. No Vault: shapes and statuses are those of its documentation."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Answers = Mapping[str, tuple[int, Any]]
"""Path with query → status and body. A 3xx has the place that it leads to as body."""


class StubVault:
    """A server while it is entered. `asked` has the paths and headers of all requests; what the table lacks is forbidden."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, dict(self.headers)))
                status, body = answers.get(self.path, (403, {"errors": ["permission denied"]}))
                content = json.dumps(body).encode()
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", body)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> StubVault:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def kv2(mount: str, path: str, values: Mapping[str, Any]) -> Answers:
    """A secret of a key/value engine of version 2."""
    about = {"path": f"{mount}/", "type": "kv", "options": {"version": "2"}}
    return {
        f"/v1/sys/internal/ui/mounts/{mount}/{path}": (200, {"data": about}),
        f"/v1/{mount}/data/{path}": (200, {"data": {"data": values, "metadata": {"version": 3}}}),
    }
