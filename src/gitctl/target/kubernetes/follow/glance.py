"""PURE: what is kept of a live object between two events: a fingerprint of what gitctl or people own of it, and who changed it last.

The hashes are those of certificates (`proof`): our entry in managedFields and the values that it covers. So an event that changes
neither, a status or a field of a controller, has the fingerprint of the one before. The key is made anew in each process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitctl.model.change import FieldOwner
from gitctl.model.managers import FIELD_MANAGER, is_human
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.mint import sealed_values
from gitctl.target.kubernetes.proof.owned import Untold, facts, managers
from gitctl.target.kubernetes.proof.seal import Seal
from gitctl.target.kubernetes.proof.veil import veiled


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at an object. `mark` is "" for one that is not there."""

    mark: str
    by: str = ""


NOTHING = Glance("")
"""A look at where no object of ours is."""


def glance(live: Json | None, seal: Seal) -> Glance:
    """What is kept of a live object."""
    return NOTHING if live is None else Glance(_mark(live, seal), author(live))


def author(live: Json) -> str:
    """The manager of the newest change that is not ours, with its subresource; "" when there is none."""
    others = [e for e in managers(live) if e.get("manager") != FIELD_MANAGER and e.get("subresource") != "status"]
    newest = max(others, key=lambda e: str(e.get("time", "")), default={})
    through = f" through /{newest['subresource']}" if newest.get("subresource") else ""
    return f"{newest.get('manager', '')}{through}"


def _mark(live: Json, seal: Seal) -> str:
    metadata = live.get("metadata", {})
    ours: Any = sealed_values(live, seal) or _content(live)
    people = [[e.get("manager"), e.get("fieldsV1"), _values(e, live)] for e in managers(live) if _by_people(e)]
    return seal.hash("glance", [metadata.get("uid"), bool(metadata.get("deletionTimestamp")), ours, people])


def _by_people(entry: Json) -> bool:
    return is_human(FieldOwner(entry.get("manager", ""), entry.get("operation", ""), entry.get("subresource", "")))


def _values(entry: Json, live: Json) -> Any:
    """What somebody's fields hold. Those of a Secret too: what is made of them here never leaves the process."""
    try:
        return facts(entry.get("fieldsV1"), live)
    except Untold:
        return _content(live)


def _content(live: Json) -> Json:
    """Where our fields cannot be told: all but status and the bookkeeping of writes."""
    metadata = {k: v for k, v in live.get("metadata", {}).items() if k not in ("managedFields", "resourceVersion", "generation")}
    return {**{k: v for k, v in veiled(live).items() if k != "status"}, "metadata": metadata}
