"""PURE: a comparison made on this side, for accounts that may look but not patch, not even as a dry-run.

Where the wanted object is the one that was applied last, and nobody has taken a field of ours since, the live object is what an apply
would leave: what the server made of our values (defaults, dropped empty maps, other spellings of quantities) needs not be guessed then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitctl.model.change import Comparison, Conflict, Proof
from gitctl.model.fieldpath import MISSING, get, shown
from gitctl.model.fieldset import FieldSet, entries, of_manager
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json
from gitctl.model.state import InventoryEntry
from gitctl.target.kubernetes.approximate import approximate
from gitctl.target.kubernetes.fold import without
from gitctl.target.kubernetes.ownership import Claim, additions_of, leaving_fields, reach


def compared_here(found: Comparison, live: Json, entry: InventoryEntry | None, claim: Claim) -> Comparison:
    """The comparison with what an apply would leave, who would lose fields, and what people added. Knows no admission."""
    ours = of_manager(live, FIELD_MANAGER)
    wanted = live if _is_untouched(found, entry, ours) else approximate(live, found.sent)
    leaving = FieldSet(frozenset(p for p in leaving_fields(live, ours, claim) if get(found.sent, p) is MISSING))
    return replace(
        found,
        merged=without(wanted, leaving),
        proof=Proof.LOCAL,
        taken=tuple(_taken(live, found.sent, ours, claim)),
        additions=() if claim.adopt else tuple(additions_of(live, leaving)),
    )


def _is_untouched(found: Comparison, entry: InventoryEntry | None, ours: FieldSet) -> bool:
    """Whoever changes a value that we applied becomes its owner: while all are ours, none was changed."""
    if entry is None or not entry.fields or entry.uid != (found.live or {}).get("metadata", {}).get("uid"):
        return False
    # A value of a store may be another one than was applied, under the same digest.
    same = bool(entry.digest) and entry.digest == found.desired.digest and not found.desired.stored
    return same and ours.canonical() == entry.fields


def _taken(live: Json, sent: Json, ours: FieldSet, claim: Claim) -> Iterator[Conflict]:
    """Fields that we applied, still want, and that somebody else owns alone now."""
    had, have = reach(FieldSet.parse(claim.before)), reach(ours)
    for owner, fields in entries(live):
        if (owner.manager, owner.operation) != (FIELD_MANAGER, "Apply"):
            mine = (p for p in sorted(fields.leaves()) if had(p) and not have(p) and get(sent, p) is not MISSING)
            yield from (Conflict(shown(p), owner) for p in mine)
