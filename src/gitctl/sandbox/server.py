"""Raw requests to a control plane's API server: enough to wait for it and to give it nodes."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any

from gitctl.errors import ClusterError, ErrorId
from gitctl.sandbox.plane import ControlPlane
from gitctl.sandbox.ports import LOOPBACK

_LIMIT = 10.0
_MAX_ANSWER = 8_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code and JSON body; code 0 when nobody answered, and then `text` says why."""

    code: int
    text: str = ""

    def json(self) -> dict[str, Any]:
        """The body as an object, empty when it is none."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


def ask(plane: ControlPlane, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
    """One request with the admin token, no retry. Never raises for the network: see Answer."""
    try:
        trust = ssl.create_default_context(cafile=str(plane.authority))
        connection = http.client.HTTPSConnection(LOOPBACK, plane.ports.api_server, timeout=_LIMIT, context=trust)
        headers = {"Authorization": f"Bearer {plane.token}", "Content-Type": "application/json", "Accept": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(_MAX_ANSWER).decode("utf-8", "replace"))
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as problem:
        return Answer(0, f"{type(problem).__name__}: {problem}")


def ready(plane: ControlPlane) -> bool:
    """Does the API server serve?"""
    return ask(plane, "GET", "/readyz").code == 200


def create(plane: ControlPlane, path: str, body: dict[str, Any]) -> None:
    """Create an object; one that is there already is left alone. Raises ClusterError."""
    answer = ask(plane, "POST", path, body)
    if answer.code not in (200, 201, 409):
        message = answer.json().get("message") or answer.text[:200]
        raise ClusterError(f"{body.get('kind')} {body['metadata']['name']} was not created: {message}", id=ErrorId.SANDBOX_FAILED)
