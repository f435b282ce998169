"""Exchange: what goes to the API server and what comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.errors import ClusterError, ErrorId
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.retry import seconds_of

APPLY = "application/apply-patch+yaml"
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"

_LONGEST_LINE = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `repeatable`: doing it twice does no harm. `timeout` (seconds) overrides the client's own.

    `guarded`: a write, which goes out only while the run's locks hold; the requests about a lock itself are not."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    content: str = JSON
    accept: str = JSON
    etag: str = ""
    repeatable: bool = True
    timeout: float | None = None
    guarded: bool = True

    @property
    def writes(self) -> bool:
        """Does it change anything at the server?"""
        return self.method not in ("GET", "HEAD") and ("dryRun", "All") not in self.query

    def encoded(self) -> bytes | None:
        """The body as JSON, which is YAML as well; None when there is none."""
        import orjson

        return None if self.body is None else orjson.dumps(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer. 429 and 5xx are here only after all tries. `parsed` is None for what is no JSON."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    parsed: Any = None

    @classmethod
    def read(cls, status: int, body: bytes, headers: Mapping[str, str]) -> Response:
        """An answer whose body may be JSON."""
        import orjson

        try:
            parsed = orjson.loads(body) if body else None
        except orjson.JSONDecodeError:
            parsed = None
        return cls(status, body, headers, parsed)

    @property
    def ok(self) -> bool:
        """Success."""
        return 200 <= self.status < 300

    @property
    def is_cut(self) -> bool:
        """Does it call itself JSON, and is none? Half of a refusal does not say of whom it is."""
        return self.parsed is None and bool(self.body) and self.headers.get("Content-Type", "").startswith(JSON)

    @property
    def absent(self) -> bool:
        """Does the API server say that there is no such object? A 404 page of a load balancer, or of an API that went, says nothing."""
        return self.status == 404 and isinstance(self.parsed, dict) and self.parsed.get("kind") == "Status"

    def json(self) -> Json:
        """The body, parsed. Raises ClusterError when it is not a JSON object (a proxy answered)."""
        if not isinstance(self.parsed, dict):
            raise ClusterError(
                "the answer is not from a Kubernetes API server",
                id=ErrorId.NOT_KUBERNETES,
                hint="check the server's address in the kubeconfig",
            )
        return self.parsed


@dataclass(slots=True)
class Stream:
    """An answer that goes on. `idled`: it ended because nothing came for as long as the request's timeout."""

    status: int
    raw: Any
    idled: bool = False

    @property
    def retry_after(self) -> float:
        """Seconds that the server asks to wait, 0 where it does not say."""
        return seconds_of(self.raw.headers.get("Retry-After", ""))

    def lines(self, longest: float = float("inf")) -> Iterator[bytes]:
        """Lines as they come, until the server ends the answer, the connection is cut, `stop`, or `longest` seconds are over.

        What is no whole line, or longer than any object can be, ends it too.
        """
        import urllib3.exceptions as faults

        rest, end = b"", time.monotonic() + longest
        try:
            for piece in self.raw.stream(65536):
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines
                if len(rest) > _LONGEST_LINE or time.monotonic() > end:
                    return
        except faults.ReadTimeoutError:
            self.idled = True
        except (faults.HTTPError, OSError, ValueError):
            # ValueError: closed by `stop` between two reads. A watcher asks anew in each case.
            return

    def stop(self) -> None:
        """End `lines` from another thread."""
        try:
            self.raw.shutdown()
        except (OSError, ValueError, RuntimeError):
            return
