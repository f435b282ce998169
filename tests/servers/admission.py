"""An admission webhook: https on the loopback interface, with a certificate of the control plane's authority."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from gitctl.sandbox import ControlPlane
from gitctl.sandbox.pki import issue
from gitctl.sandbox.programs import programs

Decide = Callable[[dict[str, Any]], list[dict[str, Any]]]


class AdmissionServer:
    """Answers reviews with the JSON patch that `decide(request)` gives; `decide` may be exchanged at any time."""

    def __init__(self, plane: ControlPlane, decide: Decide) -> None:
        self.decide = decide
        name = f"hook-{secrets.token_hex(3)}"
        certificate, key = issue(plane.files, programs(lambda _text: None).tool, name, ("127.0.0.1",))
        identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.load_cert_chain(certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = identity.wrap_socket(self._server.socket, server_side=True)
        self.client_config = {
            "url": f"https://127.0.0.1:{self._server.server_address[1]}/",
            "caBundle": base64.b64encode(plane.authority.read_bytes()).decode(),
        }

    def __enter__(self) -> AdmissionServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                patch = outer.decide(review["request"])
                answer: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": True}
                if patch:
                    answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
                body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
