"""PURE: does an answer leave an object as it was, and is the object still that very version?"""

from __future__ import annotations

from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.seal import Seal, canonical, same
from gitctl.target.kubernetes.proof.veil import is_veiled


def is_unchanged(before: Json | None, answer: Json | None) -> bool:
    """Is the answer the object before, but for the times of managers?

    For some values (an empty list, where the server keeps none) the server writes the time anew at each apply, and nothing else.
    """
    if before is None or answer is None:
        return False
    return same(before, answer) or same(_timeless(before), _timeless(answer))


def _timeless(body: Json) -> Json:
    """The server sorts entries by their times, among others."""
    metadata = body.get("metadata", {})
    entries = [{k: v for k, v in entry.items() if k != "time"} for entry in metadata.get("managedFields") or ()]
    entries.sort(key=lambda entry: canonical(entry) or b"")
    return {**body, "metadata": {**metadata, "managedFields": entries}}


def version_hash(live: Json, seal: Seal) -> str:
    """Over the very version of an object: its number, all that it holds, all managers with their times. "" for a Secret.

    The number alone would do, were it not that it may come again when an etcd is put back from a copy.
    """
    return "" if is_veiled(live) else seal.hash("version", live)
