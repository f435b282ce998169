"""PURE: who owns which field of a live object, and what an apply of ours takes from whom.

Read from managedFields before (live) and after (the answer to a forced dry-run). Rules: docs/design.md, rules of correctness 2 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitctl.model.change import Addition, Conflict, FieldOwner
from gitctl.model.fieldpath import MISSING, FieldPath, get, shown
from gitctl.model.fieldset import FieldSet, entries, of_manager, union
from gitctl.model.managers import FIELD_MANAGER, is_earlier, is_human
from gitctl.model.manifest import Json

_NOT_CONTENT = frozenset({"f:metadata", "f:status"})
# `kubectl rollout restart`: taking it away would restart everything once more.
_RESTARTED = "f:kubectl.kubernetes.io/restartedAt"
_KEYED = frozenset({("v1", "ConfigMap"), ("v1", "Secret")})
_NOTHING = FieldSet()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an apply does to other managers' fields. `leaving` are paths that go once the fold has made them ours."""

    taken: tuple[Conflict, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    additions: tuple[Addition, ...] = ()
    leaving: FieldSet = _NOTHING
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What gitctl may take: `before` are the fields of its last acknowledged apply, as FieldsV1 text.

    `rivals` are field managers of a controller from which the object is adopted.
    """

    before: str = ""
    adopt: bool = False
    keep_additions: bool = False
    rivals: frozenset[str] = frozenset()

    def folds(self, owner: FieldOwner) -> bool:
        """Will this manager's fields become ours?"""
        if self.adopt:
            return is_earlier(owner) or (owner.manager in self.rivals and not owner.subresource)
        return is_human(owner) and not self.keep_additions


def judge(live: Json, after: Json, claim: Claim) -> Verdict:
    """Compare the managers of a live object with those of the dry-run's answer."""
    if _same_owners(live, after) and not any(map(claim.folds, _managers(live))):
        return Verdict()
    ours = of_manager(after, FIELD_MANAGER)
    had = reach(FieldSet.parse(claim.before))
    losses = list(_losses(live, after))
    taken = tuple(Conflict(shown(p), o) for o, p in losses if had(p) or claim.folds(o))
    conflicts = tuple(Conflict(shown(p), o) for o, p in losses if not (had(p) or claim.folds(o)))
    leaving = leaving_fields(live, ours, claim)
    additions = () if claim.adopt else tuple(additions_of(live, leaving))
    return Verdict(taken, conflicts, additions, leaving, fold=_must_fold(live, leaving, claim))


def reach(fields: FieldSet, *, beside: FieldSet = _NOTHING) -> Callable[[FieldPath], bool]:
    """`fields.touches`, prepared for many questions.

    What ends a path covers all below it, unless others have something there (`beside`): then it is a map that was sent empty, no whole.
    """
    inner = {member[:n] for member in beside.members for n in range(1, len(member))}
    leaves = fields.leaves() - inner
    prefixes = {member[:n] for member in fields.members for n in range(len(member) + 1)}
    return lambda path: path in prefixes or any(path[:n] in leaves for n in range(len(path)))


def _same_owners(live: Json, after: Json) -> bool:
    """Are the managers and their fields the same (times aside)? Much cheaper than reading them."""
    return live is after or _untimed(live) == _untimed(after)


def _untimed(body: Json) -> list[Json]:
    return [{k: v for k, v in entry.items() if k != "time"} for entry in body.get("metadata", {}).get("managedFields") or ()]


def _managers(live: Json) -> list[FieldOwner]:
    """The managers alone: their fields are dear to read."""
    listed = live.get("metadata", {}).get("managedFields") or ()
    return [FieldOwner(e.get("manager", ""), e.get("operation", ""), e.get("subresource", "")) for e in listed]


def _losses(live: Json, after: Json) -> Iterator[tuple[FieldOwner, FieldPath]]:
    """Fields that managers other than ours have before and not after."""
    for owner, fields in entries(live):
        if (owner.manager, owner.operation) != (FIELD_MANAGER, "Apply"):
            kept = of_manager(after, owner.manager, owner.operation, owner.subresource)
            yield from ((owner, path) for path in sorted((fields - kept).leaves()))


def leaving_fields(live: Json, ours: FieldSet, claim: Claim) -> FieldSet:
    """Fields of the managers that are folded into ours, less what we want ourselves and what anybody else has too."""
    folded, others = [], [ours]
    for owner, fields in entries(live):
        if claim.folds(owner):
            folded.append(foldable(fields, claim))
        elif (owner.manager, owner.operation, owner.subresource) != (FIELD_MANAGER, "Apply", ""):
            others.append(fields)
    # Of a custom kind the server makes null of an empty map whose last key goes, and refuses it: there such a key stays.
    beside = union(folded) if (live.get("apiVersion"), live.get("kind")) in _KEYED else _NOTHING
    kept = reach(union(others), beside=beside)
    gone = (p for p in union(folded) if not kept(p) and get(live, p) is not MISSING)
    return FieldSet(frozenset(gone))


def foldable(fields: FieldSet, claim: Claim) -> FieldSet:
    """What of a manager's fields may become ours: on adoption all but status, else content only."""
    if claim.adopt:
        return FieldSet(frozenset(p for p in fields.members if p[0] != "f:status"))
    return FieldSet(frozenset(p for p in fields.members if p[0] not in _NOT_CONTENT and p[-1] != _RESTARTED))


def _must_fold(live: Json, leaving: FieldSet, claim: Claim) -> bool:
    """On adoption every earlier entry goes, also one that only repeats what we want: it would keep a key alive later."""
    return bool(leaving) or (claim.adopt and any(map(claim.folds, _managers(live))))


def additions_of(live: Json, leaving: FieldSet) -> Iterator[Addition]:
    """What people added, by the outermost paths, with who did it."""
    for path in outermost(leaving):
        for owner, fields in entries(live):
            if is_human(owner) and path in fields:
                yield Addition(shown(path), owner)
                break


def outermost(fields: FieldSet) -> list[FieldPath]:
    """Paths that lie below no other path of the set."""
    return [p for p in fields if not any(p[:n] in fields for n in range(1, len(p)))]
