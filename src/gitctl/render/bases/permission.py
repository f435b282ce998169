"""Permission: may an app have a base from there? gitctl.yaml lists the repositories; a team's rules may leave some of them out."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gitctl.errors import ErrorId, InputError, Refused, Where
from gitctl.model.app import App
from gitctl.model.tenancy import Subject
from gitctl.render.bases.reference import Reference


def is_listed(reference: Reference, patterns: Iterable[str]) -> bool:
    """Is its repository among these `remote_bases`?"""
    return any(fnmatchcase(reference.repository, pattern.removesuffix(".git")) for pattern in patterns)


def how_to_pin(reference: Reference) -> str:
    """What to do with a reference that is not pinned."""
    ref = reference.ref if reference.ref and reference.ref.isascii() else "HEAD"
    return f"write ?ref= and all digits of the commit; to see it: git ls-remote {reference.url} {ref}"


def require_allowed(reference: Reference, app: App, where: Where) -> None:
    """Before anything is fetched. Raises InputError for a repository that is not listed and for one that is not pinned, Refused where
    the app's rules forbid it."""
    name = reference.repository
    if not is_listed(reference, app.remote_bases):
        raise InputError(
            f"a remote base or file: {name} is not among the `remote_bases` of gitctl.yaml",
            id=ErrorId.REMOTE_BASE,
            where=where,
            hint="copy it into the repository, or ask the owners of gitctl.yaml to list it",
        )
    if not reference.is_pinned:
        raise InputError(
            f"a remote base or file: {name} is not pinned to a commit",
            id=ErrorId.REMOTE_BASE,
            where=where,
            hint=how_to_pin(reference),
        )
    for one in app.tenancy.objections(Subject.REPOSITORIES, name):
        raise Refused(
            f"the rules of {one.where.key or one.where} forbid the remote base {name}",
            id=ErrorId.TEAM_RULES,
            where=where,
            details=(f"{one.where}",),
            hint="take it out of the app, or ask the owners of gitctl.yaml to allow it",
        )
