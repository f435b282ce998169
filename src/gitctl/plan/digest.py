"""The name of a plan: the same digest means the same actions on the same objects with the same effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from gitctl.model.change import Change, Comparison, FieldChange
from gitctl.model.manifest import ObjectRef


def plan_digest(owner: str, changes: Iterable[Change], failures: Iterable[Comparison]) -> str:
    """SHA-256 over the owner id, every change with its fields, and the objects that cannot be applied.

    The order of the changes does not matter. Of a sensitive field only the path and what happens to it count, beside the
    digest of the wanted manifest, which is keyed: nobody can try values against the plan's digest.
    """
    parts = [owner, sorted(map(_change, changes)), sorted(_ref(comparison.ref) for comparison in failures)]
    return hashlib.sha256(_text(parts).encode()).hexdigest()


def _change(change: Change) -> list[Any]:
    wanted = change.comparison.desired.digest if change.comparison else ""
    return [_ref(change.ref), change.action.value, change.live_uid, wanted, [_field(field) for field in change.fields]]


def _ref(ref: ObjectRef) -> list[str]:
    return [ref.group, ref.kind, ref.namespace, ref.name]


def _field(field: FieldChange) -> list[str]:
    loser = field.loser.manager if field.loser else ""
    values = [] if field.sensitive else [_hash(field.old), _hash(field.new)]
    return [_text(field.path), field.kind.value, loser, *values]


def _hash(value: Any) -> str:
    return hashlib.sha256(_text(value).encode()).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
