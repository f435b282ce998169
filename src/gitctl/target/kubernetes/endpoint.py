"""Endpoint: where a server is, and how its certificate is checked."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server, resolved once.

    `namespace` is the context's own; `ca` is the text of the certificates that are trusted ("" for the system's).
    """

    server: str
    context: str
    namespace: str
    ca: str
    proxy: str
    server_name: str
    tls: ssl.SSLContext | None


def endpoint_of(settings: Any, context: str, namespace: str) -> Endpoint:
    """What the official reader's settings say about the server. Reads the key files that they name."""
    return Endpoint(
        server=settings.host.rstrip("/"),
        context=context,
        namespace=namespace,
        ca=Path(settings.ssl_ca_cert).read_text(errors="replace") if settings.ssl_ca_cert else "",
        proxy=_proxy(settings),
        server_name=settings.tls_server_name or "",
        tls=_tls(settings) if settings.host.startswith("https") else None,
    )


def _proxy(settings: Any) -> str:
    from urllib.parse import urlsplit
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

    host = urlsplit(settings.host).hostname or ""
    bypassed = bool(settings.no_proxy) and proxy_bypass_environment(host, {"no": settings.no_proxy})
    return "" if bypassed or not settings.proxy else settings.proxy


def _tls(settings: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    # Python 3.13 asks for extensions that the certificates of many clusters lack; kubectl does not ask for them.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context
