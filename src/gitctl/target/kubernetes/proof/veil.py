"""PURE: Secrets without their values.

Whoever may read the state namespace has the key of the hashes, and could try out passwords with it. So no hash is made of a value of a
Secret: what Git wants and what is live are compared as they are, by whoever may see both, and the certificate holds the rest.
"""

from __future__ import annotations

from gitctl.model.manifest import Json

_VALUES = ("data", "stringData")


def is_veiled(body: Json) -> bool:
    """Is this a Secret?"""
    return body.get("kind") == "Secret" and body.get("apiVersion") == "v1"


def veiled(body: Json) -> Json:
    """The body; of a Secret only the names of its values."""
    if not is_veiled(body):
        return body
    return {key: dict.fromkeys(value) if key in _VALUES and isinstance(value, dict) else value for key, value in body.items()}
