"""Ignored fields: what is sent for them, and what is not shown.

The server drops a field that its last owner stops sending. So an ignored field cannot simply be left out: it is left out where
another manager keeps it alive; where gitctl is the only owner the live value is sent. Either way the live object stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitctl.model.app import IgnoreRule
from gitctl.model.change import FieldChange, FieldOwner
from gitctl.model.fieldpath import MISSING, FieldPath, get, shown
from gitctl.model.fieldset import FieldSet, entries, union
from gitctl.model.managers import FIELD_MANAGER, is_earlier, is_human
from gitctl.model.manifest import Json, Manifest, Path
from gitctl.model.pattern import find, has_index, parse
from gitctl.plan.fields import named_path
from gitctl.plan.graft import cut, field_path, graft, put
from gitctl.plan.select import managers_of, patterns_of


@dataclass(frozen=True, slots=True)
class _Owned:
    """Who owns what on a live object. `ours` includes entries that an apply may fold into ours."""

    ours: FieldSet
    others: FieldSet

    @property
    def all(self) -> FieldSet:
        return self.ours | self.others


def prepare(manifest: Manifest, live: Json, *, rules: Iterable[IgnoreRule] = (), generated: Iterable[IgnoreRule] = ()) -> Json:
    """The body to send for an object that exists as `live`. Raises ConfigError for a path that is no pattern.

    Ignored fields: see above. `generated` fields keep the live value where there is one. An object that is being deleted gets
    everything: what comes after it is a new one.
    """
    body, ref = manifest.body, manifest.ref
    rules, generated = tuple(rules), tuple(generated)
    if not (rules or generated) or not live or live.get("metadata", {}).get("deletionTimestamp"):
        return body
    owned = _owned(live)
    for text in patterns_of(generated, ref, body):
        body = _keep_live(body, live, text, owned.all)
    for place in _ignored(body, live, patterns_of(rules, ref, body), owned.all):
        if _item_is_wanted(manifest.body, place):
            body = _leave(body, live, place, owned)
    return _leave_to(managers_of(rules, ref, body), body, live)


def _owned(live: Json) -> _Owned:
    listed = entries(live)
    return _Owned(
        ours=union(fields for owner, fields in listed if _is_ours(owner)),
        others=union(fields for owner, fields in listed if not _is_ours(owner)),
    )


def _is_ours(owner: FieldOwner) -> bool:
    own = (owner.manager, owner.operation, owner.subresource) == (FIELD_MANAGER, "Apply", "")
    return own or is_earlier(owner) or is_human(owner)


def _ignored(body: Json, live: Json, patterns: Iterable[str], known: FieldSet) -> list[FieldPath]:
    """The places that patterns name in the wanted or the live body, as field paths.

    A number in a pattern counts the items of the wanted list; the live list may have others before them.
    """
    places: dict[FieldPath, None] = {}
    for text in patterns:
        pattern = parse(text)
        wanted = [field_path(body, place, known) for place in find(pattern, body)]
        there = [] if wanted and has_index(pattern) else [field_path(live, place, known) for place in find(pattern, live)]
        places.update(dict.fromkeys(place for place in (*wanted, *there) if place))
    return list(places)


def _item_is_wanted(body: Json, place: FieldPath) -> bool:
    """False for a place inside a list item that Git no longer has: the item goes, and what was ignored in it."""
    items = (place[:n] for n in range(1, len(place)) if place[n - 1].startswith("k:"))
    return all(get(body, item) is not MISSING for item in items)


def _leave(body: Json, live: Json, place: FieldPath, owned: _Owned) -> Json:
    """The body with nothing at `place` that would change the live object there."""
    value = get(live, place)
    if value is MISSING:
        return cut(body, place, live)
    ours, others = owned.ours.below(place), owned.others.below(place)
    in_atomic = owned.all.leaf_above(place) is not None
    if in_atomic or not (ours or others):
        # Part of an atomic whole, or a value that nobody owns and that may be part of one: sent as it is, or not at all.
        return put(body, place, value, live) if get(body, place[:-1]) is not MISSING and (in_atomic or _has(body, place)) else body
    return graft(cut(body, place, live), live, ours - others, ours.leaves())


def _has(body: Json, place: FieldPath) -> bool:
    return get(body, place) is not MISSING


def _keep_live(body: Json, live: Json, text: str, known: FieldSet) -> Json:
    for place in list(find(parse(text), body)):
        path = field_path(body, place, known)
        value = get(live, path) if path else MISSING
        if path and value is not MISSING:
            body = put(body, path, value, live)
    return body


def _leave_to(managers: frozenset[str], body: Json, live: Json) -> Json:
    """The body without the values that these managers own on the live object."""
    for owner, fields in entries(live):
        if owner.manager in managers:
            for leaf in fields.leaves():
                body = body if _is_key(leaf) else cut(body, leaf, live)
    return body


def _is_key(leaf: FieldPath) -> bool:
    """Is this a field that names the list item that it is in?"""
    return len(leaf) > 1 and leaf[-2].startswith("k:") and leaf[-1][2:] in json.loads(leaf[-2][2:])


def hide(changes: Iterable[FieldChange], manifest: Manifest, rules: Iterable[IgnoreRule], *bodies: Json) -> tuple[FieldChange, ...]:
    """The changes without those at or below a place that is ignored in one of `bodies` (the live object, what it would become)."""
    changes, rules = tuple(changes), tuple(rules)
    if not (rules and changes):
        return changes
    places = {place for body in bodies for place in _shown_places(rules, manifest, body)}
    return tuple(change for change in changes if not any(change.path[:n] in places for n in range(1, len(change.path) + 1)))


def _shown_places(rules: tuple[IgnoreRule, ...], manifest: Manifest, body: Json) -> Iterator[Path]:
    """Ignored places of a body as FieldChange writes them, with merge keys and with indexes."""
    for text in patterns_of(rules, manifest.ref, manifest.body):
        for place in find(parse(text), body):
            yield place
            yield _with_names(body, place)
    managers = managers_of(rules, manifest.ref, manifest.body)
    for owner, fields in entries(body):
        if owner.manager in managers:
            yield from map(shown, fields.leaves())


def _with_names(body: Json, place: Path) -> Path:
    """The place with merge keys where lists have them; indexes of other lists stay."""
    named: Path = ()
    for step in place:
        name = named_path(body, (*place[: len(named)], step))
        named = (*named, name[-1] if len(name) == len(named) + 1 else step)
    return named
