"""PURE: how an owner id (`project/env/app`) is put on objects, read from them, and made into names. The marks: `gitctl.model.marks`."""

from __future__ import annotations

import hashlib
import re

from gitctl.model.manifest import Json
from gitctl.model.marks import OWNER_ANNOTATION, OWNER_LABEL, annotation, label, owner_label

_LONGEST = 63
_HASH = 10


def object_name(owner: str, prefix: str) -> str:
    """A name for an object about this owner id, such as its state: RFC 1123, at most 63 characters, unique by a hash."""
    digest = hashlib.sha256(owner.encode()).hexdigest()[:_HASH]
    readable = re.sub(r"[^a-z0-9-]+", "-", owner.lower())[: _LONGEST - len(prefix) - _HASH - 2].strip("-")
    return "-".join(part for part in (prefix, readable, digest) if part)


def marked(body: Json, owner: str) -> Json:
    """A copy of a body with our label and annotation on the object's own metadata. Never on pod templates."""
    metadata = body.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), OWNER_LABEL: owner_label(owner)}
    annotations = {**(metadata.get("annotations") or {}), OWNER_ANNOTATION: owner}
    return {**body, "metadata": {**metadata, "labels": labels, "annotations": annotations}}


def owner_of(live: Json) -> str:
    """The owner id on a live object, "" for none. The label alone says nothing: controllers copy labels."""
    return annotation(live, OWNER_ANNOTATION)


def has_label(live: Json, owner: str) -> bool:
    """Does a live object carry the owner's label?"""
    return label(live, OWNER_LABEL) == owner_label(owner)
