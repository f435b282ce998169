"""Observed: what a look found, and what it could not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitctl.model.manifest import Json, ObjectRef


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there now. `objects` has an entry for each ref asked for (None: certainly not there); a ref in `unknown`
    could not be looked at (stale or failing API, forbidden), with the reason; `denied` are those for want of a right."""

    objects: Mapping[ObjectRef, Json | None]
    unknown: Mapping[ObjectRef, str]
    denied: frozenset[ObjectRef] = frozenset()
