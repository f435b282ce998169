"""PURE: what is kept of a live object between two events: a fingerprint of what gitctl or people own of it, and who changed it last.

Field sets are read as certificates read them (`proof.owned`): our entry in managedFields, those of people, and the values that they
cover. So an event that changes none of them, a status or a field of a controller, has the fingerprint of the one before. The key of the
hashes is made anew in each process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitctl.model.change import FieldOwner
from gitctl.model.managers import FIELD_MANAGER, is_human
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.owned import Untold, managers, our_entry, place_of
from gitctl.target.kubernetes.proof.seal import Seal


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
    ours = our_entry(live)
    what = _held_by(ours, live) if ours else _content(live)
    people = [[e.get("manager"), _held_by(e, live)] for e in managers(live) if _by_people(e)]
    return seal.hash("glance", [metadata.get("uid"), bool(metadata.get("deletionTimestamp")), what, people])


def _by_people(entry: Json) -> bool:
    return is_human(FieldOwner(entry.get("manager", ""), entry.get("operation", ""), entry.get("subresource", "")))


def _held_by(entry: Json, live: Json) -> Any:
    """Somebody's field set and what it holds. Values of Secrets too: what is made of them here never leaves the process."""
    tree = entry.get("fieldsV1")
    return [tree, _held(tree, live)]


def _held(tree: Any, value: Any) -> Any:
    """The values of a set, as `proof.owned.facts` has them; a path that leads nowhere (an empty map that the server dropped) is one too."""
    segments = sorted(segment for segment in tree if segment != ".") if isinstance(tree, dict) else []
    return [_held_at(segment, tree[segment], value) for segment in segments] if segments else value


def _held_at(segment: str, tree: Any, value: Any) -> Any:
    try:
        place = place_of(segment, value)
    except Untold:
        return None
    return [place, _held(tree, value[place])]


def _content(live: Json) -> Json:
    """Where nothing is ours: all but status and the bookkeeping of writes."""
    metadata = {k: v for k, v in live.get("metadata", {}).items() if k not in ("managedFields", "resourceVersion", "generation")}
    return {**{k: v for k, v in live.items() if k != "status"}, "metadata": metadata}
