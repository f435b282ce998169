"""Talking to remotes: credentials without a trace in argv or files, no prompts, time limits, and what a failure means."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitctl.errors import ErrorId, SourceError
from gitctl.process import Finished
from gitctl.redact import strip_url
from gitctl.source.git import Git, complaint
from gitctl.source.names import Remote

TOKEN_VARIABLE = "GITCTL_GIT_TOKEN"
USER_VARIABLE = "GITCTL_GIT_USER"
HOST_VARIABLE = "GITCTL_GIT_HOST"
_DEFAULT_USER = "x-access-token"

# Git runs a helper that starts with "!" by its own shell; the text is constant, the values come from the environment of git.
_HELPER = f'!printf \'username=%s\\npassword=%s\\n\' "${USER_VARIABLE}" "${TOKEN_VARIABLE}" #'

_DENIED = re.compile(
    r"Authentication failed|could not read (Username|Password)|terminal prompts disabled|Permission denied|invalid credentials"
    r"|returned error: 40[13]|Host key verification failed|access denied|HTTP Basic: Access denied",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"returned error: 404|repository '[^']*' not found|repository not found", re.IGNORECASE)
_FORBIDDEN = re.compile(
    r"transport '[^']*' not allowed|protocol '[^']*' is not supported|unable to update url base from redirection|dubious ownership"
)


class Unreachable(SourceError):
    """The remote gave no answer: what is cached may be used."""


@dataclass(frozen=True, slots=True)
class Transport:
    """The environment for git when it talks to one remote, and the strings that must not be shown."""

    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: tuple[str, ...] = field(default=(), repr=False)


def transport_to(remote: Remote, git: Git | None = None) -> Transport:
    """How to talk to a remote. `git` is asked whether the user has an ssh command of his own."""
    if remote.scheme in ("https", "http"):
        return _http(remote)
    if remote.scheme == "ssh" and not _own_ssh(git):
        return Transport({"GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=15"})
    return Transport()


def _own_ssh(git: Git | None) -> bool:
    named = any(os.environ.get(name) for name in ("GIT_SSH_COMMAND", "GIT_SSH"))
    return named or (git is not None and bool(git.try_text("config", "--get", "core.sshCommand")))


def _http(remote: Remote) -> Transport:
    """A helper for this host alone: a redirect to another host does not get the token. Plain http gets it on this machine only."""
    token = remote.password or ("" if remote.withheld else os.environ.get(TOKEN_VARIABLE, ""))
    settings = [("http.lowSpeedLimit", "100"), ("http.lowSpeedTime", "30")]
    if not token or (remote.scheme == "http" and not remote.is_loopback and not remote.password):
        return Transport(_as_environment(settings))
    place = f"credential.{remote.url.partition('://')[0]}://{remote.url.partition('://')[2].partition('/')[0]}"
    settings += [(f"{place}.helper", ""), (f"{place}.helper", _HELPER)]
    user = remote.user or os.environ.get(USER_VARIABLE, "") or _DEFAULT_USER
    return Transport({**_as_environment(settings), USER_VARIABLE: user, TOKEN_VARIABLE: token}, secret=(token,))


def _as_environment(settings: list[tuple[str, str]]) -> dict[str, str]:
    """Settings for git in its environment (git-config(1), GIT_CONFIG_COUNT), after those that are there already."""
    count = os.environ.get("GIT_CONFIG_COUNT", "0")
    first = int(count) if count.isdecimal() else 0
    made = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, start=first):
        made |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return made


def failure(remote: Remote, done: Finished) -> SourceError:
    """What a failed fetch or push means: refused credentials, no such repository, a forbidden address, or no answer (Unreachable)."""
    url, said = strip_url(remote.url), complaint(done.stderr)
    if _DENIED.search(done.stderr):
        return SourceError(f"the remote {url} refuses the credentials", id=ErrorId.REMOTE_CREDENTIALS, hint=_advice(remote), details=said)
    if _ABSENT.search(done.stderr):
        hint = "check the URL and the token's rights"
        return SourceError(f"the remote {url} has no such repository, or hides it", id=ErrorId.REMOTE_REPOSITORY, hint=hint, details=said)
    if _FORBIDDEN.search(done.stderr):
        return SourceError(f"the remote {url} cannot be used", id=ErrorId.REMOTE_UNREACHABLE, details=said)
    return Unreachable(
        f"the remote {url} cannot be reached", id=ErrorId.REMOTE_UNREACHABLE, hint="check the network and the URL", details=said
    )


def _advice(remote: Remote) -> str:
    if remote.withheld:
        meant = f"if it is meant for {remote.host}: {HOST_VARIABLE}={remote.host}"
        return f"{TOKEN_VARIABLE} goes to the hosts of this checkout's remotes only; {meant}"
    return f"set {TOKEN_VARIABLE}, or a credential helper of git" if remote.scheme != "ssh" else "check the ssh agent: ssh-add -l"
