"""What controllers own on our objects: nothing is wrong with it, and somebody may want to know."""

from __future__ import annotations

from collections.abc import Iterator

from gitctl.model.change import Comparison
from gitctl.model.drift import ForeignFields
from gitctl.model.fieldpath import shown
from gitctl.model.fieldset import entries
from gitctl.model.managers import FIELD_MANAGER, is_human


def foreign_fields(comparison: Comparison) -> Iterator[ForeignFields]:
    """The fields of each manager that is neither gitctl nor a person. Status is left out: it is theirs to write."""
    for owner, fields in entries(comparison.live or {}):
        paths = tuple(shown(path) for path in sorted(fields.leaves()) if path[0] != "f:status")
        if paths and not is_human(owner) and (owner.manager, owner.operation) != (FIELD_MANAGER, "Apply"):
            yield ForeignFields(comparison.ref, owner, paths)
