"""Client: the one funnel that carries every request to the API server: raw JSON, retries, credentials, counting, warnings."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from gitctl.errors import ClusterError, GitctlError, Unauthenticated, Unreachable
from gitctl.model.manifest import Json
from gitctl.parallel import mutex
from gitctl.target.kubernetes.access import Access, Login
from gitctl.target.kubernetes.retry import Failure, may_retry, pause

WORKERS = 16
"""Requests at a time. A worker that waits on Retry-After sends nothing: that is what slows us down for a busy server."""

APPLY = "application/apply-patch+yaml"
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
_FIRST_CONTACT = 3.0
_BUDGET = 30.0
_CONNECT = 10.0

Query = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer. 429 and 5xx are here only after all tries."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    parsed: Any = None

    @property
    def ok(self) -> bool:
        """Success."""
        return 200 <= self.status < 300

    def json(self) -> Json:
        """The body, parsed. Raises ClusterError when it is not a JSON object (a proxy answered)."""
        if not isinstance(self.parsed, dict):
            raise ClusterError("the answer is not from a Kubernetes API server", hint="check the server's address in the kubeconfig")
        return self.parsed


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `repeatable`: doing it twice does no harm. `timeout` (seconds) overrides the client's own."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    content: str = JSON
    accept: str = JSON
    etag: str = ""
    repeatable: bool = True
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that goes on."""

    status: int
    raw: Any

    def lines(self) -> Iterator[bytes]:
        """Lines as they come, until the server ends the answer, the connection is cut, or `stop`."""
        import urllib3.exceptions as faults

        rest = b""
        try:
            for piece in self.raw.stream(65536):
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines
        except (faults.HTTPError, OSError, ValueError):
            # ValueError: closed by `stop` between two reads. A watcher asks anew in each case.
            return

    def stop(self) -> None:
        """End `lines` from another thread."""
        try:
            self.raw.shutdown()
        except (OSError, ValueError, RuntimeError):
            return


