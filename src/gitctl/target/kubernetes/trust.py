"""What a kubeconfig may ask for: programs and files of this machine only when the user named it, a server that nobody vouches for only
on request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from gitctl.errors import ConfigError, ErrorId, Refused

# A program that runs, and files whose content goes to the server.
_REACHING = ("exec", "auth-provider", "tokenFile", "client-certificate", "client-key")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_user(user: Mapping[str, Any], files: str) -> None:
    """The user of a kubeconfig that comes with the repository may hold credentials, nothing else: whoever can change the repository would
    run programs, and send files away, as whoever deploys. Raises ConfigError (CVE-2022-24817 in Flux)."""
    found = next((key for key in _REACHING if key in user), "")
    if found:
        raise ConfigError(
            f"the kubeconfig {files} lies in the repository, and its user has `{found}`",
            id=ErrorId.KUBECONFIG_UNTRUSTED,
            hint=f"look at it; if you trust it: --kubeconfig {files}",
        )


def check_address(cluster: Mapping[str, Any], context: str) -> None:
    """Raises ConfigError for what is no URL at all."""
    try:
        urlsplit(str(cluster.get("server") or ""))
    except ValueError as wrong:
        raise ConfigError(
            f"the server of context {context} is no URL ({wrong})",
            id=ErrorId.KUBECONFIG_UNREADABLE,
            hint="`kubectl config view` shows it; it begins with https://",
        ) from None


def check_server(cluster: Mapping[str, Any], context: str) -> None:
    """The certificate must be checked, but on this machine. Raises Refused."""
    server = str(cluster.get("server") or "")
    if (urlsplit(server).hostname or "") in _LOOPBACK:
        return
    plain = server.startswith("http://")
    if plain or cluster.get("insecure-skip-tls-verify"):
        why = "it is asked by http://" if plain else "its certificate is not checked (insecure-skip-tls-verify)"
        raise Refused(
            f"nobody vouches for the server of context {context}: {why}",
            id=ErrorId.INSECURE_SERVER,
            hint="give the kubeconfig the certificate-authority; or --dangerous-insecure-tls: whoever is on the way reads and changes all",
        )
