"""Discovery of a server that is not as gitctl needs it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.target.kubernetes.discover import discover
from gitctl.target.kubernetes.exchange import Request, Response


def test_a_server_without_aggregated_discovery_is_too_old(tmp_path: Path) -> None:
    def send(_request: Request) -> Response:
        return Response.read(200, b'{"kind": "APIVersions", "versions": ["v1"]}', {})

    old: Any = SimpleNamespace(send=send, where="context old", access=SimpleNamespace(endpoint=SimpleNamespace(server="https://x", ca="")))
    with raises(ErrorId.SERVER_TOO_OLD, match="the server is too old: context old"):
        discover(old, tmp_path)
