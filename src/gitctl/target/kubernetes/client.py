"""Client: the one funnel that carries every request to the API server: raw JSON, retries, credentials, counting, warnings."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gitctl.errors import Unauthenticated, Unreachable
from gitctl.parallel import mutex
from gitctl.target.kubernetes.access import Access, Login
from gitctl.target.kubernetes.exchange import JSON, Request, Response, Stream
from gitctl.target.kubernetes.retry import Failure, may_retry, pause
from gitctl.target.kubernetes.wire import Wire, reason

WORKERS = 16
"""Requests at a time. A worker that waits on Retry-After sends nothing: that is what slows us down for a busy server."""

_FIRST_CONTACT = 3.0
_BUDGET = 30.0
_BEGIN = 15.0
"""Seconds in which a long answer must begin; between its parts the request's own limit holds."""
_BUSY = frozenset({429, 502, 503, 504})


class Client:
    """A way to one API server. Cheap to make: the kubeconfig is read at the first request."""

    def __init__(self, login: Login, *, timeout: float) -> None:
        """`timeout` is the limit of one attempt in seconds, 0 for none."""
        self._login = login
        self._timeout = timeout
        self._mutex = mutex()
        self._opened: Access | None = None
        self._wires: dict[int, Wire] = {}
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

    def get(self, path: str, query: Iterable[tuple[str, str]] = (), *, accept: str = JSON) -> Response:
        """GET a path."""
        return self.send(Request("GET", path, tuple(query), accept=accept))

    def send(self, request: Request) -> Response:
        """Send, again where that helps. Raises Unreachable, Unauthenticated; refusals are answers."""
        end = time.monotonic() + min(_BUDGET if self._answered else _FIRST_CONTACT, self._timeout or _BUDGET)
        attempt, renewed = 0, False
        while True:
            attempt += 1
            generation = self.access.generation
            answer, failure, why = self._attempt(request, generation)
            if failure is None and answer is not None:
                if answer.status != 401 or renewed:
                    return self._accepted(answer)
                renewed = True
                self.access.renew(generation)
                continue
            failed = failure or Failure()
            waiting = pause(attempt, failed.retry_after)
            if not may_retry(failed, attempt, repeatable=request.repeatable) or time.monotonic() + waiting > end:
                return self._final(answer, why)
            time.sleep(waiting)

    @contextmanager
    def stream(self, request: Request) -> Iterator[Stream]:
        """A long answer (a watch), line by line. One attempt, a second one with new credentials where the first ones are not accepted.

        Raises Unreachable when there is no answer, Unauthenticated.
        """
        generation = self.access.generation
        raw = self._begun(request, generation)
        if raw.status == 401:
            raw.close()
            self.access.renew(generation)
            raw = self._begun(request, self.access.generation)
        if raw.connection is not None and raw.connection.sock is not None:
            raw.connection.sock.settimeout(self._limit(request) or None)
        try:
            yield Stream(raw.status, raw)
        finally:
            raw.close()

    def _begun(self, request: Request, generation: int) -> Any:
        import urllib3.exceptions as faults

        try:
            limit = min(_BEGIN, self._limit(request) or _BEGIN)
            return self._wire(generation).send(request, self.access.headers(), limit=limit, whole=False)
        except faults.HTTPError as fault:
            raise self._unreachable(reason(fault)) from None

    def _attempt(self, request: Request, generation: int) -> tuple[Response | None, Failure | None, str]:
        """One try: an answer, a failure or both, and a short reason."""
        import urllib3.exceptions as faults

        try:
            raw = self._wire(generation).send(request, self.access.headers(), limit=self._limit(request), whole=True)
        except (faults.NewConnectionError, faults.ConnectTimeoutError) as fault:
            return None, Failure(sent=False), reason(fault)
        except faults.HTTPError as fault:
            if "CERTIFICATE_VERIFY_FAILED" in str(fault):
                raise self._unreachable("its certificate is not trusted") from None
            return None, Failure(), reason(fault)
        answer = Response.read(raw.status, raw.data, raw.headers)
        self._answered = True
        self._note(raw.headers)
        if answer.ok and answer.parsed is None and request.accept.startswith(JSON):
            return None, Failure(), "its answer is cut short, or no JSON"
        if raw.status == 429 or raw.status >= 500:
            return answer, Failure(raw.status, raw.data, raw.headers.get("Retry-After", "")), f"answered {raw.status}"
        return answer, None, ""

    def _limit(self, request: Request) -> float:
        return self._timeout if request.timeout is None else request.timeout

    def _wire(self, generation: int) -> Wire:
        endpoint = self.access.endpoint
        with self._mutex:
            self.requests += 1
            if generation not in self._wires:
                self._wires[generation] = Wire(endpoint, connections=WORKERS + 4)
            return self._wires[generation]

    def _note(self, headers: Mapping[str, str]) -> None:
        for warning in getattr(headers, "getlist", lambda _: ())("Warning"):
            # RFC 7234: `299 - "text"`.
            self._warnings[warning.partition('"')[2].removesuffix('"') or warning] = None

    def _accepted(self, answer: Response) -> Response:
        self._busy = 0
        if answer.status == 401:
            raise Unauthenticated(f"{self.where} does not accept the credentials", hint="log in again, or check the kubeconfig's user")
        return answer

    def _final(self, answer: Response | None, why: str) -> Response:
        """The last answer: one broken API must not end the run. An error when there was none, or when the server is busy with all."""
        self._busy += answer is not None and answer.status in _BUSY
        if answer is None or self._busy > WORKERS:
            raise self._unreachable(why)
        return answer

    def _unreachable(self, why: str) -> Unreachable:
        hint = "check the address, the network and VPN, and that the cluster runs"
        return Unreachable(f"{self.where} cannot be reached: {why}", hint=hint)
