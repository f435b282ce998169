"""What users may call a revision, and which URLs may be fetched: everything else is refused before git sees it.

Names reach git only when they match git's own rules for refs (git-check-ref-format(1)) with the suffixes `~N`, `^N` and
`@{upstream}`; searches (`:/text`), ranges and reflog dates are left out, because they name something else tomorrow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gitctl.errors import ErrorId, SourceError
from gitctl.redact import printable, strip_url

_FULL_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SUFFIX = re.compile(r"(?:@\{(?:u|upstream|push)\})?(?:[~^][0-9]{0,6})*\Z", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\]\\]|\.\.|@\{|//|\.lock(?:/|$)|(?:^|/)\.|[./]$|^[-/]")
_LONGEST = 250

_SCP = re.compile(r"(?P<user>[\w.+-]+@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+):(?P<path>[^:].*)", re.ASCII)
_SCHEMES = ("https", "http", "ssh", "git+ssh", "ssh+git")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+", re.ASCII)
_USER = re.compile(r"[\w%.+][\w%.+@-]*", re.ASCII)


def check_name(name: str) -> None:
    """Refuse what cannot be a revision. Raises SourceError."""
    bare = _SUFFIX.sub("", name, count=1)
    is_fine = bool(bare) and (bare == "@" or not _FORBIDDEN.search(bare)) and bare.isprintable()
    is_upstream_alone = not bare and name.startswith("@{")
    if len(name) > _LONGEST or not (is_fine or is_upstream_alone):
        raise SourceError(
            f"{printable(name[:80])!r} cannot be a revision",
            id=ErrorId.REVISION_UNKNOWN,
            hint="name a branch, a tag, a commit, HEAD~2 or @{upstream}",
        )


def is_full_sha(name: str) -> bool:
    """Is this a whole commit id? It names the same commit for ever."""
    return _FULL_SHA.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Remote:
    """A checked remote: `url` has no password; `user` and `password` are those of an http(s) URL. `scheme` is "file" for paths.
    `withheld`: the token of the environment is not for this host."""

    url: str
    scheme: str
    host: str = ""
    user: str = ""
    password: str = ""
    withheld: bool = False

    @property
    def is_loopback(self) -> bool:
        """Is the host this machine?"""
        return self.host in ("localhost", "127.0.0.1", "::1")


def parse_remote(url: str, *, base: Path) -> Remote:
    """Check a remote's URL; relative paths begin at `base`. Raises SourceError, credentials never shown."""
    if not url or not url.isprintable() or url != url.strip() or url.startswith("-") or "::" in url.split("[")[0]:
        raise _bad(url)
    if "://" in url:
        return _from_url(url)
    scp = _SCP.fullmatch(url)
    if scp:
        return _from_scp(url, scp)
    if ":" in url.partition("/")[0]:
        raise _bad(url)
    try:
        return Remote(str((base / Path(url).expanduser()).absolute()), "file")
    except RuntimeError:  # the home of somebody who is not known here
        raise _bad(url) from None


def _from_url(url: str) -> Remote:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _bad(url) from None
    scheme = parts.scheme.lower()
    if scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise _bad(url)
        return Remote(f"file://{parts.path}", "file")
    is_named = _HOST.fullmatch(host) and len(parts.path) >= 2
    if scheme not in _SCHEMES or not is_named or not _USER.fullmatch(parts.username or "git"):
        raise _bad(url)
    if scheme in ("https", "http"):
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], scheme=scheme).geturl()
        return Remote(bare, scheme, host, unquote(parts.username or ""), unquote(parts.password or ""))
    if parts.password:
        raise SourceError(
            f"a password in the ssh URL {strip_url(url)}", id=ErrorId.URL_UNSUPPORTED, hint="ssh takes keys: use the ssh agent"
        )
    return Remote(parts._replace(scheme="ssh").geturl(), "ssh", host)


def _from_scp(url: str, scp: re.Match[str]) -> Remote:
    is_flag = any((scp[part] or "").startswith("-") for part in ("user", "host", "path"))
    if is_flag or scp["host"] in ("file", "ext", *_SCHEMES):
        raise _bad(url)
    return Remote(url, "ssh", scp["host"].strip("[]"))


def _bad(url: str) -> SourceError:
    return SourceError(
        f"{strip_url(printable(url[:200]))!r} is no URL that gitctl fetches from",
        id=ErrorId.URL_UNSUPPORTED,
        hint="use https://…, ssh://…, git@host:path or file:///…",
    )
