"""Sides: each change of a plan as two texts, what is and what would be, as `kubectl diff` gives them to a program.

Secrets are masked; their tags tell values apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.cli.show.tags import tagged
from gitctl.documents import dump
from gitctl.model.change import Action, Change, Plan
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.redact import mask_object

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
    shown = [_bare(mask_object(body, places, mask=tagged)) if body else None for body in (live, merged)]
    texts = [dump(_sorted(hide(body))) if body else "" for body in shown]
    version = str((merged or live or {}).get("apiVersion", "")).rpartition("/")[2]
    return Side(_file_name(change.ref, version), *texts)


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
