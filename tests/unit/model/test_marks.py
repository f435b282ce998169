"""Marks on objects."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.model.marks import OWNER_ANNOTATION, annotation, label, owner_label, uid

VALID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@given(st.text(min_size=1, max_size=90))
def test_an_owner_label_is_always_a_valid_label_value(owner: str) -> None:
    assert VALID.fullmatch(owner_label(owner))


@given(st.lists(st.text(alphabet="ab./_-", min_size=1, max_size=80), min_size=2, max_size=2, unique=True))
def test_different_owners_have_different_labels(pair: list[str]) -> None:
    assert owner_label(pair[0]) != owner_label(pair[1])


def test_a_short_owner_stays_readable() -> None:
    assert owner_label("shop/prod/web") == "shop_prod_web"


BARE: list[dict[str, object]] = [
    {},
    {"metadata": None},
    {"metadata": {"annotations": None}},
    {"metadata": {"annotations": {OWNER_ANNOTATION: 7}}},
]


@pytest.mark.parametrize("body", BARE)
def test_what_is_not_there_or_no_text_is_empty(body: dict[str, object]) -> None:
    assert annotation(body, OWNER_ANNOTATION) == label(body, "a") == uid(body) == ""
