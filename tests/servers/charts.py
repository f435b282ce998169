"""ChartServer: one server that is both an HTTP chart repository (`url`) and an OCI registry (`oci`), with basic authentication on request."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def pack(files: Mapping[str, str], *, folder: str = "web") -> bytes:
    """A chart archive, the same bytes every time."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


class ChartServer:
    """Serves archives by (name, version). With `password` everything needs it; `seen` are the paths of what was let in."""

    def __init__(self, *, user: str = "", password: str = "") -> None:
        self.user = user
        self.password = password
        self.seen: list[str] = []
        self._archives: dict[tuple[str, str], bytes] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.host = f"127.0.0.1:{self._http.server_address[1]}"
        self.url = f"http://{self.host}/charts"
        self.oci = f"oci://{self.host}/charts"

    def add(self, name: str, version: str, archive: bytes) -> str:
        """Publish; the digest to pin."""
        self._archives[name, version] = archive
        return hashlib.sha256(archive).hexdigest()

    def admits(self, header: str) -> bool:
        """Does an Authorization header carry the password?"""
        return not self.password or header == f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"

    def answer(self, path: str) -> tuple[bytes, str] | None:
        """Content and media type."""
        if path == "/charts/index.yaml":
            return self._index(), "application/yaml"
        for (name, version), archive in self._archives.items():
            manifest, config = _oci(name, version, archive)
            blobs = {_digest(blob): blob for blob in (manifest, config, archive)}
            if path == f"/charts/{name}-{version}.tgz":
                return archive, "application/gzip"
            prefix = f"/v2/charts/{name}/"
            if path in (f"{prefix}manifests/{version}", f"{prefix}manifests/{_digest(manifest)}"):
                return manifest, _MANIFEST
            if path.startswith(f"{prefix}blobs/") and path.removeprefix(f"{prefix}blobs/") in blobs:
                return blobs[path.removeprefix(f"{prefix}blobs/")], "application/octet-stream"
        return (b"{}", "application/json") if path == "/v2/" else None

    def _index(self) -> bytes:
        entries: dict[str, list[dict[str, object]]] = {}
        for name, version in self._archives:
            entries.setdefault(name, []).append({"apiVersion": "v2", "name": name, "version": version, "urls": [f"{name}-{version}.tgz"]})
        return json.dumps({"apiVersion": "v1", "entries": entries}).encode()

    def __enter__(self) -> ChartServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()


def _oci(name: str, version: str, archive: bytes) -> tuple[bytes, bytes]:
    config = json.dumps({"apiVersion": "v2", "name": name, "version": version}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, "digest": _digest(config), "size": len(config)},
        "layers": [{"mediaType": _LAYER, "digest": _digest(archive), "size": len(archive)}],
    }
    return json.dumps(manifest).encode(), config


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: ClassVar[ChartServer]

    def do_GET(self) -> None:
        """Answer with the content."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer without the content."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if not self.hub.admits(self.headers.get("Authorization", "")):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="charts"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path = self.path.partition("?")[0]
        self.hub.seen.append(path)
        found = self.hub.answer(path)
        content, kind = found or (b"", "text/plain")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", _digest(content))
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""
