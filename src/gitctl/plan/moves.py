"""Objects that are deleted here and created there: said as what they are, a move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gitctl.model.change import Action, Change
from gitctl.model.manifest import ObjectRef


def move_notes(changes: Iterable[Change]) -> tuple[str, ...]:
    """A note for each namespace or name prefix that objects leave for another."""
    changes = tuple(changes)
    old = [change.ref for change in changes if change.action is Action.PRUNE]
    new = [change.ref for change in changes if change.action is Action.CREATE]
    spaces, prefixes = _new_namespaces(old, new), _new_prefixes(old, new)
    return (
        *(f"{_objects(n)} from namespace {a} to {b}: deleted there, created here" for (a, b), n in sorted(spaces.items())),
        *(f"{_objects(n)} from name prefix {a!r} to {b!r}: the old ones are deleted" for (a, b), n in sorted(prefixes.items()) if n > 1),
    )


def _objects(count: int) -> str:
    return "1 object moves" if count == 1 else f"{count} objects move"


def _new_namespaces(old: list[ObjectRef], new: list[ObjectRef]) -> Counter[tuple[str, str]]:
    places = {(ref.group, ref.kind, ref.name): ref.namespace for ref in new if ref.namespace}
    moved = ((ref.namespace, places.get((ref.group, ref.kind, ref.name), "")) for ref in old if ref.namespace)
    return Counter(pair for pair in moved if pair[1])


def _new_prefixes(old: list[ObjectRef], new: list[ObjectRef]) -> Counter[tuple[str, str]]:
    """(old prefix, new prefix) pairs that turn deleted names into created ones of the same kind and namespace."""
    names: dict[tuple[str, str, str], list[str]] = {}
    for ref in new:
        names.setdefault((ref.group, ref.kind, ref.namespace), []).append(ref.name)
    pairs = ((ref.name, name) for ref in old for name in names.get((ref.group, ref.kind, ref.namespace), ()))
    return Counter(prefixes for one, other in pairs if (prefixes := _prefixes(one, other)))


def _prefixes(old: str, new: str) -> tuple[str, str] | None:
    """What differs before the longest common rest, when both rests start at a whole word."""
    for start in (0, *(i + 1 for i, sign in enumerate(old) if sign == "-")):
        rest = old[start:]
        head = new.removesuffix(rest)
        if rest and head != new and (not head or head.endswith("-")):
            return old[:start], head
    return None
