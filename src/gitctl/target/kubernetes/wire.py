"""Wire: a pool of connections to one endpoint. urllib3 without its own retries: those are the client's."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from gitctl.target.kubernetes.endpoint import Endpoint
from gitctl.target.kubernetes.exchange import Request

Guard = Callable[[], None]
"""Raises when nothing may be written any more."""

_CONNECT = 10.0
_PIECE = 1 << 18
_REASONS = {
    "NameResolutionError": "the name of the server is unknown",
    "NewConnectionError": "nothing answers at that address",
    "ConnectTimeoutError": "no answer in time",
    "ReadTimeoutError": "no answer in time",
    "SSLError": "no TLS connection",
    "ProxyError": "the proxy does not answer",
}


@dataclass(frozen=True, slots=True)
class Received:
    """A complete answer."""

    status: int
    data: bytes
    headers: Any


class Wire:
    """Connections for one set of credentials: a client certificate belongs to its connection."""

    def __init__(self, endpoint: Endpoint, *, connections: int) -> None:
        """Opens nothing yet."""
        self._endpoint = endpoint
        self._prefix = urlsplit(endpoint.server).path.rstrip("/")
        self._pool = _new_pool(endpoint, connections)

    def ask(self, request: Request, who: list[tuple[str, str]], *, limit: float, guard: Guard | None = None) -> Received:
        """One attempt, to the end of the body. `limit` is for all of it, in seconds, 0 for none. Raises urllib3's errors.

        `guard` is called when the connection stands and the body is about to go; what it raises is raised, and nothing was done then."""
        began = time.monotonic()
        raw = self.open(request, who, limit=limit, guard=guard)
        try:
            return Received(raw.status, _body(raw, began + limit if limit else float("inf")), raw.headers)
        except BaseException:
            raw.close()
            raise

    def open(self, request: Request, who: list[tuple[str, str]], *, limit: float, guard: Guard | None = None) -> Any:
        """One attempt: urllib3's answer, its body not read yet. `limit` is for each pause in it. Raises urllib3's errors."""
        import urllib3

        headers = urllib3.HTTPHeaderDict({"Accept": request.accept, "User-Agent": "gitctl"})
        if request.body is not None:
            headers["Content-Type"] = request.content
        if request.etag:
            headers["If-None-Match"] = request.etag
        for name, value in who:
            headers.add(name, value)
        body: Any = request.encoded()
        if guard is not None and body is not None:
            headers["Content-Length"] = str(len(body))
            body = _guarded(body, guard)
        return self._pool.urlopen(
            request.method,
            self._url(request),
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=min(_CONNECT, limit or _CONNECT), read=limit or None),
            preload_content=False,
        )

    def _url(self, request: Request) -> str:
        query = f"?{urlencode(request.query)}" if request.query else ""
        root = self._endpoint.server if self._endpoint.proxy else self._prefix
        return f"{root}{request.path}{query}"


def _body(raw: Any, end: float) -> bytes:
    """The body. urllib3's own limit is for each pause: a server that sends a byte now and then would never be given up."""
    import urllib3.exceptions as faults

    pieces = []
    while piece := raw.read1(_PIECE, decode_content=False):
        pieces.append(piece)
        if time.monotonic() > end:
            raise faults.ReadTimeoutError(raw._pool, None, "the body did not end in time")
    return b"".join(pieces)


def _guarded(body: bytes, guard: Guard) -> Iterator[bytes]:
    """A server does nothing about a request whose body it does not have. A new connection takes several round trips, and a process
    may be stopped in any of them: to ask before that would be too early."""
    guard()
    yield body


def _new_pool(endpoint: Endpoint, connections: int) -> Any:
    """The pool of the one host; with a proxy the manager, which tells the two apart by the URL."""
    import urllib3

    options: dict[str, Any] = {"maxsize": connections, "ssl_context": endpoint.tls}
    if endpoint.tls is not None and endpoint.tls.verify_mode is ssl.CERT_NONE:
        # The user asked for it in the kubeconfig (`insecure-skip-tls-verify`); a warning from within Python helps nobody.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if endpoint.server_name:
        options |= {"server_hostname": endpoint.server_name, "assert_hostname": endpoint.server_name}
    if endpoint.proxy:
        return urllib3.ProxyManager(endpoint.proxy, **options)
    return urllib3.PoolManager(**options).connection_from_url(endpoint.server)


def reason(fault: Exception) -> str:
    """A short reason. The library's own text names objects and addresses in memory."""
    kinds = (kind.__name__ for kind in type(fault).__mro__)  # the most exact first: a refused connection is a kind of timeout there
    return next((_REASONS[kind] for kind in kinds if kind in _REASONS), "the connection was cut")
