"""Client: the one funnel that carries every request to the API server: raw JSON, retries, credentials, counting, warnings."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gitctl.errors import Unauthenticated, Unreachable
from gitctl.parallel import mutex
from gitctl.target.kubernetes.access import Access, Login
from gitctl.target.kubernetes.exchange import JSON, Request, Response, Stream
from gitctl.target.kubernetes.pace import Pace
from gitctl.target.kubernetes.retry import Failure, Tries
from gitctl.target.kubernetes.wire import Guard, Wire, reason

WORKERS = 16
"""Requests at a time, at most. A worker that waits on Retry-After sends nothing, and after a 429 fewer are sent at a time: `pace.py`."""

WITHHELD = "something about a Secret, which is withheld: it may quote a value"
_SECRETS = re.compile(r"/secrets(?:/|$)")

_FIRST_CONTACT = 3.0
_BUDGET = 30.0
_BEGIN = 15.0
"""Seconds in which a long answer must begin; between its parts the request's own limit holds."""
_BUSY = frozenset({429, 502, 503, 504})


class Client:
    """A way to one API server. Cheap to make: the kubeconfig is read at the first request."""

    def __init__(self, login: Login, *, timeout: float) -> None:
        """`timeout` is the limit of one attempt in seconds, 0 for none."""
        self.login = login
        self.timeout = timeout
        self._mutex = mutex()
        self._opened: Access | None = None
        self._wires: dict[int, Wire] = {}
        self._answered = False
        self._busy = 0
        self._warnings: dict[str, None] = {}
        self._guards: tuple[Guard, ...] = ()
        self._pace = Pace(WORKERS)
        self.requests = 0

    @property
    def access(self) -> Access:
        """The credentials. Raises ConfigError, Unauthenticated."""
        with self._mutex:
            if self._opened is None:
                self._opened = Access(self.login)
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

    @contextmanager
    def guarded(self, guard: Guard) -> Iterator[None]:
        """While inside, ask the guard at each attempt at a write, at the last moment.

        Each attempt: a process that was stopped in mid-request goes on with what it takes for a broken connection, and would repeat."""
        with self._mutex:
            self._guards = (*self._guards, guard)
        try:
            yield
        finally:
            with self._mutex:
                self._guards = tuple(one for one in self._guards if one is not guard)

    def send(self, request: Request) -> Response:
        """Send, again where that helps. Raises Unreachable, Unauthenticated, what a guard raises; refusals are answers."""
        end = time.monotonic() + min(_BUDGET if self._answered else _FIRST_CONTACT, self.timeout or _BUDGET)
        tries, renewed, excused = Tries(), False, False
        while True:
            generation = self.access.generation
            with self._pace.turn() as turn:
                answer, failure, why = self._attempt(request, generation)
            with self._mutex:
                self._pace.note(answer.status if answer else 0, turn)
            if failure is None and answer is not None:
                if answer.status != 401 or renewed:
                    return self._accepted(answer)
                renewed = True
                self.access.renew(generation)
                continue
            failed = failure or Failure()
            waiting = tries.pause_after(failed, repeatable=request.repeatable)
            is_over = waiting is not None and time.monotonic() + waiting > end
            if waiting is None or (is_over and (excused or not self._is_excuse(failed))):
                return self._final(answer, why)
            excused = excused or is_over
            time.sleep(waiting)

    def _is_excuse(self, failed: Failure) -> bool:
        """One answer that never ended may use up all the time for a request: where others did end, there is one more try."""
        return failed.status == 0 and self._answered

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
            return self._wire(generation).open(request, self._headers(), limit=limit)
        except faults.HTTPError as fault:
            raise self._unreachable(reason(fault)) from None

    def _attempt(self, request: Request, generation: int) -> tuple[Response | None, Failure | None, str]:
        """One try: an answer, a failure or both, and a short reason."""
        import urllib3.exceptions as faults

        try:
            guard = self._guard if request.guarded and request.writes else None
            raw = self._wire(generation).ask(request, self._headers(), limit=self._limit(request), guard=guard)
        except (faults.NewConnectionError, faults.ConnectTimeoutError) as fault:
            return None, Failure(sent=False), reason(fault)
        except faults.HTTPError as fault:
            if "CERTIFICATE_VERIFY_FAILED" in str(fault):
                raise self._unreachable("its certificate is not trusted") from None
            return None, Failure(), reason(fault)
        answer = Response.read(raw.status, raw.data, raw.headers)
        self._answered = True
        self._note(raw.headers, about_secret=bool(_SECRETS.search(request.path)))
        if answer.is_cut or (answer.ok and answer.parsed is None and request.accept.startswith(JSON)):
            return (None if answer.ok else answer), Failure(), "its answer is cut short, or no JSON"
        if raw.status == 429 or raw.status >= 500:
            return answer, Failure(raw.status, raw.data, raw.headers.get("Retry-After", "")), f"answered {raw.status}"
        return answer, None, ""

    def _guard(self) -> None:
        for guard in self._guards:
            guard()

    def _headers(self) -> list[tuple[str, str]]:
        return self.access.headers()

    def _limit(self, request: Request) -> float:
        return self.timeout if request.timeout is None else request.timeout

    def _wire(self, generation: int) -> Wire:
        endpoint = self.access.endpoint
        with self._mutex:
            self.requests += 1
            if generation not in self._wires:
                self._wires[generation] = Wire(endpoint, connections=WORKERS + 4)
            return self._wires[generation]

    def _note(self, headers: Mapping[str, str], *, about_secret: bool) -> None:
        for warning in getattr(headers, "getlist", lambda _: ())("Warning"):
            # RFC 7234: `299 - "text"`.
            text = warning.partition('"')[2].removesuffix('"') or warning
            self._warnings[WITHHELD if about_secret else text] = None

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
