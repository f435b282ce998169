"""Reference: what a kustomization writes for a base in another repository, in the forms of kustomize that name one clearly.

`[git::]https://HOST/ORG/REPO[.git]//FOLDER?ref=COMMIT`, `ssh://…`, `USER@HOST:ORG/REPO…`, `github.com/ORG/REPO…`. Without `//`, a path ends
the repository at `.git`, else after its second part, as kustomize has it (api/internal/git/repospec.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitctl.errors import ErrorId, InputError, Where

TOP = ".remote-bases"
"""The folder of the private copy in which trees of other repositories stand."""

_LOOKS_REMOTE = re.compile(
    r"://|^git::|^gh:|^[\w.-]+@[\w.-]+:|^(?:www\.)?(?:github|gitlab|bitbucket)\.[a-z]+[:/]|\?(?:ref|version|timeout|submodules)=|\.git(?:$|[/?])"
)
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_URL = re.compile(rf"(?P<scheme>https?|ssh)://(?P<user>[^/@]*@)?(?P<host>{_HOST}(?::[0-9]{{1,5}})?)/(?P<path>.+)")
_SCP = re.compile(rf"(?P<user>\w[\w.-]*@)(?P<host>{_HOST}):(?P<path>[^/].*)", re.ASCII)
_GITHUB = re.compile(r"(?P<host>github\.com)/(?P<path>.+)", re.IGNORECASE)
_USER = re.compile(r"\w[\w.-]*@", re.ASCII)
_PART = re.compile(r"(?!\.{1,2}$)[\w.~+=,-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOUNT = re.compile(rf"{re.escape(TOP)}/[^@]+@(?:[0-9a-f]{{64}}|[0-9a-f]{{40}})(?=/|$)")
_LOOPBACK = ("localhost", "127.0.0.1")
_FORM = "write it as https://HOST/ORG/REPO//FOLDER?ref=COMMIT"


@dataclass(frozen=True, slots=True)
class Reference:
    """`url` is that of the repository as it is fetched, `folder` a path in it ("" for its root), `ref` what is asked for there."""

    url: str
    folder: str
    ref: str

    @property
    def repository(self) -> str:
        """The address that is compared with lists of what is allowed: without `.git` at its end."""
        return self.url.removesuffix(".git")

    @property
    def is_pinned(self) -> bool:
        """Is `ref` a whole commit id, so that it means the same for ever?"""
        return _COMMIT.fullmatch(self.ref) is not None

    @property
    def mount(self) -> str:
        """The folder at which the tree of a pinned commit stands in the private copy. The commit is in it, so it names the content."""
        address = self.repository.partition("://")[2] or self.repository
        return f"{TOP}/{address.rpartition('@')[2].replace(':', '/')}@{self.ref}"

    @property
    def path(self) -> str:
        """The base's folder in the private copy."""
        return f"{self.mount}/{self.folder}" if self.folder else self.mount


def looks_remote(text: str) -> bool:
    """Could kustomize take it for remote? More than it does: nothing that looks like a URL is taken for a path."""
    return _LOOKS_REMOTE.search(text) is not None


def mount_of(path: str) -> str:
    """The mount that a path of the private copy lies in, "" for files of the project's own repository."""
    found = _MOUNT.match(path)
    return found[0] if found else ""


def read_reference(text: str, where: Where | None = None) -> Reference:
    """What a remote reference means. Raises InputError for forms that are not read, with the one to write."""
    address, asked, query = text.removeprefix("git::").partition("?")
    ref = _ref(query, where) if asked else ""
    for form in (_URL, _SCP, _GITHUB):
        if found := form.fullmatch(address):
            return _reference(found, ref, where)
    raise _bad("its form is not one that is read", where)


def _reference(found: re.Match[str], ref: str, where: Where | None) -> Reference:
    parts = found.groupdict()
    scheme, user, host = parts.get("scheme") or "https", parts.get("user") or "", found["host"].lower()
    repository, folder = _split(found["path"].rstrip("/"), where)
    if "scheme" in parts and user and (scheme != "ssh" or not _USER.fullmatch(user)):
        raise _bad("a URL with credentials", where, hint="use a credential helper of git, or GITCTL_GIT_TOKEN")
    if scheme == "http" and host.partition(":")[0] not in _LOOPBACK:
        raise _bad("http:// is not protected", where)
    if found.re is _SCP:
        return Reference(f"{user}{host}:{repository}", folder, ref)
    return Reference(f"{scheme}://{user}{host}/{repository}", folder, ref)


def _split(path: str, where: Where | None) -> tuple[str, str]:
    """Repository and folder. No part of them may climb, be empty, or be spelt in another way than it is compared."""
    if "//" in path:
        repository, _, folder = path.partition("//")
    elif marked := re.match(r"(.+?\.git)(?:/(.*))?$", path):
        repository, folder = marked[1], marked[2] or ""
    elif "_git/" in path:
        raise _bad("where its folder begins is not clear", where)
    else:
        parts = path.split("/")
        repository, folder = "/".join(parts[:2]), "/".join(parts[2:])
    if not all(_PART.fullmatch(part) for part in (*repository.split("/"), *(folder.split("/") if folder else ()))):
        raise _bad("its path has parts that are not read", where)
    return repository, folder


def _ref(query: str, where: Where | None) -> str:
    values = [item.partition("=")[::2] for item in query.split("&")]
    refs = [value for key, value in values if key in ("ref", "version")]
    unknown = [key for key, _ in values if key not in ("ref", "version", "timeout", "submodules")]
    if unknown or len(refs) > 1:
        raise _bad(f"{unknown[0]!a} is not known behind the ?" if unknown else "it names more than one ref", where)
    if any(value not in ("false", "0") for key, value in values if key == "submodules"):
        raise _bad("submodules are not read", where, hint="leave `submodules` out, or write submodules=false")
    return refs[0] if refs else ""


def _bad(why: str, where: Where | None, *, hint: str = _FORM) -> InputError:
    return InputError(f"a remote base or file: {why}", id=ErrorId.REMOTE_BASE, where=where, hint=hint)
