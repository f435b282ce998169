"""PURE: making earlier managers' fields ours, so that the next apply removes what Git does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gitctl.model.change import FieldOwner
from gitctl.model.fieldpath import MISSING, FieldPath, positions
from gitctl.model.fieldset import FieldSet, entries, of_manager, union
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.ownership import Claim, foldable, leaving_fields, outermost, reach
from gitctl.target.kubernetes.proof.seal import same

_NOT_SENT = frozenset({"apiVersion", "kind", "metadata", "status"})
_BOOKKEEPING = frozenset({"creationTimestamp", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"})


def folded(live: Json, after: Json | None, claim: Claim) -> list[Json] | None:
    """`managedFields` with the folded managers' fields in our Apply entry; None when there is nothing to fold.

    `after` is the dry-run's answer that the plan was made from. Adoption moves whole entries, else only what leaves is moved.
    """
    listed: list[Json] = list(live.get("metadata", {}).get("managedFields") or ())
    leaving = leaving_fields(live, of_manager(after or live, FIELD_MANAGER), claim)
    moved, rest, version = FieldSet(), [], ""
    for entry, (owner, fields) in zip(listed, entries(live), strict=True):
        take = _moving(fields, leaving, claim) if claim.folds(owner) else FieldSet()
        moved, version = moved | take, version or (entry.get("apiVersion", "") if take else "")
        remaining = fields - take if take else fields
        if remaining:
            rest.append({**entry, "fieldsV1": remaining.tree()} if take else entry)
    return _with_ours(rest, moved, version) if moved else None


def _moving(fields: FieldSet, leaving: FieldSet, claim: Claim) -> FieldSet:
    return foldable(fields, claim) if claim.adopt else fields & leaving


def _with_ours(listed: list[Json], moved: FieldSet, version: str) -> list[Json]:
    ours = [e for e in listed if _is_ours(e)]
    entry: Json = ours[0] if ours else {"manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": version, "fieldsType": "FieldsV1"}
    together = FieldSet.parse(entry.get("fieldsV1")) | moved
    return [e for e in listed if not _is_ours(e)] + [{**entry, "fieldsV1": together.tree()}]


def _is_ours(entry: Json) -> bool:
    return (entry.get("manager"), entry.get("operation"), entry.get("subresource", "")) == (FIELD_MANAGER, "Apply", "")


def without(after: Json, leaving: FieldSet) -> Json:
    """The dry-run's answer once `leaving` is gone; defaults of what goes are another matter."""
    merged: Any = after
    for path in outermost(leaving):
        merged = edited(merged, path, lambda _: MISSING)
    return dict(merged)


def risen(leaving: FieldSet, live: Json, after: Json, claim: Claim) -> FieldSet:
    """What goes with `leaving`: parents that nobody has a part of any more. The server takes such a parent away whole, and what stood
    in it by default comes back as it does in a new object.
    """
    left = [fields - leaving if claim.folds(owner) else fields for owner, fields in entries(live) if not _is_of_ours(owner)]
    kept = reach(union([*left, of_manager(after, FIELD_MANAGER)]))
    return FieldSet(frozenset(_risen(path, kept) for path in leaving))


def _risen(path: FieldPath, kept: Callable[[FieldPath], bool]) -> FieldPath:
    above = (path[:n] for n in range(1, len(path)) if path[n - 1].startswith("f:"))
    return next((parent for parent in above if not kept(parent)), path)


def _is_of_ours(owner: FieldOwner) -> bool:
    return (owner.manager, owner.operation, owner.subresource) == (FIELD_MANAGER, "Apply", "")


def operations(live: Json, merged: Json) -> list[Json]:
    """A JSON patch that leads from one body to the other, status and the server's bookkeeping apart."""
    return [*_top(live, merged, "", _NOT_SENT), *_top(live.get("metadata", {}), merged.get("metadata", {}), "/metadata", _BOOKKEEPING)]


def _top(old: Json, new: Json, place: str, apart: frozenset[str]) -> Iterator[Json]:
    for key in sorted((old.keys() | new.keys()) - apart):
        if key not in new:
            yield {"op": "remove", "path": f"{place}/{key}"}
        elif key not in old or not same(old[key], new[key]):
            yield {"op": "add", "path": f"{place}/{key}", "value": new[key]}


def edited(body: Any, path: FieldPath, change: Callable[[Any], Any]) -> Any:
    """A copy of a body with the value at `path` changed, or dropped where `change` gives MISSING. Nothing there: nothing changes."""
    if not path:
        return change(body)
    steps = set(positions(body, path[0]))
    if isinstance(body, dict):
        pairs = ((k, edited(v, path[1:], change) if k in steps else v) for k, v in body.items())
        return {k: v for k, v in pairs if v is not MISSING}
    if isinstance(body, list):
        items = (edited(v, path[1:], change) if i in steps else v for i, v in enumerate(body))
        return [v for v in items if v is not MISSING]
    return body
