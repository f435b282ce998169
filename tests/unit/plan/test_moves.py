"""Deletes and creates that are moves."""

from __future__ import annotations

import pytest
from tests.unit.plan.making import ref

from gitctl.model.change import Action, Change
from gitctl.plan.moves import move_notes


def notes(old: list[str], new: list[str]) -> tuple[str, ...]:
    deleted = [Change(ref(text), Action.PRUNE) for text in old]
    return move_notes([*deleted, *(Change(ref(text), Action.CREATE) for text in new)])


def test_a_changed_namespace_is_one_move() -> None:
    assert notes(["Service a/x", "ConfigMap a/y"], ["ConfigMap b/y", "Service b/x", "Secret b/z"]) == (
        "2 objects move from namespace a to b: deleted there, created here",
    )


@pytest.mark.parametrize(("before", "after"), [("", "dev-"), ("dev-", ""), ("dev-", "prod-"), ("a-b-", "c-")])
def test_a_changed_name_prefix_is_one_move(before: str, after: str) -> None:
    old, new = ([f"Service a/{prefix}web", f"ConfigMap a/{prefix}web-settings"] for prefix in (before, after))
    assert notes(old, new) == (f"2 objects move from name prefix {before!r} to {after!r}: the old ones are deleted",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["Service a/x"], ["ConfigMap b/x"]),
        (["Service a/x"], ["Service a/y"]),
        (["Service a/web", "ConfigMap a/api"], ["Service a/shop", "ConfigMap a/cart"]),
        (["Service a/x"], []),
        ([], ["Service a/x"]),
    ],
)
def test_other_deletes_and_creates_are_no_moves(old: list[str], new: list[str]) -> None:
    assert notes(old, new) == ()
