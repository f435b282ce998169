"""Sides: each change of a plan as two texts, what is and what would be, as `kubectl diff` gives them to a program. Secrets are masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.documents import dump
from gitctl.model.change import Action, Change, Plan
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.redact import MASK, mask_object

Hide = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One object under the file name that kubectl gives it. "" for an object that is not there on that side."""

    name: str
    live: str
    merged: str


def sides(plan: Plan, sensitive: Mapping[ObjectRef, Iterable[Path]], *, hide: Hide) -> Iterator[Side]:
    """The changed objects. `sensitive` are places of secret values in live objects, `hide` is the redactor for JSON values."""
    for change in plan.changes:
        if change.action is not Action.ORPHAN:
            yield _side(change, tuple(sensitive.get(change.ref, ())), hide)


def _side(change: Change, known: tuple[Path, ...], hide: Hide) -> Side:
    comparison = change.comparison
    live = comparison.live if comparison else change.live
    merged = (comparison.merged or comparison.sent) if comparison else None
    places = (*known, *(comparison.desired.sensitive if comparison else ()), *(f.path for f in change.fields if f.sensitive))
    shown = [_bare(mask_object(body, places)) if body else None for body in (live, merged)]
    if live and merged:
        shown = list(told_apart((_bare(live), _bare(merged)), (shown[0], shown[1])))
    texts = [dump(_sorted(hide(body))) if body else "" for body in shown]
    version = str((merged or live or {}).get("apiVersion", "")).rpartition("/")[2]
    return Side(_file_name(change.ref, version), *texts)


def told_apart(raw: tuple[Any, Any], masked: tuple[Any, Any]) -> tuple[Any, Any]:
    """The masked values, with `(before)` and `(after)` at masks that are alike although the values behind them differ."""
    (old, new), (a, b) = raw, masked
    if isinstance(a, dict) and isinstance(b, dict) and isinstance(old, dict) and isinstance(new, dict):
        pairs = {key: told_apart((old.get(key), new.get(key)), (a[key], b[key])) for key in a.keys() & b.keys()}
        return tuple({key: pairs[key][n] if key in pairs else value for key, value in side.items()} for n, side in enumerate((a, b)))  # type: ignore[return-value]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and isinstance(old, list) and isinstance(new, list):
        items = [told_apart(values, masks) for values, masks in zip(zip(old, new, strict=False), zip(a, b, strict=True), strict=False)]
        return [one for one, _ in items], [other for _, other in items]
    hidden = isinstance(a, str) and a.startswith(MASK) and a == b and old != new
    return (f"{a} (before)", f"{b} (after)") if hidden else (a, b)


def _sorted(value: Any) -> Any:
    """With the keys of maps in order: where a file of another revision has them otherwise is no difference."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def _bare(body: Json) -> Json:
    """Without what only the server reads, as `kubectl diff` leaves it out."""
    metadata = {key: value for key, value in body.get("metadata", {}).items() if key != "managedFields"}
    return {**body, "metadata": metadata}


def _file_name(ref: ObjectRef, version: str) -> str:
    return ".".join((*filter(None, [ref.group]), version, ref.kind, ref.namespace, ref.name)).replace("/", "_")
