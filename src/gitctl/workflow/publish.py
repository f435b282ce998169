"""Writing to Git: who may, and when a commit must be pushed to be seen."""

from __future__ import annotations

from gitctl.errors import ErrorId, Refused, SourceError
from gitctl.protocols import Publisher
from gitctl.workflow.parts import Parts


def publisher_of(parts: Parts, *, instead: str) -> Publisher:
    """The publisher; `instead` is what to do where there is none. Raises SourceError."""
    if parts.publisher is None:
        raise SourceError("a folder outside a project cannot be committed to", id=ErrorId.NOT_A_PROJECT, hint=f"use {instead}")
    return parts.publisher


def require_seen(parts: Parts, *, id: ErrorId, push: bool, instead: str) -> None:
    """Raise Refused, with this id, for a commit that nobody would see."""
    if not push and publisher_of(parts, instead=instead).must_push:
        message = "the source is a remote: nobody would see the commit before it is pushed"
        raise Refused(message, id=id, hint=f"add --push, or apply at once with {instead}")
