"""LongDay: an API server of one collection that streams as many events as are asked for, as fast as they are read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gitctl.model.marks import OWNER_ANNOTATION, OWNER_LABEL

OBJECTS = 200
_PADDING = "x" * 2000
_OURS = {"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {f"f:{OWNER_LABEL}": {}}}}


def body(name: str, version: int, *, ours: str = "1", theirs: int = 0) -> dict[str, Any]:
    """A ConfigMap of ours; `theirs` is what a controller keeps in it, the size of an object is in it too."""
    managers = [
        {"manager": "gitctl", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": _OURS},
        {
            "manager": "some-operator",
            "operation": "Update",
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:b": {}}},
        },
    ]
    marks = {"labels": {OWNER_LABEL: "p.dev.web"}, "annotations": {OWNER_ANNOTATION: "p/dev/web"}}
    metadata = {"name": name, "namespace": "n", "uid": name, "resourceVersion": str(version), "managedFields": managers, **marks}
    data = {"a": ours, "b": f"{theirs} {_PADDING}"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


class LongDay:
    """Runs from `with` to its end. The object `marker` is changed after a tenth of the events, and after all of them."""

    def __init__(self, folder: Path, events: int) -> None:
        self.events = events
        self.kubeconfig = folder / "kubeconfig"
        self._server = _Server(self)

    def __enter__(self) -> LongDay:
        cluster = {"server": f"http://127.0.0.1:{self._server.server_address[1]}"}
        names = {"clusters": [{"name": "day", "cluster": cluster}], "users": [{"name": "day", "user": {}}]}
        contexts = [{"name": "day", "context": {"cluster": "day", "user": "day"}}]
        self.kubeconfig.write_text(
            json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "day", "contexts": contexts, **names})
        )
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def lines(self) -> Iterator[dict[str, Any]]:
        """Nearly all is of no concern: what a controller writes, bookmarks, objects that come and go and are not ours."""
        for number in range(1, self.events + 1):
            version, name = 1000 + number, f"c{number % OBJECTS}"
            if number in (self.events // 10, self.events):
                yield {"type": "MODIFIED", "object": body("marker", version, ours=str(version))}
            elif number % 100 == 0:
                yield {
                    "type": "BOOKMARK",
                    "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": str(version)}},
                }
            elif number % 7 == 0:
                yield {"type": "ADDED" if number % 2 else "DELETED", "object": body(f"stranger-{number}", version)}
            elif number % 50 == 0:
                yield {"type": "MODIFIED", "object": body(name, version, ours=str(number))}
            else:
                yield {"type": "MODIFIED", "object": body(name, version, theirs=number)}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, day: LongDay) -> None:
        self.day = day
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """The client goes away when it has seen enough."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        if "watch" in parse_qs(urlsplit(self.path).query):
            self._stream()
            return
        names = [f"c{n}" for n in range(OBJECTS)] + ["marker"]
        items = [body(name, 1000) for name in names]
        answer = {"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": "1000"}, "items": items}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in self.server.day.lines():
            text = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
        self.rfile.read(1)  # a watch goes on until somebody ends it