class Client:
    """A connection pool to one API server. Cheap to make: the kubeconfig is read at the first request."""

    def __init__(self, login: Login, *, timeout: float) -> None:
        """`timeout` is the limit of one attempt in seconds, 0 for none."""
        self._login = login
        self._timeout = timeout
        self._mutex = mutex()
        self._opened: Access | None = None
        self._pools: dict[int, Any] = {}
        self._answered = False
        self._busy = 0
        self._warnings: dict[str, None] = {}
        self.requests = 0

    @property
    def access(self) -> Access:
        """The credentials. Raises ConfigError, Unauthenticated."""
        with self._mutex:
            if self._opened is None:
                self._opened = Access(self._login)
            return self._opened

    @property
    def where(self) -> str:
        """Context and server, for messages."""
        endpoint = self.access.endpoint
        return f"context {endpoint.context} ({endpoint.server})"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warned about so far, each once."""
        return tuple(self._warnings)

    def get(self, path: str, query: Query = (), *, accept: str = JSON) -> Response:
        """GET a path."""
        return self.send(Request("GET", path, tuple(query), accept=accept))

    def send(self, request: Request) -> Response:
        """Send, again where that helps. Raises Unreachable, Unauthenticated, ClusterError; other refusals are answers."""
        budget = min(_BUDGET if self._answered else _FIRST_CONTACT, self._timeout or _BUDGET)
        end = time.monotonic() + budget
        attempt, renewed = 0, False
        while True:
            attempt += 1
            generation = self.access.generation
            answer, failure, reason = self._attempt(request, generation)
            if answer is not None and answer.status == 401 and not renewed:
                renewed = True
                self.access.renew(generation)
                continue
            if failure is None and answer is not None:
                self._busy = 0
                return self._accepted(answer)
            failed = failure or Failure()
            waiting = pause(attempt, failed.retry_after)
            if not may_retry(failed, attempt, repeatable=request.repeatable) or time.monotonic() + waiting > end:
                return self._final(answer, reason)
            time.sleep(waiting)

    @contextmanager
    def stream(self, request: Request) -> Iterator[Stream]:
        """A long answer (a watch), line by line. One attempt only. Raises Unreachable when there is no answer."""
        import urllib3.exceptions as faults

        try:
            raw = self._raw(request, self.access.generation, preload_content=False)
        except faults.HTTPError as fault:
            raise self._unreachable(_reason(fault)) from None
        try:
            yield Stream(raw.status, raw)
        finally:
            raw.close()

    def _attempt(self, request: Request, generation: int) -> tuple[Response | None, Failure | None, str]:
        """One try: an answer, a failure or both, and a short reason."""
        import urllib3.exceptions as faults

        try:
            raw = self._raw(request, generation)
        except (faults.NewConnectionError, faults.ConnectTimeoutError, faults.NameResolutionError) as fault:
            return None, Failure(sent=False), _reason(fault)
        except faults.HTTPError as fault:
            if "CERTIFICATE_VERIFY_FAILED" in str(fault):
                raise self._unreachable("its certificate is not trusted") from None
            return None, Failure(), _reason(fault)
        answer = Response(raw.status, raw.data, raw.headers, _decoded(raw.data))
        self._answered = True
        self._note(raw.headers)
        if answer.ok and answer.parsed is None and request.accept.startswith(JSON):
            return None, Failure(), "its answer is cut short, or no JSON"
        if raw.status == 429 or raw.status >= 500:
            return answer, Failure(raw.status, raw.data, raw.headers.get("Retry-After", "")), f"answered {raw.status}"
        return answer, None, ""

    def _raw(self, request: Request, generation: int, *, preload_content: bool = True) -> Any:
        import urllib3

        endpoint = self.access.endpoint
        query = f"?{urlencode(request.query)}" if request.query else ""
        limit = self._timeout if request.timeout is None else request.timeout
        with self._mutex:
            self.requests += 1
        return self._pool(generation).urlopen(
            request.method,
            f"{endpoint.server}{request.path}{query}",
            body=_encoded(request.body),
            headers=self._headers(request),
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=min(_CONNECT, limit or _CONNECT), read=limit or None),
            preload_content=preload_content,
        )

    def _headers(self, request: Request) -> Any:
        import urllib3

        headers = urllib3.HTTPHeaderDict({"Accept": request.accept, "User-Agent": "gitctl"})
        if request.body is not None:
            headers["Content-Type"] = request.content
        if request.etag:
            headers["If-None-Match"] = request.etag
        for name, value in self.access.headers():
            headers.add(name, value)
        return headers

    def _pool(self, generation: int) -> Any:
        """A pool for each generation of credentials: client certificates belong to the connection."""
        with self._mutex:
            pool = self._pools.get(generation)
            if pool is None and self._opened is not None:
                pool = self._pools[generation] = _new_pool(self._opened)
            return pool

    def _note(self, headers: Mapping[str, str]) -> None:
        for warning in getattr(headers, "getlist", lambda _: ())("Warning"):
            # RFC 7234: `299 - "text"`.
            self._warnings[warning.partition('"')[2].removesuffix('"') or warning] = None

    def _accepted(self, answer: Response) -> Response:
        if answer.status == 401:
            raise Unauthenticated(f"{self.where} does not accept the credentials", hint="log in again, or check the kubeconfig's user")
        return answer

    def _final(self, answer: Response | None, reason: str) -> Response:
        """The last answer: one broken API must not end the run. An error when there was none, or when the server is busy with all."""
        self._busy += answer is not None and answer.status in (429, 502, 503, 504)
        if answer is None or self._busy > WORKERS:
            raise self._unreachable(reason)
        return answer

    def _unreachable(self, reason: str) -> GitctlError:
        hint = "check the address, the network and VPN, and that the cluster runs"
        return Unreachable(f"{self.where} cannot be reached: {reason}", hint=hint)


def _new_pool(access: Access) -> Any:
    import urllib3

    endpoint = access.endpoint
    options: dict[str, Any] = {"maxsize": WORKERS + 4, "ssl_context": endpoint.tls}
    if endpoint.server_name:
        options |= {"server_hostname": endpoint.server_name, "assert_hostname": endpoint.server_name}
    if endpoint.proxy:
        return urllib3.ProxyManager(endpoint.proxy, **options)
    return urllib3.PoolManager(**options)


def _decoded(body: bytes) -> Any:
    """The JSON value of a body, None for anything else."""
    import orjson

    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None


def _encoded(body: Any) -> bytes | None:
    import orjson

    return None if body is None else orjson.dumps(body)


_REASONS = (
    ("NameResolutionError", "the name of the server is unknown"),
    ("ConnectTimeoutError", "no answer in time"),
    ("ReadTimeoutError", "no answer in time"),
    ("NewConnectionError", "no connection"),
    ("SSLError", "no TLS connection"),
    ("ProxyError", "the proxy does not answer"),
)


def _reason(fault: Exception) -> str:
    """A short reason. The library's own text names objects and addresses in memory."""
    names = {c.__name__ for c in type(fault).__mro__}
    return next((text for name, text in _REASONS if name in names), "the connection was cut")
