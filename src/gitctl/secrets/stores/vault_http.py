"""One GET of Vault's HTTP API. The token goes to the one address, never after a redirect, and never over plain http to another machine."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from gitctl.protocols import Fault, Trouble

_SECONDS = 10.0
_LARGEST = 4 << 20
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body; {} for a body that is no object."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VaultHttp:
    """A Vault at `address`. `authority` is a file with the certificates that may have signed its own, "" for the system's."""

    address: str
    headers: Mapping[str, str]
    authority: str = ""

    def get(self, path: str) -> Answer | Fault:
        """One request, tried again once where no answer came."""
        if not _is_safe(self.address):
            return Fault(Trouble.UNREACHABLE, "a token is not sent over plain http", hint="use an https:// address")
        for attempt in range(_ATTEMPTS):
            answer = self._get(path)
            if not (isinstance(answer, Fault) and answer.trouble is Trouble.UNREACHABLE and attempt + 1 < _ATTEMPTS):
                break
        return answer

    def _get(self, path: str) -> Answer | Fault:
        import ssl
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

        class Straight(HTTPRedirectHandler):
            """Redirects are answers like others."""

            def redirect_request(self, *_: Any) -> None:
                """None is followed."""

        try:
            context = ssl.create_default_context(cafile=self.authority or None)
            request = Request(f"{self.address}/v1/{quote(path, safe='/?=')}", headers=dict(self.headers))
            with build_opener(Straight, HTTPSHandler(context=context)).open(request, timeout=_SECONDS) as answer:
                return Answer(answer.status, _json(answer.read(_LARGEST)))
        except HTTPError as refused:
            if 300 <= refused.code < 400:
                return Fault(Trouble.DENIED, "Vault redirects to another address", hint="set VAULT_ADDR to that address")
            return Answer(refused.code, {})
        except (OSError, HTTPException, ValueError) as fault:
            return Fault(
                Trouble.UNREACHABLE, f"Vault cannot be reached ({type(fault).__name__})", hint="look at VAULT_ADDR and VAULT_CACERT"
            )


def _json(content: bytes) -> Mapping[str, Any]:
    """Numbers as they are written: passwords may be some."""
    try:
        value = json.loads(content, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        return parts.scheme == "https" or (parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback))
    except ValueError:
        return False
