"""The keys of a Secret, one by one: what a comparison means for each of them. Pure; the values are real, whoever shows them masks them."""

from __future__ import annotations

from collections.abc import Iterator

from gitctl.model.change import Action, Change, Comparison
from gitctl.model.fieldpath import MISSING, look
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.model.secretkey import KeyKind, SecretKey

SEALED: Path = ("spec", "encryptedData")
"""Where a SealedSecret has its ciphertexts."""

_PLACES: dict[str, tuple[Path, ...]] = {"Secret": (("data",), ("stringData",)), "SealedSecret": (SEALED,)}
_LEFT = frozenset({Action.ORPHAN, Action.RELEASE})


def keys_of_change(change: Change) -> tuple[SecretKey, ...]:
    """The keys of a Secret that a plan changes; none for other kinds, and for a Secret whose values stay as they are."""
    if change.action in _LEFT:
        return ()
    comparison = change.comparison
    if comparison is None:
        return secret_keys(change.live, None, change.ref)
    if change.action is Action.CREATE:
        return secret_keys(None, comparison.merged or comparison.sent, change.ref)
    return keys_of_comparison(comparison)


def keys_of_comparison(comparison: Comparison) -> tuple[SecretKey, ...]:
    """The keys of a Secret that was compared: `old` is live, `new` is what an apply would leave."""
    return secret_keys(comparison.live, comparison.merged or comparison.sent, comparison.ref)


def secret_keys(old: Json | None, new: Json | None, ref: ObjectRef) -> tuple[SecretKey, ...]:
    """What happens to each key on the way from `old` to `new` (None: not there), by name; none for kinds that hold no secrets."""
    return tuple(key for place in _PLACES.get(ref.kind, ()) for key in _keys(old, new, place))


def _keys(old: Json | None, new: Json | None, place: Path) -> Iterator[SecretKey]:
    before, after = (found if isinstance(found := look(side, place), dict) else {} for side in (old, new))
    for key in sorted({*before, *after}):
        one, other = before.get(key, MISSING), after.get(key, MISSING)
        yield SecretKey((*place, key), _kind(one, other), *(None if value is MISSING else value for value in (one, other)))


def _kind(old: object, new: object) -> KeyKind:
    if old is MISSING:
        return KeyKind.ADDED
    if new is MISSING:
        return KeyKind.REMOVED
    return KeyKind.SAME if old == new else KeyKind.CHANGED
