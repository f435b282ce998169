"""What the fault proxy does to a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait before the request goes on to the server."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Status:
    """Answer with an error of our own; the server never sees the request. `page`: as a load balancer would, in HTML."""

    code: int
    retry_after: float | None = None
    reason: str = "InternalError"
    page: bool = False


@dataclass(frozen=True, slots=True)
class Echo:
    """Refuse, and quote what was sent, values decoded, wherever a server or a webhook may put words. The server never sees it."""

    code: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Drop the connection without an answer. With `after_server` the server has done its work by then."""

    after_server: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """Send the true headers and only the first bytes of the body, then drop the connection; of a stream as they come."""

    after_bytes: int = 20


@dataclass(frozen=True, slots=True)
class Truncate:
    """Send half of the body as if it were all of it: valid HTTP, invalid JSON."""


@dataclass(frozen=True, slots=True)
class Says:
    """Answer 200 with these bytes as a stream; the server never sees the request."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Drip:
    """Send the true headers, and the body byte by byte with a pause after each, for so many bytes; then drop the connection."""

    pause: float = 0.2
    most: int = 300


@dataclass(frozen=True, slots=True)
class Call:
    """Call a function before the request goes on (kill a process, change an object, restart the server).

    With `after_server` it is called when the server has done its work, and then the connection is dropped without an answer.
    """

    function: Callable[[], object]
    after_server: bool = False


Fault = Delay | Status | Echo | Reset | Cut | Truncate | Drip | Says | Call
