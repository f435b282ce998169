"""A certificate from an address. Only https: whoever can change it on its way could read all that is sealed for it."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from gitctl.redact import strip_url
from gitctl.secrets.kubeseal.errors import BadCertificate, NoCertificate

_LARGEST = 1 << 20
_SECONDS = 15.0


def is_address(text: str) -> bool:
    """Is it a URL, not the name of a file?"""
    return "://" in text


def fetch(url: str) -> bytes:
    """What the address answers, at most 1 MiB. Raises BadCertificate for an address that is not asked, NoCertificate."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Guarded(HTTPRedirectHandler):
        """A redirect does not lead to where we would not have gone."""

        def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str) -> Request | None:
            _check(newurl)
            return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]

    _check(url)
    shown = strip_url(url)
    try:
        with build_opener(Guarded).open(Request(url, headers={"User-Agent": "gitctl"}), timeout=_SECONDS) as answer:
            content: bytes = answer.read(_LARGEST + 1)
    except HTTPError as refused:
        raise NoCertificate(f"the address answered {refused.code}", where=shown, hint="--cert FILE takes one that is at hand") from None
    except (OSError, HTTPException, ValueError):
        raise NoCertificate("the address cannot be reached", where=shown, hint="--cert FILE takes one that is at hand") from None
    if len(content) > _LARGEST:
        raise BadCertificate("the answer is too long for a certificate", where=shown)
    return content


def _check(url: str) -> None:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or "")):
            return
    raise BadCertificate("a certificate is only taken from an https:// address", where=strip_url(url), hint="or from a file")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
