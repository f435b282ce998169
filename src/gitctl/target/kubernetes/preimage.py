"""PURE: an object as it was before our apply, and what brings it back: a body to apply, and then who owns what.

Two steps, because an apply makes us the owner of all that it sends: first the values of every field that our apply touched or took
away, by force; then `managedFields`, which gives the fields of others back to them and leaves us what we owned before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitctl.model.fieldpath import MISSING, get, server_text
from gitctl.model.fieldset import FieldSet, entries, of_manager, union
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.extract import extract

_OURS = (FIELD_MANAGER, "Apply", "")


@dataclass(frozen=True, slots=True)
class PreImage:
    """`before` is what the plan saw, `after` what our apply left. Held in memory only: it may be a Secret."""

    before: Json
    after: Json

    @property
    def ours(self) -> FieldSet:
        """What we owned before."""
        return of_manager(self.before, FIELD_MANAGER)

    def body(self) -> Json:
        """What is applied, by force: fields that were not there before are not in it, so the apply removes them."""
        return extract(self.before, self._touched())

    def _touched(self) -> FieldSet:
        lost = (fields for _, fields in self._losses())
        return union((self.ours, of_manager(self.after, FIELD_MANAGER), *lost))

    def _losses(self) -> Iterator[tuple[Json, FieldSet]]:
        """Entries of other managers before, with the fields that they do not have afterwards. Status is never ours to give."""
        listed = self.before["metadata"].get("managedFields") or ()
        for entry, (_, fields) in zip(listed, entries(self.before), strict=True):
            if _key(entry)[:3] == _OURS or entry.get("subresource"):
                continue
            kept = union(f for e, f in _pairs(self.after) if _key(e) == _key(entry))
            lost = FieldSet(frozenset(p for p in (fields - kept).members if p[0] != "f:status"))
            if lost:
                yield entry, lost

    def managed_fields(self, live: Json) -> list[Json] | None:
        """`managedFields` that give everybody what was theirs, for the object as our apply of `body` left it; None when it is so."""
        losses = list(self._losses())
        listed: list[Json] = []
        for entry, fields in _pairs(live):
            back = union(lost for e, lost in losses if _key(e) == _key(entry))
            if _key(entry)[:3] != _OURS:
                listed.append({**entry, "fieldsV1": (fields | back).tree()} if back - fields else entry)
        there = {_key(entry) for entry, _ in _pairs(live)}
        listed += [{**entry, "fieldsV1": lost.tree()} for entry, lost in losses if _key(entry) not in there]
        listed += [entry for entry in self.before["metadata"].get("managedFields") or () if _key(entry)[:3] == _OURS]
        return None if _sets(listed) == _sets(live["metadata"].get("managedFields") or []) else listed

    def unlike(self, live: Json) -> tuple[str, ...]:
        """The fields that are not as they were, as paths: values first, then what we own. () when all is back."""
        touched = self._touched()
        values = [path for path in sorted(touched.leaves()) if not _same(get(self.before, path), get(live, path))]
        owned = of_manager(live, FIELD_MANAGER)
        return tuple(dict.fromkeys(server_text(p) for p in (*values, *sorted((owned - self.ours) | (self.ours - owned)))))

    def others(self) -> tuple[str, ...]:
        """The managers beside us and status writers that had fields."""
        others = (e for e, _ in _pairs(self.before) if _key(e)[:3] != _OURS and not e.get("subresource"))
        return tuple(dict.fromkeys(str(entry.get("manager")) for entry in others))


def _pairs(body: Json) -> list[tuple[Json, FieldSet]]:
    listed = body["metadata"].get("managedFields") or ()
    return [(entry, fields) for entry, (_, fields) in zip(listed, entries(body), strict=True)]


def _key(entry: Json) -> tuple[str, str, str, str]:
    return tuple(str(entry.get(name) or "") for name in ("manager", "operation", "subresource", "apiVersion"))  # type: ignore[return-value]


def _sets(listed: list[Json]) -> dict[tuple[str, str, str, str], FieldSet]:
    return {_key(entry): FieldSet.parse(entry.get("fieldsV1")) for entry in listed}


def _same(one: object, other: object) -> bool:
    """Equal, or both not there (MISSING is one object)."""
    return (one is MISSING) == (other is MISSING) and one == other
