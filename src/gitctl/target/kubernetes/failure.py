"""PURE: what the API server says when it refuses, as an error or as a text that is fit to be shown.

For a Secret only the path and the code are passed on: the server echoes wrong values in its messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitctl.errors import ClusterError, ErrorId, Forbidden, GitctlError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.target.kubernetes.exchange import Response

_RIGHTS = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"(?:.* in the namespace "(?P<namespace>[^"]*)")?'
)
_IMMUTABLE = re.compile(
    r"immutable|updates to .*(?:are|is) forbidden|may not change (?:fields other than|once set)"
    r"|(?:may not|cannot|can not) be changed|cannot change roleRef"
)
_PATCH_PATH = re.compile(r"\): (?P<path>\.[A-Za-z0-9_.\[\]-]+): ")
_PATH = re.compile(r"[A-Za-z0-9_.\[\]/~-]{1,100}")
_LONGEST = 600


def status(answer: Response) -> Json:
    """The Status object of a refusal, {} when the body is something else (a proxy's page)."""
    try:
        body = answer.json()
    except ClusterError:
        return {}
    return body if body.get("kind") == "Status" else {}


def refused_rights(answer: Response) -> bool:
    """Is this a 403 of authorization, not one of admission (quota, policy, webhook)?"""
    return answer.status == 403 and _RIGHTS.search(str(status(answer).get("message", ""))) is not None


def refused_dry_run(answer: Response) -> bool:
    """Is this the refusal of an admission webhook that cannot be tried out?"""
    return answer.status == 400 and b"does not support dry run" in answer.body


def explain(answer: Response, *, sensitive: bool) -> str:
    """One line that says why the server refused. `sensitive` withholds the server's own words."""
    said = status(answer)
    denied = _RIGHTS.search(str(said.get("message", ""))) if answer.status == 403 else None
    if denied:
        inside = f" in namespace {denied['namespace']}" if denied["namespace"] else ""
        return f"user {denied['user']} may not {denied['verb']} {denied['resource']}{inside}"
    if sensitive:
        places = ", ".join(dict.fromkeys(_places(said)))
        return f"the server refused it ({answer.status})" + (f" at {places}" if places else "")
    text = str(said.get("message") or f"the server answered {answer.status}")
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def immutable(answer: Response) -> tuple[str, ...]:
    """Fields that the refusal says cannot be changed in place; () when it is about something else."""
    causes = status(answer).get("details", {}).get("causes") or ()
    found = [str(c.get("field") or "spec") for c in causes if _IMMUTABLE.search(str(c.get("message", "")))]
    whole = answer.status in (403, 422) and not causes and _IMMUTABLE.search(str(status(answer).get("message", "")))
    return tuple(dict.fromkeys(found)) or (("spec",) if whole else ())


def names_field(answer: Response, field: str) -> bool:
    """Is the refusal about this field?"""
    causes = status(answer).get("details", {}).get("causes") or ()
    return any(c.get("field") == field for c in causes)


def conflicts(answer: Response) -> tuple[tuple[str, str], ...]:
    """(manager, field path) pairs of a field manager conflict."""
    causes = status(answer).get("details", {}).get("causes") or ()
    return tuple(
        (str(c.get("message", "")).partition('"')[2].partition('"')[0], str(c.get("field", "")))
        for c in causes
        if c.get("reason") == "FieldManagerConflict"
    )


def error(answer: Response, doing: str, *, where: str) -> GitctlError:
    """The error for a refusal that stops the run. `doing` such as `list secrets in namespace shop`; `where` names context and server."""
    if answer.status == 403:
        denied = _RIGHTS.search(str(status(answer).get("message", "")))
        user = f"user {denied['user']} " if denied else ""
        return Forbidden(
            f"{user}may not {doing}{_right(denied, doing)}: {where}", hint="ask for this right, or use another account (--as, --context)"
        )
    return ClusterError(f"cannot {doing}: {explain(answer, sensitive='secret' in doing)}: {where}", id=ErrorId.API_ERROR)


def _right(denied: re.Match[str] | None, doing: str) -> str:
    """The right that is missing, where what was done does not say it."""
    if denied is None or denied["resource"] in doing:
        return ""
    inside = f" in namespace {denied['namespace']}" if denied["namespace"] else ""
    return f" ({denied['verb']} {denied['resource']}{inside})"


def ref_text(ref: ObjectRef, kind: str) -> str:
    """A resource with its namespace, for Forbidden: `configmaps web in namespace shop`."""
    return f"{kind} {ref.name}" + (f" in namespace {ref.namespace}" if ref.namespace else "")


def _places(said: Json) -> Iterator[str]:
    """Paths alone: who refuses may have put more than a path where one belongs."""
    for cause in said.get("details", {}).get("causes") or ():
        if _PATH.fullmatch(str(cause.get("field") or "")):
            yield str(cause["field"])
    found = _PATCH_PATH.search(str(said.get("message", "")))
    if found:
        yield found["path"]
